// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// The rules of one table, encoded: what the difference compares with the kernel and the edit hands to libiptc.
///
/// Made before the lock is taken, because it needs nothing of the kernel.
final class EncodedTable {
    /// The number of a rule in this table.
    typealias RuleNumber = Int

    let table: Table
    let family: IPFamily
    /// The names of our chains, in ascending order.
    let chainNames: [ChainName]
    /// Our rules in built-in chains, in their order.
    let jumps: [BuiltInChain: Range<RuleNumber>]
    private let labels: ChainLabels
    private let firstRules: [UInt32]
    private let arena: ByteArena
    private let offsets: [UInt32]
    private let shapes: [RuleShape]
    private let origins: [Origin]
    private let chainOrigins: [Origin]
    private let scratch: UnsafeMutableRawPointer

    /// Encodes the rules of a table.
    ///
    /// - Throws: ``UnencodableRule`` for the first rule the kernel could not hold.
    init(_ rules: TableRules, family: IPFamily) throws(UnencodableRule) {
        table = rules.table
        self.family = family
        let count = rules.ruleCount
        let arena = ByteArena(capacity: min(count, 1 << 20) * 64)
        var encoder = RuleEncoder(family: family)
        var offsets: [UInt32] = []
        offsets.reserveCapacity(count)
        var origins: [Origin] = []
        origins.reserveCapacity(count)
        var firstRules: [UInt32] = []
        firstRules.reserveCapacity(rules.chains.count + 1)
        for chain in rules.chains {
            if ReservedName.all.contains(chain.name) {
                throw UnencodableRule(chain: chain.name, rule: "-N \(chain.name)", reason: "a reserved name")
            }
            firstRules.append(UInt32(offsets.count))
            // Borrowed, not copied: a copy of each rule would retain all its parts.
            try chain.rules.withUnsafeBufferPointer { rules throws(UnencodableRule) in
                for index in rules.indices {
                    offsets.append(try Self.offset(in: arena, before: rules[index], of: chain.name))
                    try encoder.append(rules[index], chain: chain.name, to: arena)
                    origins.append(rules[index].origin)
                }
            }
        }
        firstRules.append(UInt32(offsets.count))
        var jumps: [BuiltInChain: Range<RuleNumber>] = [:]
        for builtIn in rules.table.builtInChains {
            let first = offsets.count
            for rule in rules.jumps[builtIn] ?? [] {
                offsets.append(try Self.offset(in: arena, before: rule, of: builtIn.name))
                try encoder.append(rule, chain: builtIn.name, to: arena)
                origins.append(rule.origin)
            }
            jumps[builtIn] = first..<offsets.count
        }
        self.jumps = jumps
        self.arena = arena
        self.offsets = offsets
        self.origins = origins
        chainOrigins = rules.chains.map(\.origin)
        self.firstRules = firstRules
        chainNames = rules.chains.map(\.name)
        labels = ChainLabels(chainNames)
        shapes = encoder.shapes
        scratch = .allocate(byteCount: max(shapes.map(\.entryLength).max() ?? 0, 1), alignment: 8)
    }

    deinit { scratch.deallocate() }

    /// Where the next record begins; 32 bits are enough for any table the kernel can hold (its blob is below 4 GiB).
    private static func offset(
        in arena: ByteArena, before rule: Rule, of chain: ChainName
    ) throws(UnencodableRule) -> UInt32 {
        guard let offset = UInt32(exactly: arena.count) else {
            throw UnencodableRule(chain: chain, rule: "\(rule)", reason: "the table is larger than 4 GiB")
        }
        return offset
    }

    /// The names of the kernel's extensions these rules need, sorted.
    var extensionNames: [String] {
        let matches = shapes.flatMap { $0.matches.map { $0.kernelExtension.signature.name } }
        let targets = shapes.compactMap { $0.target.kernelExtension?.signature.name }
        return Set((matches + targets).map { "\($0)" }).sorted()
    }

