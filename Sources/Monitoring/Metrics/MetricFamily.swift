import Synchronization

/// What a registry can write.
protocol MetricFamily: AnyObject, Sendable {
    var head: SeriesHead { get }
    func write(to text: inout MetricText)
}

/// What all series of a family have in common.
struct SeriesHead: Sendable {
    let name: String
    let kind: MetricText.Kind
    let help: String
    let labels: [String]

    init(_ name: String, _ kind: MetricText.Kind, _ help: String, _ labels: [String]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }
}

/// The series of a family, each known by the values of its labels.
final class SeriesStore<Value: Sendable>: Sendable {
    let head: SeriesHead
    private let initial: Value
    private let values = Mutex<[[String]: Value]>([:])

    init(_ head: SeriesHead, initial: Value) {
        self.head = head
        self.initial = initial
    }

    func update(_ labels: [String], _ body: (inout Value) -> Void) {
        precondition(labels.count == head.labels.count, "\(head.name) has the labels \(head.labels)")
        values.withLock { body(&$0[labels, default: initial]) }
    }

    func value(_ labels: [String]) -> Value? { values.withLock { $0[labels] } }

    /// Writes the family by name of labels; nothing if there are no series.
    func write(to text: inout MetricText, _ body: (inout MetricText, [MetricText.Label], Value) -> Void) {
        let all = values.withLock { $0 }
        guard !all.isEmpty else { return }
        text.begin(head.name, head.kind, help: head.help)
        for (values, value) in all.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            body(&text, zip(head.labels, values).map { ($0, $1) }, value)
        }
    }
}
