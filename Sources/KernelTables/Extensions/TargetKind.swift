// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The targets of our language, each with the extension that it is in the kernel.
///
/// A new target is a file below `Targets`, and a case here and in ``Target``; CONTRIBUTING.md lists the rest.
enum TargetKind: UInt8, CaseIterable, Sendable {
    case none
    case accept, drop, `return`, jump, mark, masquerade, destinationNAT, reject

    /// The extension; `nil` for verdicts and jumps, see ``StandardTarget``.
    var kernelExtension: (any TargetExtension.Type)? {
        switch self {
        case .none, .accept, .drop, .return, .jump: nil
        case .mark: MarkTarget.self
        case .masquerade: MasqueradeTarget.self
        case .destinationNAT: DNATTarget.self
        case .reject: RejectTarget.self
        }
    }

    /// What is read from the kernel is looked up here.
    static let byName = Dictionary(
        uniqueKeysWithValues: allCases.compactMap(\.kernelExtension).map { ("\($0.signature.name)", $0) })
}

extension Target? {
    /// Writes the values of the target; answers which extension it is.
    ///
    /// - Throws: ``UnencodableValue`` when the kernel could not hold the target or would not mean the same by it.
    @inline(__always)
    func encode(_ family: IPFamily, to arena: ByteArena) throws(UnencodableValue) -> TargetKind {
        switch self {
        case nil: return .none
        case .accept: return .accept
        case .drop: return .drop
        case .return: return .return
        case .jump(let chain):
            try StandardTarget.encode(jumpTo: chain, to: arena)
            return .jump
        case .mark(let value, let mask):
            MarkTarget.encode(xor: value, clearing: mask, to: arena)
            return .mark
        case .masquerade(let randomFully):
            MasqueradeTarget.encode(randomFully: randomFully, to: arena)
            return .masquerade
        case .destinationNAT(let address, let port):
            try DNATTarget.encode(address, port: port, family: family, to: arena)
            return .destinationNAT
        case .rejectPortUnreachable: return .reject
        }
    }
}
