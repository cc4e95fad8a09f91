import Glibc
import NetworkTypes

/// An entry that is not put together as the kernel puts entries together.
public struct MalformedEntry: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
}

/// An entry taken apart, with every length checked: head, matches, target.
struct EntryParts {
    /// A match or a target that is not a verdict or a jump.
    struct Extension {
        let name: String
        let revision: UInt8
        let data: UnsafeRawBufferPointer
    }

    /// The target.
    enum Target {
        /// A verdict or a jump, or neither; which one is not in the entry but in what libiptc says of it.
        case standard
        case named(Extension)
    }

    let head: UnsafeRawBufferPointer
    let matches: [Extension]
    let target: Target

    init(_ bytes: UnsafeRawBufferPointer, layout: EntryLayout) throws(MalformedEntry) {
        guard bytes.count >= layout.headerLength else { throw Self.malformed("shorter than its head") }
        let targetOffset = Int(bytes.loadUnaligned(fromByteOffset: layout.targetOffsetOffset, as: UInt16.self))
        let nextOffset = Int(bytes.loadUnaligned(fromByteOffset: layout.nextOffsetOffset, as: UInt16.self))
        guard nextOffset == bytes.count else { throw Self.malformed("its length is not what it says") }
        guard targetOffset >= layout.headerLength,
            targetOffset + EntryLayout.extensionHeadLength <= bytes.count
        else { throw Self.malformed("its target lies outside") }
        head = UnsafeRawBufferPointer(rebasing: bytes[..<layout.headerLength])
        var matches: [Extension] = []
        var offset = layout.headerLength
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
        guard length == EntryLayout.standardTargetLength else { throw Self.malformed("a verdict of odd length") }
        target = .standard
    }

    private static func part(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, limit: Int
    ) throws(MalformedEntry) -> (Extension, length: Int) {
        let headLength = EntryLayout.extensionHeadLength
        guard offset + headLength <= limit else { throw malformed("a match without a head") }
        let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        guard length >= headLength, offset + length <= limit else { throw malformed("a match that does not fit") }
        let name = bytes[(offset + 2)..<(offset + 2 + EntryLayout.extensionNameLength)]
        guard let end = name.firstIndex(of: 0) else { throw malformed("a name without an end") }
        let part = Extension(
            name: String(decoding: name[..<end], as: UTF8.self), revision: bytes[offset + headLength - 1],
            data: UnsafeRawBufferPointer(rebasing: bytes[(offset + headLength)..<(offset + length)]))
        return (part, length)
    }

    private static func malformed(_ what: String) -> MalformedEntry {
        MalformedEntry(description: "malformed entry: \(what)")
    }
}

extension UnsafeRawBufferPointer {
    /// The number at an offset, or `nil` when it is not inside.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return loadUnaligned(fromByteOffset: offset, as: type)
    }

    /// The text that ends with a NUL, from an offset on, at most `limit` bytes; `nil` without a NUL or without UTF-8.
    func text(at offset: Int, limit: Int) -> String? {
        guard offset >= 0, offset + limit <= count else { return nil }
        let room = self[offset..<(offset + limit)]
        guard let end = room.firstIndex(of: 0) else { return nil }
        return String(validating: room[..<end], as: UTF8.self)
    }
}
