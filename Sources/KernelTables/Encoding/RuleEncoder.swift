// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// A rule that cannot be put into the kernel's form.
public struct UnencodableRule: Error, Hashable, Sendable, CustomStringConvertible {
    /// The chain the rule is meant for.
    public let chain: ChainName
    /// The rule as iptables-save would print it.
    public let rule: String
    /// What is wrong with it.
    public let reason: String

    /// The rule and what is wrong with it.
    public var description: String { "chain \(chain): \(reason): \(rule)" }
}

/// A part of a rule that cannot be put into the kernel's form.
struct UnencodableValue: Error {
    /// What is wrong with it.
    let reason: String

    init(_ reason: String) { self.reason = reason }

    static let otherFamily = UnencodableValue("an address of the other IP family")
}

/// Turns rules into records: a shape's number and the values that stand in the entry.
struct RuleEncoder {
    let family: IPFamily
    private(set) var shapes: [RuleShape] = []
    private var keys: [RuleShape.Key] = []

    /// The most bytes a record can have besides its matches.
    private static let recordCapacity = 256
    /// The most bytes a match can add to a record.
    private static let matchCapacity = 264

    init(family: IPFamily) {
        self.family = family
    }

    /// Appends the record of `rule` to `arena`.
    ///
    /// - Throws: ``UnencodableRule`` when the kernel could not hold the rule or would not mean the same by it.
    mutating func append(_ rule: Rule, chain: ChainName, to arena: ByteArena) throws(UnencodableRule) {
        let start = arena.count
        arena.reserve(Self.recordCapacity + rule.matches.count * Self.matchCapacity)
        do throws(UnencodableValue) {
            try encode(rule, to: arena)
        } catch {
            arena.truncate(to: start)
            throw UnencodableRule(
                chain: chain, rule: rule.saveText(chain: chain, family: family), reason: error.reason)
        }
    }

    private mutating func encode(_ rule: Rule, to arena: ByteArena) throws(UnencodableValue) {
        guard rule.matches.count <= RuleShape.Key.maximumMatches else {
            throw UnencodableValue("more than \(RuleShape.Key.maximumMatches) matches")
        }
        // The number of the shape stands first, but is known last.
        let start = arena.count
        arena.append(UInt16(0))
        try encodeHead(rule, to: arena)
        var key = RuleShape.Key(hasInterface: rule.inputInterface != nil)
        for index in rule.matches.indices {
            key.set(try rule.matches[index].encode(of: rule, family, to: arena), at: index)
        }
        key.set(try rule.target.encode(family, to: arena))
        guard let shape = UInt16(exactly: shape(key)) else {
            throw UnencodableValue("too many kinds of rules in one table")
        }
        arena.base.storeBytes(of: shape, toByteOffset: start, as: UInt16.self)
    }

    private mutating func shape(_ key: RuleShape.Key) -> Int {
        if let known = keys.firstIndex(of: key) { return known }
        keys.append(key)
        shapes.append(RuleShape(key, family: family))
        return keys.count - 1
    }

    private func encodeHead(_ rule: Rule, to arena: ByteArena) throws(UnencodableValue) {
        if let source = rule.source, source.range.family != family { throw .otherFamily }
        if let destination = rule.destination, destination.range.family != family { throw .otherFamily }
        arena.append(rule.source?.range.address, family: family)
        arena.append(rule.destination?.range.address, family: family)
        arena.appendMask(of: rule.source?.range, family: family)
        arena.appendMask(of: rule.destination?.range, family: family)
        if let interface = rule.inputInterface { try encode(interface, to: arena) }
        var inverse: UInt8 = 0
        if rule.source?.isInverted == true { inverse |= EntryFormat.invertsSource }
        if rule.destination?.isInverted == true { inverse |= EntryFormat.invertsDestination }
        if rule.inputInterface?.isInverted == true { inverse |= EntryFormat.invertsInputInterface }
        arena.append(UInt16(rule.transport?.number ?? 0))
        switch family {
        case .ipv4:
            arena.append(UInt8(0))
        case .ipv6:
            arena.append(UInt8(0))
            arena.append(rule.transport == nil ? 0 : EntryFormat.of(family).protocolFlag)
        }
        arena.append(inverse)
    }

    /// Name, then mask, as `xtables_parse_interface` sets them: a wildcard keeps its `+`, and its mask ends before it.
    private func encode(_ interface: InterfaceMatch, to arena: ByteArena) throws(UnencodableValue) {
        let name = Array(interface.name.utf8) + (interface.isWildcard ? [UInt8(ascii: "+")] : [])
        guard (1...InterfaceMatch.maximumLength).contains(name.count), !name.contains(0) else {
            throw UnencodableValue("an interface name must have 1 to \(InterfaceMatch.maximumLength) bytes")
        }
        guard interface.isWildcard || name.last != UInt8(ascii: "+") else {
            throw UnencodableValue("an interface name that ends in + is a wildcard")
        }
        let significant = interface.isWildcard ? name.count - 1 : name.count + 1
        let length = EntryFormat.interfaceNameLength
        name.withUnsafeBytes { arena.append($0) }
        arena.appendZeros(length - name.count)
        for index in 0..<length { arena.append(index < significant ? UInt8(0xff) : 0) }
    }
}

extension ByteArena {
    /// Appends an address as it stands in an entry, zeros for none; room must have been reserved.
    @inline(__always)
    func append(_ address: IPAddress?, family: IPFamily) {
        switch family {
        case .ipv4:
            append(UInt32(truncatingIfNeeded: address?.low ?? 0).bigEndian)
        case .ipv6:
            append((address?.high ?? 0).bigEndian)
            append((address?.low ?? 0).bigEndian)
        }
    }

    /// Appends the mask of a range as it stands in an entry, zeros for none; room must have been reserved.
    @inline(__always)
    func appendMask(of range: CIDR?, family: IPFamily) {
        let mask = range?.mask ?? (high: 0, low: 0)
        switch family {
        case .ipv4:
            append(UInt32(truncatingIfNeeded: mask.low).bigEndian)
        case .ipv6:
            append(mask.high.bigEndian)
            append(mask.low.bigEndian)
        }
    }
}
