// SPDX-License-Identifier: Apache-2.0

import RuleCompiler
import XTables

/// Where a packet goes that a rule matches.
enum RuleOutcome: Hashable {
    /// To the next rule.
    case goesOn
    /// Through another chain; it does not come back behind this rule if `isGoto`.
    case next(ChainName, isGoto: Bool)
    /// Behind the rule that led to this chain; from a built-in chain, to its policy.
    case returns
    /// Nowhere else in this table.
    case ends(PacketEnd)
}

/// How a packet's way through a table ends.
enum PacketEnd: Hashable {
    /// It leaves the table as it is.
    case accepted
    case dropped
    case rejected
    /// Its destination becomes an address of this node.
    case redirected
    /// It gets another destination.
    case sentElsewhere
    /// It gets another source.
    case sourceTranslated
    /// A program, or another part of the kernel, gets it.
    case handedOver
    /// The target's name; what it does is not known.
    case unknown(target: String)

    /// Whether the packet does not leave the table, or need not.
    var isLoss: Bool {
        switch self {
        case .dropped, .rejected, .handedOver, .unknown: true
        case .accepted, .redirected, .sentElsewhere, .sourceTranslated: false
        }
    }
}

extension RuleOutcome {
    init(_ rule: DecodedRule) {
        switch rule {
        case .known(let rule):
            self.init(rule.target)
        case .foreign(let entry):
            switch entry.target {
            case .known(let target): self.init(target)
            case .goto(let chain): self = .next(chain, isGoto: true)
            case .queue: self = .ends(.handedOver)
            case .other(let target, let effect): self.init(effect, target.name)
            }
        case .malformed:
            self = .ends(.unknown(target: "of a malformed entry"))
        }
    }

    private init(_ target: Target?) {
        self =
            switch target {
            case nil, .mark: .goesOn
            case .accept: .ends(.accepted)
            case .drop: .ends(.dropped)
            case .return: .returns
            case .jump(let chain): .next(chain, isGoto: false)
            case .masquerade: .ends(.sourceTranslated)
            case .destinationNAT: .ends(.sentElsewhere)
            case .rejectPortUnreachable: .ends(.rejected)
            }
    }

    private init(_ effect: TargetEffect, _ name: String) {
        self =
            switch effect {
            case .goesOn, .changesMark, .stopsTracking: .goesOn
            case .leavesTable: .ends(.handedOver)
            case .refuses: .ends(.rejected)
            case .translatesSource: .ends(.sourceTranslated)
            case .translatesDestination(nil, _): .ends(.redirected)
            case .translatesDestination: .ends(.sentElsewhere)
            case .unknown: .ends(.unknown(target: name))
            }
    }
}

extension DecodedRule {
    /// The well-known program that has made a rule of a built-in chain: it jumps to a chain of the program, has a comment
    /// of it, or is for its bridge.
    var owner: ForeignOwner? {
        if let chain = nextChain, let owner = ForeignOwner(of: chain) { return owner }
        var comment: String?
        var interfaces: [InterfaceMatch?] = []
        switch self {
        case .known(let rule):
            comment = rule.comment
            interfaces = [rule.inputInterface]
        case .foreign(let entry):
            comment = entry.comment
            interfaces = [entry.inputInterface, entry.outputInterface]
        case .malformed: return nil
        }
        if let owner = comment.flatMap({ ForeignOwner(comment: $0) }) { return owner }
        return interfaces.compactMap(\.self).lazy.compactMap { ForeignOwner(interface: $0) }.first
    }
}
