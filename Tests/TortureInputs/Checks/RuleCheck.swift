// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Whether rules speak only of what the objects have.
struct RuleCheck {
    private let known: KnownValues
    /// Rules that are there without any object.
    private let baseRules: Set<Rule>
    private let ruleset: Ruleset
    private let layout: RuleLayoutKind

    init(_ ruleset: Ruleset, _ objects: ClusterObjects, _ settings: CompilerSettings) {
        self.ruleset = ruleset
        layout = settings.layout
        known = KnownValues(objects, settings)
        let empty = Compilation(
            ServiceSnapshot(family: ruleset.family, servicePorts: []), settings: settings
        ).ruleset
        baseRules = Set(empty.tables.flatMap { $0.jumps.values.joined() + $0.chains.flatMap(\.rules) })
    }

    func run() throws(Finding) {
        for table in ruleset.tables {
            let chains = Set(table.chains.map(\.name))
            for rule in table.jumps.values.joined() where !baseRules.contains(rule) {
                throw Finding("a jump that no empty cluster has: \(text(rule, "X"))")
            }
            for chain in table.chains {
                guard chain.name.hasPrefix("KUBE-") else { throw Finding("the chain \(chain.name) is not ours") }
                for rule in chain.rules where !baseRules.contains(rule) {
                    // How front ends are looked up follows from the rules that are found.
                    if rule.origin.servicePort == nil, layout == .flat {
                        try checkJump(rule, of: chain.name, chains)
                    } else {
                        try check(rule, of: chain.name, chains)
                    }
                }
            }
        }
    }

    private func check(_ rule: Rule, of chain: ChainName, _ chains: Set<ChainName>) throws(Finding) {
        func fail(_ what: String) -> Finding { Finding("\(what): \(text(rule, chain))") }
        for match in [rule.source, rule.destination].compactMap({ $0 }) {
            let isHost = match.range.prefixLength == ruleset.family.addressBits
            guard known.ranges.contains(match.range) || isHost && known.addresses.contains(match.range.address) else {
                throw fail("an address that no object has")
            }
        }
        if let interface = rule.inputInterface, !known.interfaces.contains(interface.name) {
            throw fail("an interface that no option has")
        }
        var hasName = false
        for match in rule.matches {
            switch match {
            case .comment(let comment):
                guard isComment(comment) else { throw fail("a comment without the name of a Service") }
                hasName = true
            case .transport(_, let port?):
                guard known.ports.contains(port) else { throw fail("a port that no Service has") }
            case .recent(let recent):
                guard chains.contains(recent.list) else { throw fail("a list that is named after no chain") }
                if case .check(let seconds) = recent.action, !known.timeouts.contains(seconds) {
                    throw fail("a timeout that no Service has")
                }
            case .accounting(let name):
                guard name.hasPrefix("ct_state") || name.hasPrefix("localhost_nps") else {
                    throw fail("an accounting object that is not kube-proxy's")
                }
            case .conntrack, .localAddress, .mark, .transport, .ports, .random, .everyNth, .clients, .sameAddresses,
                .refusal,
                .originalDestination, .retryAllowance:
                break
            }
        }
        try checkJump(rule, of: chain, chains)
        switch rule.target {
        case .destinationNAT(let address, let port):
            guard known.endpoints.contains(AddressPort(address, port)) else {
                throw fail("an endpoint that no object has")
            }
        case .drop, .rejectPortUnreachable:
            // Whom a rule refuses must be said: a rule that drops everything is nobody's.
            guard hasName || rule.destination != nil || rule.source != nil else { throw fail("a rule that stops all") }
        case .accept:
            guard isHealthCheck(rule, of: chain) else {
                throw fail("a rule that accepts what no empty cluster accepts")
            }
        case nil, .return, .mark, .masquerade, .jump: break
        }
    }

    private func checkJump(_ rule: Rule, of chain: ChainName, _ chains: Set<ChainName>) throws(Finding) {
        guard case .jump(let target) = rule.target, !chains.contains(target) else { return }
        throw Finding("a jump to a chain that is not there: \(text(rule, chain))")
    }

    /// The one rule for an object that accepts: load balancers ask the healthCheckNodePort.
    private func isHealthCheck(_ rule: Rule, of chain: ChainName) -> Bool {
        RuleLayoutKind.ownership.whole(of: chain, in: .filter) == "KUBE-NODEPORTS" && rule.transport == .tcp
            && rule.matches.contains { match in
                if case .transport(.tcp, let port?) = match { known.healthCheckNodePorts.contains(port) } else { false }
            }
    }

    private func isComment(_ comment: String) -> Bool {
        comment.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            && known.serviceNames.contains { comment.contains($0) }
    }

    private func text(_ rule: Rule, _ chain: ChainName) -> String {
        rule.saveText(chain: chain, family: ruleset.family).debugDescription
    }
}
