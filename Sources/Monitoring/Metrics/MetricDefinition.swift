import CoreMetrics

/// A family of metrics: its name, what its samples mean, and the labels that tell them apart.
public struct MetricDefinition: Sendable, Hashable {
    /// What the samples of a family mean.
    public enum Kind: Sendable, Hashable {
        /// A number that only grows, until the process starts again.
        case counter
        /// A number that goes up and down.
        case gauge
        /// How many observations were at most so large, for several bounds in rising order.
        case histogram(bounds: [Double])
    }

    /// The name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    public let name: String
    /// What the samples mean.
    public let kind: Kind
    /// One sentence for people.
    public let help: String
    /// The names of the labels, in the order in which they are written.
    public let labels: [String]

    /// Describes a family.
    public init(_ name: String, _ kind: Kind, help: String, labels: [String] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }
}

extension MetricsFactory {
    /// The counter of a family that has these label values; it is there from now on, at zero if nobody has counted.
    func counter(_ definition: MetricDefinition, _ values: String...) -> Counter {
        Counter(label: definition.name, dimensions: definition.dimensions(values), factory: self)
    }

    /// The gauge of a family that has these label values.
    func meter(_ definition: MetricDefinition, _ values: String...) -> Meter {
        Meter(label: definition.name, dimensions: definition.dimensions(values), factory: self)
    }

    /// The histogram of a family that has these label values.
    func recorder(_ definition: MetricDefinition, _ values: String...) -> Recorder {
        Recorder(label: definition.name, dimensions: definition.dimensions(values), aggregate: true, factory: self)
    }
}

extension MetricDefinition {
    fileprivate func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return zip(labels, values).map { ($0, $1) }
    }
}

extension Recorder {
    /// Adds a duration, in seconds.
    func record(_ duration: Duration) { record(duration / .seconds(1)) }
}
