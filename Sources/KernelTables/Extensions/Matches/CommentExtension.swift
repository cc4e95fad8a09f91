// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Text for people (`struct xt_comment_info`, linux/netfilter/xt_comment.h).
enum CommentExtension: MatchExtension {
    static let signature = ExtensionSignature("comment", revision: 0, dataLength: 256)

    /// `comment`, the whole of it, with its NUL.
    private static let text = MemberBytes(at: 0, length: Match.maximumCommentLength + 1)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: text.range.upperBound, isText: true)
    }

    @inline(__always)
    static func encode(_ text: String, to arena: ByteArena) throws(UnencodableValue) {
        var text = text
        let isWritten = text.withUTF8 { bytes in
            guard bytes.count <= Match.maximumCommentLength, !bytes.contains(0) else { return false }
            arena.append(UInt8(bytes.count))
            arena.append(UnsafeRawBufferPointer(bytes))
            return true
        }
        if isWritten { return }
        let (count, limit) = (text.utf8.count, Match.maximumCommentLength)
        throw UnencodableValue(
            count > limit ? "a comment may have \(limit) bytes, not \(count)" : "a comment must have no NUL")
    }

    static func match(_ data: ExtensionData) -> Match? { data.text(text).map { .comment($0) } }
}
