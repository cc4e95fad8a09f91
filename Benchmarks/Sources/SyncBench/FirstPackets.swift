// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import SyntheticCluster

/// What the rules cost the first packet of a connection, which is the only one that passes table nat.
///
/// Compared with a connection that one rule translates, in a namespace whose tables have no other rule: translation and
/// connection tracking are what any Service takes, so what is left is finding it. A connection without any rule is shown too.
extension SideBySide {
    private static let services = 50_000
    private static let endpointsOfEach = 5
    private static let packetRounds = 9
    /// What has no goal takes 10 s each time.
    private static let roundsWithoutGoal = 3
    private static let many = 1_000
    private static let few = 2
    private static let positionGoal = 1.10
    private static let manyGoal = 1.15
    private static let layouts = [
        (title: "flat", word: ":flat", isFlat: true), (title: "kube-proxy's layout", word: "", isFlat: false),
    ]
    private static let plainAddress = "172.30.1.1"
    private static let plainPlace = "\(plainAddress):\(SyntheticCluster.port)"
    private static let endpoint = "10.0.0.1:\(SyntheticCluster.targetPort)"

    func measureFirstPackets() throws -> [Figure] {
        try preparePackets()
        var ports = SourcePorts()
        return try measurePositions(&ports) + measureEndpointCounts(&ports)
    }

    private func preparePackets() throws {
        for command in ConnectionTimes.preparation { _ = try run(command) }
        try writeEmptyTables()
        try writeTables(Self.oneRuleFile, nat: Self.oneRule)
    }

    private static let oneRuleFile = "one-rule"
    private static let oneRule = """
        -A OUTPUT -d \(plainAddress)/32 -p tcp --dport \(SyntheticCluster.port) -j DNAT --to-destination \(endpoint)

        """

    // MARK: What is measured

    /// Of many Services the last and the one in the middle, in the order in which kube-proxy's layout has them.
    private func measurePositions(_ ports: inout SourcePorts) throws -> [Figure] {
        let plain = SyntheticCluster(
            services: Self.services, endpointsPerService: Self.endpointsOfEach, affinityInterval: nil
        ).plainClusterIPs
        let places = [("last", plain[plain.count - 1]), ("middle", plain[plain.count / 2])]
        var figures: [Figure] = []
        var oneRule: [Double] = []
        var noRule: [Double] = []
        for layout in Self.layouts {
            progress("first packets, \(Self.services) Services, \(layout.title)")
            try fill("\(Self.services)x\(Self.endpointsOfEach)\(layout.word):no-affinity")
            var times = [[Double]](repeating: [], count: places.count)
            for _ in 0..<(layout.isFlat ? Self.packetRounds : Self.roundsWithoutGoal) {
                oneRule.append(try connectElsewhere(rules: Self.oneRuleFile, to: Self.plainPlace))
                for (index, place) in places.enumerated() { times[index].append(try connect(to: place.1, &ports)) }
                noRule.append(try connectElsewhere(rules: nil, to: Self.endpoint))
            }
            for (place, times) in zip(places, times) {
                figures.append(
                    Figure(
                        title: "\(layout.title): \(place.0) of \(Self.services) Services", unit: .seconds,
                        ours: Samples(times), reference: ("one DNAT rule", Samples(oneRule)),
                        goal: layout.isFlat ? Self.positionGoal : nil))
            }
        }
        return figures + [
            Figure(
                title: "one DNAT rule", unit: .seconds, ours: Samples(oneRule), reference: ("no rule", Samples(noRule)))
        ]
    }

    /// One Service with many endpoints and one with few.
    private func measureEndpointCounts(_ ports: inout SourcePorts) throws -> [Figure] {
        progress("first packets, \(Self.many) endpoints")
        return try Self.layouts.map { layout in
            var times: [Int: [Double]] = [:]
            for _ in 0..<(layout.isFlat ? Self.packetRounds : Self.roundsWithoutGoal) {
                for count in [Self.few, Self.many] {
                    let cluster = SyntheticCluster(services: 2, endpointsPerService: count, affinityInterval: nil)
                    try fill("2x\(count)\(layout.word):no-affinity")
                    times[count, default: []].append(try connect(to: cluster.plainClusterIPs[0], &ports))
                }
            }
            return Figure(
                title: "\(layout.title): a Service with \(Self.many) endpoints", unit: .seconds,
                ours: Samples(times[Self.many] ?? []),
                reference: ("\(Self.few) endpoints", Samples(times[Self.few] ?? [])),
                goal: layout.isFlat ? Self.manyGoal : nil)
        }
    }

    private func fill(_ cluster: String) throws {
        try cleanUp()
        _ = try worker("sync", cluster: cluster)
    }

    // MARK: Connections

    /// Source ports that no connection had in the last 10 s: as long as connection tracking remembers those that were reset.
    private struct SourcePorts {
        /// Above that of the endpoints, which is in use.
        static let first = 10_000
        private var next = first

        mutating func take() -> Int {
            if next + ConnectionTimes.count > Int(UInt16.max) { next = Self.first }
            defer { next += ConnectionTimes.count }
            return next
        }
    }

    /// The median time in this namespace.
    private func connect(to address: IPAddress, _ ports: inout SourcePorts) throws -> Double {
        try median(run([tool, "connect", "\(address):\(SyntheticCluster.port)", "\(ports.take())"]))
    }

    /// The median time in a namespace of its own, whose tables have the rules of a file, if one is given.
    private func connectElsewhere(rules: String?, to place: String) throws -> Double {
        let load = rules.map { ["iptables-legacy-restore \(file($0))"] } ?? []
        let connect = "exec \(tool) connect \(place) \(SourcePorts.first)"
        let commands = ConnectionTimes.preparation.map { $0.joined(separator: " ") } + load + [connect]
        return try median(run(["unshare", "--net", "sh", "-ec", commands.joined(separator: "\n")]))
    }

    private func median(_ process: FinishedProcess) throws -> Double {
        guard let median = process.numbers["median"] else { throw BenchError("no connections were measured") }
        return median
    }
}