    /// The number of our chains.
    var chainCount: Int { chainNames.count }

    /// The number of rules in our chains.
    var chainRuleCount: Int { Int(firstRules[chainNames.count]) }

    /// The rules of a chain, by its place in ``chainNames``.
    func rules(ofChain index: Int) -> Range<RuleNumber> { Int(firstRules[index])..<Int(firstRules[index + 1]) }

    /// What a rule was made for.
    func origin(of rule: RuleNumber) -> Origin { origins[rule] }

    /// What a chain was made for, by its place in ``chainNames``.
    func origin(ofChain index: Int) -> Origin { chainOrigins[index] }

    /// What a chain was made for; unknown for one that is not desired.
    func origin(of chain: ChainName) -> Origin {
        var low = 0
        var high = chainNames.count
        while low < high {
            let middle = (low + high) / 2
            if chainNames[middle] < chain { low = middle + 1 } else { high = middle }
        }
        return low < chainNames.count && chainNames[low] == chain ? chainOrigins[low] : .unknown
    }

    /// The name of a chain as C needs it; valid as long as the table.
    func label(ofChain index: Int) -> UnsafePointer<CChar> { labels[index] }

    /// Whether a kernel's entry is our rule.
    @inline(__always)
    func isEqual(_ rule: RuleNumber, _ entry: KernelEntry) -> Bool {
        let record = arena.base + Int(offsets[rule])
        let shape = shapes[Int(record.loadUnaligned(as: UInt16.self))]
        return shape.matches(entry, record: record + RuleShape.numberLength)
    }

    /// The whole entry of a rule, in the form in which libiptc takes it; valid until the next call.
    @inline(__always)
    func entry(of rule: RuleNumber) -> UnsafeRawBufferPointer {
        let record = arena.base + Int(offsets[rule])
        let shape = shapes[Int(record.loadUnaligned(as: UInt16.self))]
        shape.expand(record + RuleShape.numberLength, into: scratch)
        return UnsafeRawBufferPointer(start: scratch, count: shape.entryLength)
    }
}

extension EncodedTable {
    /// Calls `body` with the entry of a rule in the form in which it comes back from the kernel.
    ///
    /// The entry lies in memory that the next call overwrites.
    func withKernelEntry<Result>(of rule: RuleNumber, _ body: (KernelEntry) -> Result) -> Result {
        let entry = entry(of: rule)
        let format = EntryFormat.of(family)
        let targetOffset = Int(entry.load(fromByteOffset: format.targetOffsetOffset, as: UInt16.self))
        let name = scratch + targetOffset + ExtensionHead.nameOffset
        let target = ChainName(label: name.assumingMemoryBound(to: CChar.self))
        if isStandardTarget(of: rule) { memset(name, 0, ExtensionHead.nameLength) }
        return target.withLabel {
            body(KernelEntry(base: UnsafeRawPointer(scratch), length: entry.count, targetName: $0))
        }
    }

    private func isStandardTarget(of rule: RuleNumber) -> Bool {
        let record = arena.base + Int(offsets[rule])
        let target = shapes[Int(record.loadUnaligned(as: UInt16.self))].target
        return target == .jump || target.verdictName != nil
    }
}

/// The names of many chains as C strings, in one block of memory.
final class ChainLabels {
    /// Length of a label, NUL included (`xt_chainlabel`).
    static let length = 32
    private let block: UnsafeMutablePointer<CChar>

    init(_ names: [ChainName]) {
        block = .allocate(capacity: max(names.count, 1) * Self.length)
        block.initialize(repeating: 0, count: max(names.count, 1) * Self.length)
        for (index, name) in names.enumerated() {
            name.withBytes { bytes in
                if let start = bytes.baseAddress { memcpy(block + index * Self.length, start, bytes.count) }
            }
        }
    }

    deinit { block.deallocate() }

    subscript(index: Int) -> UnsafePointer<CChar> { UnsafePointer(block + index * Self.length) }
}
