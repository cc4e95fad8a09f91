// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// What all rules with the same sequence of matches and the same kind of target have in common: nearly all their bytes.
///
/// A kernel entry with a comment has 600 bytes and more, of which a rule decides some 80. So a rule is kept as a record
/// of its values only, and its shape says where they stand in the entry. The shape also says which bytes of a kernel's
/// entry must be equal for both to be the same rule: not the kernel's own pointers, not the padding, not the counters.
final class RuleShape {
    /// The length of a shape's number, which a record begins with.
    static let numberLength = MemoryLayout<UInt16>.size

    /// One run of bytes of the entry, in ascending order.
    enum Step {
        /// The bytes are the template's.
        case fixed(offset: Int, length: Int)
        /// The bytes are the record's next ones.
        case field(offset: Int, length: Int)
        /// The record's next byte is a length; so many bytes follow, and in the entry a NUL behind them.
        case text(offset: Int)
    }

    /// What identifies a shape: which matches, which target, and whether there is an interface.
    struct Key: Equatable {
        /// A bit for the interface, the rest of its byte for the target, then a byte for each match, 0 for none.
        private var bits: UInt128

        /// The most matches a rule may have, so that they fit into a key.
        static let maximumMatches = 14

        init(hasInterface: Bool) { bits = hasInterface ? 1 : 0 }

        @inline(__always)
        mutating func set(_ match: MatchKind, at index: Int) {
            bits |= UInt128(match.rawValue) &<< UInt128(8 + index * 8)
        }

        @inline(__always)
        mutating func set(_ target: TargetKind) { bits |= UInt128(target.rawValue) &<< 1 }

        var hasInterface: Bool { bits & 1 != 0 }

        var target: TargetKind { TargetKind(rawValue: UInt8(truncatingIfNeeded: bits) >> 1) ?? .none }

        var matches: [MatchKind] {
            (0..<Self.maximumMatches).compactMap {
                MatchKind(rawValue: UInt8(truncatingIfNeeded: bits >> UInt128(8 + $0 * 8)))
            }
        }
    }

    let format: EntryFormat
    let matches: [MatchKind]
    let target: TargetKind
    /// The length of the whole entry.
    let entryLength: Int
    /// The length of the entry without its target.
    let targetOffset: Int
    private let template: UnsafeMutableRawPointer
    private let steps: UnsafeMutableBufferPointer<Step>
    private let copiedWords: [(from: Int, to: Int)]

    init(_ key: Key, family: IPFamily) {
        let format = EntryFormat.of(family)
        self.format = format
        matches = key.matches
        target = key.target
        let matchParts = matches.map { ExtensionPart($0.kernelExtension, family) }
        let targetPart = target.kernelExtension.map { ExtensionPart($0, family) }
        targetOffset = matchParts.reduce(format.headerLength) { $0 + $1.length }
        entryLength = targetOffset + (targetPart?.length ?? StandardTarget.length)
        template = .allocate(byteCount: entryLength, alignment: 8)
        memset(template, 0, entryLength)
        template.storeBytes(of: UInt16(targetOffset), toByteOffset: format.targetOffsetOffset, as: UInt16.self)
        template.storeBytes(of: UInt16(entryLength), toByteOffset: format.nextOffsetOffset, as: UInt16.self)

        var builder = StepBuilder()
        builder.field(0, format.addressLength * 4)
        for start in [format.interfaceOffset, format.interfaceMaskOffset] {
            let length = EntryFormat.interfaceNameLength
            if key.hasInterface { builder.field(start, length) } else { builder.fixed(start, length) }
            builder.fixed(start + length, length)
        }
        builder.field(format.protocolOffset, format.protocolLength)
        builder.fixed(format.targetOffsetOffset, 4)
        var offset = format.headerLength
        var copiedWords: [(from: Int, to: Int)] = []
        for part in matchParts {
            builder.add(part, at: offset, in: template)
            if let word = part.form.copiedWord {
                let data = offset + ExtensionHead.length
                copiedWords.append((data + word.from, data + word.to))
            }
            offset += part.length
        }
        if let targetPart {
            builder.add(targetPart, at: offset, in: template)
        } else {
            template.storeBytes(
                of: UInt16(StandardTarget.length), toByteOffset: offset + ExtensionHead.sizeOffset, as: UInt16.self)
            if let name = target.verdictName {
                memcpy(template + offset + ExtensionHead.nameOffset, name.utf8Start, name.utf8CodeUnitCount)
            }
        }
        self.copiedWords = copiedWords
        steps = .allocate(capacity: builder.steps.count)
        _ = steps.initialize(from: builder.steps)
    }

    deinit {
        template.deallocate()
        steps.deallocate()
    }

    /// Writes the whole entry of a record as libiptc takes it: with the verdict or the chain as the target's name.
    ///
    /// `entry` has room for ``entryLength`` bytes.
    func expand(_ record: UnsafeRawPointer, into entry: UnsafeMutableRawPointer) {
        memcpy(entry, template, entryLength)
        var record = record
        for step in steps {
            switch step {
            case .fixed: break
            case .field(let offset, let length):
                memcpy(entry + offset, record, length)
                record += length
            case .text(let offset):
                let length = Int(record.load(as: UInt8.self))
                memcpy(entry + offset, record + 1, length)
                record += 1 + length
            }
        }
        for word in copiedWords { memcpy(entry + word.to, entry + word.from, 4) }
        if target == .jump {
            memcpy(entry + targetOffset + ExtensionHead.nameOffset, record + 1, Int(record.load(as: UInt8.self)))
        }
    }

