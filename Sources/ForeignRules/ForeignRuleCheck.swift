// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import XTables

/// Judges the foreign rules ahead of our jumps: which of them can take packets to Services.
///
/// A rule counts if it ends a packet's way (or leads to a chain in which that happens), can match packets to a Service where
/// it stands, and what it does there is not what would happen without it:
///
/// - *nat, ahead of the jump to the Services* (PREROUTING, OUTPUT): any end counts, also ACCEPT and the end of the chain,
///   since the packet then gets no endpoint.
/// - *nat, ahead of the jump that masquerades* (POSTROUTING): ends without another source address count. SNAT and MASQUERADE
///   do not: the packet gets a source to which the answer comes back either way.
/// - *filter*: rules that drop, reject or hand packets to a program count ahead of the jump that lets packets to endpoints
///   pass (FORWARD), and for endpoints at addresses of the node (INPUT) or packets of the node itself (OUTPUT). Rules that
///   accept count only for packets that our rules behind them refuse: those to load balancer addresses that no source range
///   lets in, and those to Services without endpoints. In INPUT, rejecting is no loss: the kernel refuses connections
///   to ports without a server by itself.
///
/// Only packets that begin a connection are considered, and none that stay within the loopback interface. A match that is
/// not understood can match. Rules of well-known programs (``ForeignOwner``) count only if they name an address or port of a
/// Service: what these programs do to all packets is what a node has them for.
package struct ForeignRuleCheck: Sendable {
    private let compilation: Compilation
    private let nodePortAddresses: [IPAddress]
    private let localAddresses: Set<IPAddress>

    /// - Parameters:
    ///   - compilation: the Services, and our rules for them.
    ///   - localAddresses: the addresses of the node's interfaces; empty if they are not known.
    package init(_ compilation: Compilation, localAddresses: [IPAddress]) {
        self.compilation = compilation
        let local = localAddresses.filter { $0.family == compilation.family && !$0.isLoopback }
        self.localAddresses = Set(local)
        nodePortAddresses = compilation.nodePortAddresses?.filter { !$0.isLoopback } ?? local
    }

    /// What was found ahead of our jumps.
    package struct Findings: Sendable, Hashable {
        /// The rules that can take packets to Services.
        package internal(set) var takingRules: [ForeignRuleAhead] = []
        /// The rules of well-known programs in built-in chains.
        package internal(set) var recognizedRules: [RecognizedRules] = []
        /// All foreign rules in built-in chains.
        package internal(set) var precedingRules: [PrecedingRule] = []

        /// Nothing.
        package init() {}
    }

    /// Judges what stands ahead of our jumps.
    package func findings(_ tables: [RulesAhead]) -> Findings {
        var findings = Findings()
        for table in tables {
            for entrance in table.entrances {
                list(entrance, table, in: &findings)
                let traffic = ServiceTraffic(
                    compilation,
                    PacketMatcher(
                        family: table.family, chain: entrance.chain, nodePortAddresses: nodePortAddresses,
                        localAddresses: localAddresses, masqueradeMark: compilation.masqueradeMark))
                var walk = ForeignRuleWalk(table, entrance, compilation, traffic)
                walk.run()
                merge(walk.found, into: &findings.takingRules)
            }
        }
        return findings
    }

    /// A rule that packets come to from two built-in chains is reported once.
    private func merge(_ found: [ForeignRuleAhead], into rules: inout [ForeignRuleAhead]) {
        for rule in found {
            let known = rules.firstIndex { $0.isSameRule(as: rule) && $0.position == rule.position }
            if let known {
                rules[known].builtInChains += rule.builtInChains.filter { !rules[known].builtInChains.contains($0) }
            } else {
                rules.append(rule)
            }
        }
    }

    private func list(_ entrance: RulesAhead.Entrance, _ table: RulesAhead, in findings: inout Findings) {
        let chain = entrance.chain.rawValue
        for case .foreign(let rule, let position) in entrance.steps {
            let text = rule.text(chain: entrance.chain.name, family: table.family)
            let owner = rule.owner?.rawValue
            findings.precedingRules.append(
                PrecedingRule(table: table.table, chain: chain, position: position, owner: owner, rule: text))
            guard let owner else { continue }
            let name = rule.nextChain?.description ?? text
            let known = findings.recognizedRules.firstIndex {
                $0.table == table.table && $0.chain == chain && $0.owner == owner
            }
            if let known {
                findings.recognizedRules[known].rules.append(name)
            } else {
                findings.recognizedRules.append(
                    RecognizedRules(table: table.table, chain: chain, owner: owner, rules: [name]))
            }
        }
    }
}
