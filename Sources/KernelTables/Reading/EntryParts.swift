// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes

/// An entry that is not put together as the kernel puts entries together.
public struct MalformedEntry: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public let reason: String

    /// That it is malformed, and why.
    public var description: String { "malformed entry: \(reason)" }
}

/// An entry taken apart, with every length checked: head, matches, target.
struct EntryParts {
    /// A match or a target that is not a verdict or a jump.
    struct Extension {
        let name: String
        let revision: UInt8
        /// Head and data.
        let whole: UnsafeRawBufferPointer

        /// What stands behind the head.
        var data: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: whole[ExtensionHead.length...]) }
    }

    /// The target.
    enum Target {
        /// A verdict or a jump, or neither; which one is not in the entry but in the name libiptc has for it.
        case standard
        case named(Extension)
    }

    let head: UnsafeRawBufferPointer
    let matches: [Extension]
    let target: Target

    init(_ bytes: UnsafeRawBufferPointer, format: EntryFormat) throws(MalformedEntry) {
        guard bytes.count >= format.headerLength else { throw Self.malformed("shorter than its head") }
        let targetOffset = Int(bytes.loadUnaligned(fromByteOffset: format.targetOffsetOffset, as: UInt16.self))
        let nextOffset = Int(bytes.loadUnaligned(fromByteOffset: format.nextOffsetOffset, as: UInt16.self))
        guard nextOffset == bytes.count else { throw Self.malformed("its length is not that of its bytes") }
        guard targetOffset >= format.headerLength,
            targetOffset + ExtensionHead.length <= bytes.count
        else { throw Self.malformed("its target lies outside") }
        head = UnsafeRawBufferPointer(rebasing: bytes[..<format.headerLength])
        var matches: [Extension] = []
        var offset = format.headerLength
        while offset < targetOffset {
            let (part, length) = try Self.part(bytes, at: offset, limit: targetOffset)
            matches.append(part)
            offset += length
        }
        self.matches = matches
        let (part, length) = try Self.part(bytes, at: targetOffset, limit: bytes.count)
        guard part.name.isEmpty else {
            target = .named(part)
            return
        }
        guard length == StandardTarget.length else { throw Self.malformed("a verdict of odd length") }
        target = .standard
    }

    private static func part(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, limit: Int
    ) throws(MalformedEntry) -> (Extension, length: Int) {
        let headLength = ExtensionHead.length
        guard offset + headLength <= limit else { throw malformed("a match without a head") }
        let length = Int(
            bytes.loadUnaligned(fromByteOffset: offset + ExtensionHead.sizeOffset, as: UInt16.self))
        guard length >= headLength, offset + length <= limit else { throw malformed("a match that does not fit") }
        let nameOffset = offset + ExtensionHead.nameOffset
        let name = bytes[nameOffset..<(nameOffset + ExtensionHead.nameLength)]
        guard let end = name.firstIndex(of: 0) else { throw malformed("a name without an end") }
        let part = Extension(
            name: String(decoding: name[..<end], as: UTF8.self), revision: bytes[offset + ExtensionHead.revisionOffset],
            whole: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)]))
        return (part, length)
    }

    private static func malformed(_ what: String) -> MalformedEntry {
        MalformedEntry(reason: what)
    }
}
