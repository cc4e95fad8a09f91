// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Counting at an nfnetlink accounting object (`struct xt_nfacct_match_info_v1`, linux/netfilter/xt_nfacct.h).
enum AccountingExtension: MatchExtension {
    static let signature = ExtensionSignature("nfacct", revision: 1, dataLength: 40)

    /// Behind it stands a pointer of the kernel's.
    private static let name = MemberBytes(at: 0, length: Match.maximumAccountingNameLength + 1)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: name.range.upperBound, values: [name.range])
    }

    @inline(__always)
    static func encode(name text: String, to arena: ByteArena) throws(UnencodableValue) {
        var text = text
        let isWritten = text.withUTF8 { bytes in
            guard (1...Match.maximumAccountingNameLength).contains(bytes.count), !bytes.contains(0) else {
                return false
            }
            arena.append(UnsafeRawBufferPointer(bytes))
            arena.appendZeros(name.range.count - bytes.count)
            return true
        }
        guard isWritten else {
            throw UnencodableValue(
                "the name of an accounting object must have 1 to \(Match.maximumAccountingNameLength) bytes")
        }
    }

    static func match(_ data: ExtensionData) -> Match? { data.text(name).map { .accounting(name: $0) } }

    /// The name of the object that a part of an entry counts at; `nil` if the part is something else.
    static func objectName(_ part: EntryParts.Extension, family: IPFamily) -> String? {
        guard signature.isSignature(of: part, family: family) else { return nil }
        return ExtensionData(bytes: part.data, family: family).text(name)
    }
}