    /// Whether a kernel's entry is the rule of a record: equal in all that userspace decides.
    func matches(_ entry: KernelEntry, record: UnsafeRawPointer) -> Bool {
        guard entry.length == entryLength, entry.targetOffset(format) == targetOffset,
            let record = end(ofRecord: record, equalTo: entry.base, from: 0)
        else { return false }
        switch target {
        case .jump:
            let length = Int(record.load(as: UInt8.self))
            let name = (record + 1).assumingMemoryBound(to: CChar.self)
            // strncmp, for the kernel's name may be shorter and end where its memory ends.
            return entry.hasStandardTarget(at: targetOffset) && strncmp(entry.targetName, name, length) == 0
                && entry.targetName[length] == 0
        case .mark, .masquerade, .destinationNAT, .reject:
            return true
        case .none, .accept, .drop, .return:
            guard let name = target.verdictName else { return false }
            return entry.hasStandardTarget(at: targetOffset) && entry.hasTargetName(name)
        }
    }

    /// Whether a match or target, head included, is the one of the rule of a record, which has no other.
    func matches(part: UnsafeRawBufferPointer, record: UnsafeRawPointer) -> Bool {
        guard let base = part.baseAddress, part.count >= entryLength - format.headerLength - standardTargetLength
        else { return false }
        return end(ofRecord: record, equalTo: base - format.headerLength, from: format.headerLength) != nil
    }

    private var standardTargetLength: Int { target.kernelExtension == nil ? StandardTarget.length : 0 }

    /// Compares an entry with a record, from an offset on.
    ///
    /// - Returns: what stands in the record behind the values; `nil` if something differs.
    @inline(__always)
    private func end(
        ofRecord record: UnsafeRawPointer, equalTo bytes: UnsafeRawPointer, from start: Int
    ) -> UnsafeRawPointer? {
        var record = record
        for step in steps {
            switch step {
            case .fixed(let offset, let length):
                if offset >= start, memcmp(bytes + offset, template + offset, length) != 0 { return nil }
            case .field(let offset, let length):
                if offset >= start, memcmp(bytes + offset, record, length) != 0 { return nil }
                record += length
            case .text(let offset):
                let length = Int(record.load(as: UInt8.self))
                if memcmp(bytes + offset, record + 1, length) != 0 { return nil }
                if bytes.load(fromByteOffset: offset + length, as: UInt8.self) != 0 { return nil }
                record += 1 + length
            }
        }
        return record
    }
}

/// A match or target of a shape.
private struct ExtensionPart {
    let signature: ExtensionSignature
    let form: ExtensionForm
    /// The length of the part, head included.
    let length: Int

    init(_ match: any MatchExtension.Type, _ family: IPFamily) { self.init(match, match.form(family), family) }

    init(_ target: any TargetExtension.Type, _ family: IPFamily) { self.init(target, target.form(family), family) }

    private init(_ kernelExtension: any KernelExtension.Type, _ form: ExtensionForm, _ family: IPFamily) {
        signature = kernelExtension.signature
        self.form = form
        guard let dataLength = signature.dataLength(family) else {
            fatalError("rules of our language have no \(signature.name) for \(family)")
        }
        length = ExtensionHead.length + dataLength
    }
}

/// Collects the steps of a shape, neighbouring runs of one sort as one.
private struct StepBuilder {
    var steps: [RuleShape.Step] = []

    mutating func fixed(_ offset: Int, _ length: Int) {
        guard length > 0 else { return }
        if case .fixed(let start, let before) = steps.last, start + before == offset {
            steps[steps.count - 1] = .fixed(offset: start, length: before + length)
        } else {
            steps.append(.fixed(offset: offset, length: length))
        }
    }

    mutating func field(_ offset: Int, _ length: Int) {
        if case .field(let start, let before) = steps.last, start + before == offset {
            steps[steps.count - 1] = .field(offset: start, length: before + length)
        } else {
            steps.append(.field(offset: offset, length: length))
        }
    }

    mutating func add(_ part: ExtensionPart, at offset: Int, in template: UnsafeMutableRawPointer) {
        let name = part.signature.name
        let nameOffset = offset + ExtensionHead.nameOffset
        let revisionOffset = offset + ExtensionHead.revisionOffset
        template.storeBytes(
            of: UInt16(part.length), toByteOffset: offset + ExtensionHead.sizeOffset, as: UInt16.self)
        memcpy(template + nameOffset, name.utf8Start, name.utf8CodeUnitCount)
        template.storeBytes(of: part.signature.revision, toByteOffset: revisionOffset, as: UInt8.self)
        // Of the name the kernel hands out only what ends with the NUL (xt_obj_to_user); behind it stands anything.
        fixed(offset, ExtensionHead.nameOffset + name.utf8CodeUnitCount + 1)
        fixed(revisionOffset, 1)
        let data = offset + ExtensionHead.length
        for constant in part.form.constants {
            (template + data + constant.offset).copyMemory(from: constant.bytes, byteCount: constant.bytes.count)
        }
        if part.form.isText {
            steps.append(.text(offset: data))
            return
        }
        var place = 0
        for range in part.form.values {
            fixed(data + place, range.lowerBound - place)
            field(data + range.lowerBound, range.count)
            place = range.upperBound
        }
        fixed(data + place, part.form.userLength - place)
    }
}
