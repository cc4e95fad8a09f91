// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Compiles objects and checks the rules in every way.
struct CompilationCheck {
    private var count = 0
    /// Encoding every rule for the kernel and back takes longer than all else, so only these are.
    private static let encodedEvery = 8

    mutating func run(
        _ objects: ClusterObjects, _ settings: CompilerSettings, _ behaviour: inout Behaviour
    ) throws(Finding) {
        count += 1
        for family in IPFamily.allCases {
            let ruleset = Compilation(objects.snapshot(family: family), settings: settings).ruleset
            try RuleCheck(ruleset, objects, settings).run()
            try RestoreTextCheck(ruleset: ruleset).run()
            if count % Self.encodedEvery == 0 { try encode(ruleset) }
            for table in ruleset.tables {
                for chain in table.chains {
                    behaviour.add("\(chain.name.description.prefix(8)) \(min(chain.rules.count, 5))")
                    for rule in chain.rules { behaviour.add(Self.form(rule)) }
                }
            }
        }
    }

    private func encode(_ ruleset: Ruleset) throws(Finding) {
        for table in ruleset.tables {
            for chain in table.chains {
                for rule in chain.rules { try encode(rule, of: chain.name, ruleset.family) }
            }
        }
    }

    private func encode(_ rule: Rule, of chain: ChainName, _ family: IPFamily) throws(Finding) {
        let text = rule.saveText(chain: chain, family: family)
        do {
            let (bytes, targetName) = try EntryCodec.kernelEntry(of: rule, family: family)
            let back = try EntryCodec.decode(bytes, targetName: targetName, family: family)
            guard back == .known(rule) else { throw Finding("the kernel's form of \(text) reads as \(back)") }
        } catch let finding as Finding {
            throw finding
        } catch {
            throw Finding("\(text) cannot be encoded: \(error)")
        }
    }

    private static func form(_ rule: Rule) -> String {
        let matches = rule.matches.map(form).joined()
        let sides = "\(rule.source != nil)\(rule.destination != nil)\(rule.inputInterface != nil)"
        return "\(sides)\(matches)\(form(rule.target))"
    }

    private static func form(_ match: Match) -> String {
        switch match {
        case .comment: return "c"
        case .conntrack: return "s"
        case .localAddress: return "l"
        case .mark: return "m"
        case .transport(let transport, let port): return transport.rawValue + (port == nil ? "" : "p")
        case .ports(let transport, _): return transport.rawValue + "r"
        case .sameAddresses: return "h"
        case .refusal: return "f"
        case .originalDestination(let address, _): return address == nil ? "o" : "oa"
        case .retryAllowance: return "w"
        case .clients: return "k"
        case .random: return "r"
        case .everyNth: return "t"
        case .recent: return "a"
        case .accounting: return "n"
        }
    }

    private static func form(_ target: Target?) -> String {
        switch target {
        case nil: return "-"
        case .accept, .drop, .return, .mark, .masquerade, .rejectPortUnreachable: return "verdict"
        case .jump(let chain): return String(chain.description.prefix(8))
        case .destinationNAT: return "dnat"
        }
    }
}

/// Settings of the compiler that switch everything on and off.
enum SampleSettings {
    static let all: [CompilerSettings] = [
        CompilerSettings(
            node: node, ipv4LocalDetector: range("10.244.0.0/16"), ipv6LocalDetector: range("fd00:10:244::/56")),
        CompilerSettings(
            node: node, masqueradesAll: true, masqueradeBit: 31, allowsLocalhostNodePorts: false,
            nodePortAddresses: .primary, interfaceAddresses: node.addresses, usesAccounting: true,
            conntrackIsLiberal: true),
        CompilerSettings(
            node: node, ipv4LocalDetector: .interfacePrefix("veth"), ipv6LocalDetector: .bridgeInterface("cbr0"),
            nodePortAddresses: .ranges(["192.168.50.0/24", "127.0.0.0/8"].compactMap { CIDR($0) }),
            interfaceAddresses: node.addresses),
        CompilerSettings(
            node: node, ipv4LocalDetector: range("10.244.0.0/16"), ipv6LocalDetector: range("fd00:10:244::/56"),
            layout: .flat),
        CompilerSettings(node: node, balance: .roundRobin, layout: .flat),
        CompilerSettings(node: node, balance: .sourceHash),
    ]

    static let node = Node(
        name: "node-1", addresses: ["192.168.50.10", "fd00:192:168:50::10"].compactMap { IPAddress($0) },
        labels: [Node.zoneLabel: "zone-a"])

    private static func range(_ text: String) -> LocalDetector { CIDR(text).map(LocalDetector.sourceRange) ?? .none }
}
