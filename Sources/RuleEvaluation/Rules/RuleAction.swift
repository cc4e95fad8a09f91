// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What happens to a packet that a rule matches.
package enum RuleAction: Hashable, Sendable {
    /// The next rule is tried.
    case goesOn
    /// The next rule is tried, with another mark; `nil` if it is not known which.
    case marks(MarkChange?)
    /// The next rule is tried, and connection tracking leaves the packet alone.
    case stopsTracking
    /// Another chain comes next; behind it the rule behind this one, unless it is a goto.
    case chain(ChainName, isGoto: Bool)
    /// The rule behind the one that led to this chain comes next; in a built-in chain, the policy.
    case returns
    /// The packet leaves the table.
    case accepts
    case drops
    /// It is answered with an error, as `--reject-with` has it.
    case rejects(with: String)
    /// The destination becomes one of these; `nil` stands for an address of this host, or for ports that are left alone.
    case translatesDestination(ClosedRange<IPAddress>?, ports: ClosedRange<UInt16>?)
    /// The source becomes one of these; `nil` stands for an address of this host.
    case translatesSource(ClosedRange<IPAddress>?)
    /// A program, or another part of the kernel, gets it; the words behind `-j`.
    case handsOver(to: String)
    /// Not known; the words behind `-j`.
    case unknown(String)
}

/// A change of a packet's mark: the bits under `clearing` are cleared, then `xor` is XORed into it.
package struct MarkChange: Hashable, Sendable {
    package let xor: UInt32
    package let clearing: UInt32
}

extension DecodedRule {
    /// What happens to a packet that the rule matches.
    package func action(_ family: IPFamily) -> RuleAction {
        switch self {
        case .known(let rule): RuleAction(rule.target, family)
        case .foreign(let entry):
            switch entry.target {
            case .known(let target): RuleAction(target, family)
            case .goto(let chain): .chain(chain, isGoto: true)
            case .queue: .handsOver(to: "QUEUE")
            case .other(let target, let effect): RuleAction(effect, target)
            }
        case .malformed(let reason, _): .unknown("[malformed entry: \(reason)]")
        }
    }
}

extension RuleAction {
    init(_ target: Target?, _ family: IPFamily) {
        self =
            switch target {
            case nil: .goesOn
            case .mark(let xor, let clearing): .marks(MarkChange(xor: xor, clearing: clearing))
            case .accept: .accepts
            case .drop: .drops
            case .return: .returns
            case .jump(let chain): .chain(chain, isGoto: false)
            case .masquerade: .translatesSource(nil)
            case .destinationNAT(let address, let port): .translatesDestination(address...address, ports: port...port)
            case .rejectPortUnreachable: .rejects(with: family.portUnreachable)
            }
    }

    fileprivate init(_ effect: TargetEffect, _ target: ForeignExtension) {
        self =
            switch effect {
            case .goesOn: .goesOn
            case .changesMark: .marks(nil)
            case .stopsTracking: .stopsTracking
            case .leavesTable: .handsOver(to: target.saveText)
            case .refuses: .rejects(with: target.rejectionName)
            case .translatesSource(let addresses, _): .translatesSource(addresses)
            case .translatesDestination(let addresses, let ports): .translatesDestination(addresses, ports: ports)
            case .unknown: .unknown(target.saveText)
            }
    }
}

extension IPFamily {
    /// The error that the target REJECT answers with if nothing else is asked for.
    fileprivate var portUnreachable: String {
        switch self {
        case .ipv4: "icmp-port-unreachable"
        case .ipv6: "icmp6-port-unreachable"
        }
    }
}

extension ForeignExtension {
    /// What stands behind `--reject-with`.
    fileprivate var rejectionName: String {
        guard let word = saveText.split(separator: " ").last else { return saveText }
        return String(word)
    }
}
