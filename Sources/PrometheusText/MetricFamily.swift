// SPDX-License-Identifier: Apache-2.0

/// A family of metrics: its name, its type, its labels, and what it means.
///
/// Only a ``MetricRegistry`` creates families, and only families can be written. So the registry knows everything that is
/// served, and no other list of metrics needs to be kept.
package struct MetricFamily: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A number that only grows, until the process starts again.
        case counter
        /// A number that goes up and down.
        case gauge
        /// The number of observations up to each bound, and their sum; the bounds are in rising order.
        case histogram(bounds: [Double])
    }

    /// The name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    package let name: String
    package let kind: Kind
    /// One or more sentences for people.
    package let help: String
    /// The names of the labels, in the order in which they are written.
    package let labels: [String]

    init(_ name: String, _ kind: Kind, help: String, labels: [String]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }

    /// The names of the series that queries can ask for: for a histogram, those of its parts.
    package var seriesNames: [String] {
        switch kind {
        case .counter, .gauge: [name]
        case .histogram: ["\(name)_bucket", "\(name)_sum", "\(name)_count"]
        }
    }

    /// The labels with the values of one series.
    ///
    /// - Precondition: there is a value for each label.
    func labels(_ values: [String]) -> [MetricText.Label] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return zip(labels, values).map { ($0, $1) }
    }
}

extension MetricFamily.Kind {
    /// The word after `# TYPE`.
    package var name: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

extension MetricFamily {
    /// A name that Prometheus accepts, with an underscore for each character that it does not.
    ///
    /// Libraries choose names with points and hyphens.
    static func prometheusName(_ text: String) -> String {
        let characters = text.unicodeScalars.map { scalar -> Character in
            let isAllowed = scalar == "_" || scalar.isASCII && scalar.properties.isAlphabetic || scalar.isDigit
            return isAllowed ? Character(scalar) : "_"
        }
        return characters.first.map { $0.isNumber } ?? true ? "_" + String(characters) : String(characters)
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
