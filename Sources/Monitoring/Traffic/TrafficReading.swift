import KernelTables
import NetworkTypes
import RuleCompiler
import XTables

/// What the rules of a family showed at one time; rules that are not in it showed nothing.
public struct TrafficReading: Sendable {
    /// The rules of table nat, which count connections.
    public var nat: [RuleIdentity: RuleCounters]
    /// The rules of table filter, which count packets.
    public var filter: [RuleIdentity: RuleCounters]

    /// Puts a reading together.
    public init(nat: [RuleIdentity: RuleCounters] = [:], filter: [RuleIdentity: RuleCounters] = [:]) {
        self.nat = nat
        self.filter = filter
    }

    /// Reads the kernel's tables, in the network namespace of the calling thread.
    ///
    /// - Throws: `KernelFailure`.
    public static func ofKernel(_ family: IPFamily) throws(KernelFailure) -> TrafficReading {
        let reader = CounterReader()
        return TrafficReading(
            nat: try reader.read(.nat, family: family), filter: try reader.read(.filter, family: family))
    }
}

/// The rules that count for one service port.
struct TrafficRules: Sendable {
    let endpoints: [RuleIdentity]
    let refusals: [RefusingRule]

    init(endpoints: [RuleIdentity] = [], refusals: [RefusingRule] = []) {
        self.endpoints = endpoints
        self.refusals = refusals
    }

    init(_ servicePort: CompiledServicePort) {
        self.init(endpoints: servicePort.endpointRules, refusals: servicePort.refusingRules)
    }

    /// The rules that refuse for a reason.
    func refusals(for reason: RefusalReason) -> [RuleIdentity] {
        refusals.isEmpty ? [] : refusals.filter { $0.reason == reason }.map(\.identity)
    }

    /// Whether any of the rules is in a reading.
    func showsAnything(in reading: TrafficReading) -> Bool {
        endpoints.contains { reading.nat[$0] != nil } || refusals.contains { reading.filter[$0.identity] != nil }
    }
}
