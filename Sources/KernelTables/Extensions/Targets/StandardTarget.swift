// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A verdict or a jump (`struct xt_standard_target`, linux/netfilter/x_tables.h): a target without a name.
///
/// The kernel has a number in its data, libiptc a name in its head; which one an entry holds depends on who hands it out.
enum StandardTarget {
    /// The length of the target: head, verdict, padding.
    static let length = 40
    /// Where the verdict stands, behind the head.
    static let verdict = Member<Int32>(at: 0)

    /// The name libiptc gives the verdict that hands packets to a program, which our language does not have.
    static let queueName = "QUEUE"

    /// What a target does by the name libiptc gives it, other than ``queueName``; `nil` for nothing.
    static func target(named name: String) -> Target? {
        switch name {
        case "": nil
        case "ACCEPT": .accept
        case "DROP": .drop
        case "RETURN": .return
        default: .jump(ChainName(label: name))
        }
    }

    /// Writes the name of a chain behind its length.
    @inline(__always)
    static func encode(jumpTo chain: ChainName, to arena: ByteArena) throws(UnencodableValue) {
        if ReservedName.all.contains(chain) { throw UnencodableValue("no chain can have the name \(chain)") }
        chain.withBytes { name in
            arena.append(UInt8(name.count))
            arena.append(UnsafeRawBufferPointer(name))
        }
    }
}

extension TargetKind {
    /// The name libiptc gives a verdict, nothing for no target; `nil` for jumps and extensions.
    var verdictName: StaticString? {
        switch self {
        case .none: ""
        case .accept: "ACCEPT"
        case .drop: "DROP"
        case .return: "RETURN"
        case .jump, .mark, .masquerade, .destinationNAT, .reject: nil
        }
    }
}

/// What a standard target does.
enum StandardVerdict {
    case drop
    case jump
    /// ACCEPT, RETURN and QUEUE.
    case other

    /// As the kernel has it: a jump is an offset, a verdict is `-NF_… - 1`.
    init(_ number: Int32) {
        switch number {
        case 0...: self = .jump
        case -1: self = .drop
        default: self = .other
        }
    }

    /// As libiptc has it, by name.
    init(_ entry: KernelEntry) {
        if entry.hasTargetName("DROP") {
            self = .drop
        } else {
            let isVerdict =
                entry.hasTargetName("ACCEPT") || entry.hasTargetName("RETURN") || entry.hasTargetName("QUEUE")
                || entry.hasTargetName("")
            self = isVerdict ? .other : .jump
        }
    }
}

/// Names that libiptc takes for verdicts or built-in chains, so that no jump can lead there.
enum ReservedName {
    static let verdicts: [ChainName] = ["ACCEPT", "DROP", "QUEUE", "RETURN"]
    /// So few that comparing with each is faster than hashing, and it is done for every jump.
    static let all = verdicts + BuiltInChain.allCases.map(\.name)
}

/// The target of an entry that begins a chain, or ends the table (`struct xt_error_target`).
enum ErrorTarget {
    static let name: StaticString = "ERROR"
    /// `errorname`, the chain's name (`XT_FUNCTION_MAXNAMELEN`).
    static let chainName = MemberBytes(at: 0, length: 30)
}
