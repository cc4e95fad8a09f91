/// What is known of metrics before anything is counted: kind, help, labels and bounds, by name.
///
/// swift-metrics knows names and labels only; Prometheus wants to be told the rest.
public struct MetricCatalogue: Sendable {
    private let definitions: [String: MetricDefinition]

    /// Makes a catalogue; of several definitions of one name the last counts.
    public init(_ definitions: [MetricDefinition]) {
        self.definitions = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    /// The metrics of ``ProxyMetrics``.
    public static let proxy = MetricCatalogue(
        SyncMetrics.definitions + TimeMetrics.definitions + TableMetrics.definitions + FlowMetrics.definitions
            + ProbeMetrics.definitions + ClusterMetrics.definitions + SourceMetrics.definitions)

    /// The definition of a name; one made up of what is asked for if the catalogue has none.
    ///
    /// Libraries name metrics as they like, with points and hyphens: Prometheus gets underscores.
    func definition(_ label: String, _ kind: MetricDefinition.Kind, dimensions: [(String, String)])
        -> MetricDefinition
    {
        if let known = definitions[label] { return known }
        return MetricDefinition(
            Self.prometheusName(label), kind, help: "A metric that a library keeps as \(label).",
            labels: dimensions.map { Self.prometheusName($0.0) })
    }

    /// A text with underscores for what no name may have.
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
