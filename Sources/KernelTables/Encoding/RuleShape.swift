import Glibc
import NetworkTypes
import XTables

/// What all rules with the same sequence of matches and the same kind of target have in common: nearly all their bytes.
///
/// A kernel entry with a comment has 600 bytes and more, of which a rule decides some 80. So a rule is kept as a record
/// of its values only, and its shape says where they stand in the entry. The shape also says which bytes of a kernel's
/// entry must be equal for both to be the same rule: not the kernel's own pointers, not the padding, not the counters.
final class RuleShape {
    /// One run of bytes of the entry, in ascending order.
    enum Step {
        /// The bytes are the template's.
        case fixed(offset: Int, length: Int)
        /// The bytes are the record's next ones.
        case field(offset: Int, length: Int)
        /// The record's next byte is a length; so many bytes follow, and in the entry a NUL behind them.
        case text(offset: Int)
    }

    /// What identifies a shape: a bit for the interface, four bits for the target and four for each match.
    typealias Key = UInt64

    /// The most matches a rule may have, so that they fit into a key.
    static let maximumMatches = 14

    let layout: EntryLayout
    let matches: [MatchForm]
    let target: TargetForm
    let hasInterface: Bool
    /// The length of the whole entry.
    let entryLength: Int
    /// The length of the entry without its target.
    let targetOffset: Int
    private let template: UnsafeMutableRawPointer
    private let steps: UnsafeMutableBufferPointer<Step>
    private let copiedWords: [(from: Int, to: Int)]

    init(matches: [MatchForm], target: TargetForm, hasInterface: Bool, family: IPFamily) {
        let layout = EntryLayout.of(family)
        self.layout = layout
        self.matches = matches
        self.target = target
        self.hasInterface = hasInterface
        let head = EntryLayout.extensionHeadLength
        let matchForms = matches.map { $0.form(family) }
        let targetForm = target.form(family)
        targetOffset = matchForms.reduce(layout.headerLength) { $0 + head + $1.dataLength }
        entryLength = targetOffset + (targetForm.map { head + $0.dataLength } ?? EntryLayout.standardTargetLength)
        template = .allocate(byteCount: entryLength, alignment: 8)
        memset(template, 0, entryLength)
        template.storeBytes(of: UInt16(targetOffset), toByteOffset: layout.targetOffsetOffset, as: UInt16.self)
        template.storeBytes(of: UInt16(entryLength), toByteOffset: layout.nextOffsetOffset, as: UInt16.self)

        var builder = StepBuilder()
        builder.field(0, layout.addressLength * 4)
        for start in [layout.interfaceOffset, layout.interfaceMaskOffset] {
            let length = EntryLayout.interfaceNameLength
            if hasInterface { builder.field(start, length) } else { builder.fixed(start, length) }
            builder.fixed(start + length, length)
        }
        builder.field(layout.protocolOffset, layout.protocolLength)
        builder.fixed(layout.targetOffsetOffset, 4)
        var offset = layout.headerLength
        var copiedWords: [(from: Int, to: Int)] = []
        for form in matchForms {
            builder.add(form, at: offset, in: template)
            if let word = form.copiedWord {
                copiedWords.append((offset + head + word.from, offset + head + word.to))
            }
            offset += head + form.dataLength
        }
        if let targetForm {
            builder.add(targetForm, at: offset, in: template)
        } else {
            template.storeBytes(
                of: UInt16(EntryLayout.standardTargetLength), toByteOffset: offset, as: UInt16.self)
            if let name = target.verdictName {
                memcpy(template + offset + 2, name.utf8Start, name.utf8CodeUnitCount)
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
            memcpy(entry + targetOffset + 2, record + 1, Int(record.load(as: UInt8.self)))
        }
    }

    /// Whether a kernel's entry is the rule of a record: equal in all that userspace decides.
    func matches(_ entry: KernelEntry, record: UnsafeRawPointer) -> Bool {
        let bytes = entry.base
        guard entry.length == entryLength, entry.targetOffset(layout) == targetOffset else { return false }
        var record = record
        for step in steps {
            switch step {
            case .fixed(let offset, let length):
                if memcmp(bytes + offset, template + offset, length) != 0 { return false }
            case .field(let offset, let length):
                if memcmp(bytes + offset, record, length) != 0 { return false }
                record += length
            case .text(let offset):
                let length = Int(record.load(as: UInt8.self))
                if memcmp(bytes + offset, record + 1, length) != 0 { return false }
                if bytes.load(fromByteOffset: offset + length, as: UInt8.self) != 0 { return false }
                record += 1 + length
            }
        }
        switch target {
        case .jump:
            let length = Int(record.load(as: UInt8.self))
            let name = (record + 1).assumingMemoryBound(to: CChar.self)
            // strncmp, for the kernel's name may be shorter and end where its memory ends.
            return entry.hasStandardTarget(at: targetOffset) && strncmp(entry.targetName, name, length) == 0
                && entry.targetName[length] == 0
        case .none, .accept, .drop, .return:
            guard let name = target.verdictName else { return false }
            return entry.hasStandardTarget(at: targetOffset) && entry.hasTargetName(name)
        default:
            return true
        }
    }
}

/// Collects the steps of a shape, neighbouring fixed runs as one.
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
        steps.append(.field(offset: offset, length: length))
    }

    mutating func add(_ form: ExtensionForm, at offset: Int, in template: UnsafeMutableRawPointer) {
        let head = EntryLayout.extensionHeadLength
        template.storeBytes(of: UInt16(head + form.dataLength), toByteOffset: offset, as: UInt16.self)
        memcpy(template + offset + 2, form.name.utf8Start, form.name.utf8CodeUnitCount)
        template.storeBytes(of: form.revision, toByteOffset: offset + head - 1, as: UInt8.self)
        // Of the name the kernel hands out only what ends with the NUL (xt_obj_to_user); behind it stands anything.
        fixed(offset, 2 + form.name.utf8CodeUnitCount + 1)
        fixed(offset + head - 1, 1)
        let data = offset + head
        for (place, bytes) in form.constants {
            (template + data + place).copyMemory(from: bytes, byteCount: bytes.count)
        }
        if form.isText {
            steps.append(.text(offset: data))
            return
        }
        var place = 0
        for range in form.fields {
            fixed(data + place, range.lowerBound - place)
            field(data + range.lowerBound, range.count)
            place = range.upperBound
        }
        fixed(data + place, form.userLength - place)
    }
}
