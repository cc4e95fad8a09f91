// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// How traffic of pods on this node is distinguished from other traffic (pkg/proxy/util/localdetector.go).
public enum LocalDetector: Sendable, Hashable {
    /// It cannot be; rules that need to know are left out.
    case none
    /// By its source address: a cluster CIDR or this node's pod CIDR.
    case sourceRange(CIDR)
    /// By the bridge it comes in by.
    case bridgeInterface(String)
    /// By the beginning of the name of the interface it comes in by.
    case interfacePrefix(String)

    /// Whether pods' traffic can be distinguished.
    var canDetect: Bool { self != .none }

    /// Adds the condition "from a pod on this node" to a rule or, inverted, "not from a pod on this node".
    func condition(_ rule: Rule, isInverted: Bool) -> Rule {
        var rule = rule
        switch self {
        case .none:
            break
        case .sourceRange(let range):
            // A range of all addresses says nothing, and the kernel keeps nothing of it, unless it is inverted.
            if isInverted || !range.isEverything { rule.source = AddressMatch(range, isInverted: isInverted) }
        case .bridgeInterface(let name):
            rule.inputInterface = InterfaceMatch(name, isInverted: isInverted)
        case .interfacePrefix(let prefix):
            rule.inputInterface = InterfaceMatch(prefix, isWildcard: true, isInverted: isInverted)
        }
        return rule
    }
}
