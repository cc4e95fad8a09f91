import Synchronization

/// All metrics of the process, to be written when somebody asks.
///
/// Families are written by name and their series by label values, so that the same state gives the same bytes. A family
/// without series is not written.
public final class MetricRegistry: Sendable {
    private let families = Mutex<[String: any MetricFamily]>([:])

    /// No metrics yet.
    public init() {}

    /// A family of numbers that only grow; made when it is asked for the first time.
    ///
    /// - Parameters:
    ///   - name: the family's name; no other kind of family may have it.
    ///   - help: one sentence for people.
    ///   - labels: the names of the labels, in the order in which values are given.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        family(name) { Counter(SeriesHead(name, .counter, help, labels)) }
    }

    /// A family of numbers that go up and down; made when it is asked for the first time.
    ///
    /// - Parameters: as of ``counter(_:help:labels:)``.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        family(name) { Gauge(SeriesHead(name, .gauge, help, labels)) }
    }

    /// A family of histograms; made when it is asked for the first time.
    ///
    /// - Parameters:
    ///   - name: the family's name; no other kind of family may have it.
    ///   - help: one sentence for people.
    ///   - labels: the names of the labels, in the order in which values are given.
    ///   - bounds: the upper bounds of the buckets, in rising order.
    public func histogram(_ name: String, help: String, labels: [String] = [], bounds: [Double]) -> Histogram {
        family(name) { Histogram(SeriesHead(name, .histogram, help, labels), bounds: bounds) }
    }

    private func family<Family: MetricFamily>(_ name: String, _ make: () -> Family) -> Family {
        families.withLock { families in
            if let known = families[name] {
                guard let family = known as? Family else { preconditionFailure("\(name) is a metric of another kind") }
                return family
            }
            let family = make()
            families[name] = family
            return family
        }
    }

    /// Writes all families.
    public func write(to text: inout MetricText) {
        let all = families.withLock { $0.values.sorted { $0.head.name < $1.head.name } }
        for family in all { family.write(to: &text) }
    }

    /// All families as text.
    public var text: MetricText {
        var text = MetricText()
        write(to: &text)
        return text
    }
}
