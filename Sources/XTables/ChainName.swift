// SPDX-License-Identifier: Apache-2.0

import Messages

/// The name of a chain, held inline: rulesets have hundreds of thousands of them, and they are compared all the time.
public struct ChainName: Hashable, Sendable {
    /// The longest name iptables accepts, in bytes (`XT_EXTENSION_MAXNAMELEN` less the final NUL).
    public static let maximumLength = 28
    /// The longest label the kernel could hand out, in bytes (`xt_chainlabel` less the final NUL).
    private static let storageLength = 31

    // The bytes of the name, padded with zeros, first byte most significant: numeric order is byte order. The last seven bytes are
    // in pieces, so that a name has 31 bytes and an enumeration with one has 32.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let bytes24to27: UInt32
    private let bytes28to29: UInt16
    private let byte30: UInt8

    /// Makes a name; `nil` if it is empty, longer than ``maximumLength`` or has bytes that no chain's name can have.
    public init?(validating text: some StringProtocol) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return nil }
        self.init(text: String(text))
    }

    /// Makes a name from bytes that came out of the kernel; what exceeds 31 bytes is cut off.
    public init(kernelLabel bytes: UnsafeRawBufferPointer) {
        self.init(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Makes a name from a prefix and a suffix, for generated names.
    ///
    /// - Precondition: both together are not longer than ``maximumLength``.
    public init(prefix: StaticString, suffix: [UInt8]) {
        self = suffix.withUnsafeBufferPointer { ChainName(prefix: prefix, suffix: $0) }
    }

    /// Makes a name from a prefix and a suffix, for those who make hundreds of thousands.
    ///
    /// - Precondition: both together are not longer than ``maximumLength``.
    public init(prefix: StaticString, suffix: UnsafeBufferPointer<UInt8>) {
        precondition(prefix.utf8CodeUnitCount + suffix.count <= Self.maximumLength, "chain name too long")
        let start = UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        self.init(start, UnsafeRawBufferPointer(suffix))
    }

    init(literal: String) {
        precondition(literal.utf8.count <= Self.maximumLength, "chain name too long")
        self.init(text: literal)
    }

    private init(text: String) {
        var text = text
        self = text.withUTF8 { ChainName(kernelLabel: UnsafeRawBufferPointer($0)) }
    }

    /// Puts two parts together; what does not fit is cut off.
    ///
    /// Of concrete type, since hundreds of thousands of names are made by other modules, for which nothing generic here is
    /// specialized: a sequence of bytes took a microsecond for each.
    private init(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { storage in
            let length = min(first.count, Self.storageLength)
            storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: first[..<length]))
            let rest = min(second.count, Self.storageLength - length)
            UnsafeMutableRawBufferPointer(rebasing: storage[length...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: second[..<rest]))
        }
        word0 = UInt64(bigEndian: words.0)
        word1 = UInt64(bigEndian: words.1)
        word2 = UInt64(bigEndian: words.2)
        let word3 = UInt64(bigEndian: words.3)
        bytes24to27 = UInt32(truncatingIfNeeded: word3 >> 32)
        bytes28to29 = UInt16(truncatingIfNeeded: word3 >> 16)
        byte30 = UInt8(truncatingIfNeeded: word3 >> 8)
    }

    private var word3: UInt64 { UInt64(bytes24to27) << 32 | UInt64(bytes28to29) << 16 | UInt64(byte30) << 8 }

    /// Hashes the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(word0)
        hasher.combine(word1)
        hasher.combine(word2)
        hasher.combine(word3)
    }

    /// Calls `body` with the bytes of the name, without padding.
    public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        let words = (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
        return try withUnsafeBytes(of: words) { raw in
            try raw.withMemoryRebound(to: UInt8.self) { bytes in
                let length = bytes.firstIndex(of: 0) ?? bytes.count
                return try body(UnsafeBufferPointer(rebasing: bytes[..<length]))
            }
        }
    }

    /// Whether the name begins with `prefix`.
    public func hasPrefix(_ prefix: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        return withBytes { $0.starts(with: wanted) }
    }
}

extension ChainName: Comparable {
    /// Names are ordered by their bytes, as iptables-save prints chains.
    public static func < (left: ChainName, right: ChainName) -> Bool {
        if left.word0 != right.word0 { return left.word0 < right.word0 }
        if left.word1 != right.word1 { return left.word1 < right.word1 }
        if left.word2 != right.word2 { return left.word2 < right.word2 }
        return left.word3 < right.word3
    }
}

extension ChainName: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name.
    public var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Makes a name known when the program is written.
    public init(stringLiteral value: StaticString) {
        self.init(prefix: value, suffix: [])
    }
}

extension ChainName: Codable {
    /// Reads a name; what is no valid name is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = ChainName(validating: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "invalid chain name \(MessageText.quoted(text))")
        }
        self = name
    }

    /// Writes the name as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
