// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// Turns kernel entries back into rules.
struct EntryDecoder {
    let family: IPFamily
    let format: EntryFormat
    private let verifier: EntryVerifier

    init(family: IPFamily) {
        self.family = family
        verifier = EntryVerifier(family: family)
        format = EntryFormat.of(family)
    }

    /// Decodes an entry of a transaction.
    func decode(_ entry: KernelEntry) -> DecodedRule {
        let bytes = UnsafeRawBufferPointer(start: entry.base, count: entry.length)
        do throws(MalformedEntry) {
            return try decode(bytes, targetName: String(cString: entry.targetName))
        } catch {
            return .malformed(reason: error.reason, byteCount: entry.length)
        }
    }

    /// Decodes an entry.
    ///
    /// - Parameter targetName: the name `iptc_get_target` has, for verdicts and jumps.
    /// - Throws: ``MalformedEntry`` when the lengths in the entry contradict each other.
    func decode(_ bytes: UnsafeRawBufferPointer, targetName: String) throws(MalformedEntry) -> DecodedRule {
        let entry = entry(try EntryParts(bytes, format: format), targetName: targetName)
        if let rule = entry.rule(family), verifier.isRule(rule, bytes, targetName: targetName) { return .known(rule) }
        return .foreign(entry)
    }

    private func entry(_ parts: EntryParts, targetName: String) -> ForeignEntry {
        var entry = ForeignEntry(matches: parts.matches.map(match))
        let flags = parts.head[format.flagsOffset]
        readHead(parts.head, flags, into: &entry)
        switch parts.target {
        case .standard: entry.target = standardTarget(targetName, isGoto: flags & format.gotoFlag != 0)
        case .named(let part): entry.target = target(part)
        }
        return entry
    }

    // MARK: Head

    private func readHead(_ head: UnsafeRawBufferPointer, _ flags: UInt8, into entry: inout ForeignEntry) {
        let inverse = head[format.inverseFlagsOffset]
        entry.source = address(head, at: 0, inverse & EntryFormat.invertsSource != 0)
        entry.destination = address(head, at: format.addressLength, inverse & EntryFormat.invertsDestination != 0)
        for (offset, name, flag) in [
            (0, \ForeignEntry.inputInterface, EntryFormat.invertsInputInterface),
            (EntryFormat.interfaceNameLength, \ForeignEntry.outputInterface, EntryFormat.invertsOutputInterface),
        ] {
            let interface = InterfaceBytes(head, at: offset, format)
            entry[keyPath: name] = interface.match(isInverted: inverse & flag != 0)
            if !interface.isRegular { entry.unknownParts.append("the name or mask of an interface") }
        }
        let number = head.loadUnaligned(fromByteOffset: format.protocolOffset, as: UInt16.self)
        if number != 0 {
            entry.protocolMatch = ProtocolMatch(number, isInverted: inverse & EntryFormat.invertsProtocol != 0)
        }
        if let fragmentFlag = format.fragmentFlag, flags & fragmentFlag != 0 {
            entry.fragments = inverse & EntryFormat.invertsFragment != 0 ? .firstOrWhole : .following
        }
        let known = format.gotoFlag | (format.fragmentFlag ?? 0) | format.protocolFlag
        let knownInverse =
            EntryFormat.invertsSource | EntryFormat.invertsDestination | EntryFormat.invertsInputInterface
            | EntryFormat.invertsOutputInterface | (number == 0 ? 0 : EntryFormat.invertsProtocol)
            | (entry.fragments == nil ? 0 : EntryFormat.invertsFragment)
        // The kernel looks at the protocol of an IPv6 entry only if its flag is set.
        let protocolFlag = number == 0 ? 0 : format.protocolFlag
        if flags & ~known != 0 || inverse & ~knownInverse != 0 || flags & format.protocolFlag != protocolFlag {
            entry.unknownParts.append(
                "flags 0x\(String(flags, radix: 16)), inverse flags 0x\(String(inverse, radix: 16))")
        }
        if let typeOfService = format.typeOfServiceOffset.map({ head[$0] }), typeOfService != 0 {
            entry.unknownParts.append("type of service 0x\(String(typeOfService, radix: 16))")
        }
    }

    private func address(_ head: UnsafeRawBufferPointer, at offset: Int, _ isInverted: Bool) -> MaskedAddress? {
        let address = head.addressBits(at: offset, family: family)
        let mask = head.addressBits(at: offset + 2 * format.addressLength, family: family)
        let isAny = address == .zero && mask == .zero && !isInverted
        return isAny ? nil : MaskedAddress(address, mask: mask, isInverted: isInverted)
    }

    // MARK: Matches and targets

    // What reads like a match or target of ours but is not has bytes in it that iptables never writes, and whose meaning,
    // if they have one, is unknown. So it is not put into words.

    private func match(_ part: EntryParts.Extension) -> ForeignMatch {
        let data = ExtensionData(bytes: part.data, family: family)
        let known = ourMatch(part, data)
        if let known, verifier.isMatch(known, part) { return .known(known) }
        guard let description = DescribedExtensions.describe(match: part, data) else {
            return .other(part.foreign(nil), .undecidable)
        }
        let match = ForeignMatch.other(part.foreign(description.text), description.conditions)
        if let known, match.saveText(family: family) == ForeignMatch.known(known).saveText(family: family) {
            return .other(part.foreign(nil), .undecidable)
        }
        return match
    }

    private func target(_ part: EntryParts.Extension) -> ForeignTarget {
        let data = ExtensionData(bytes: part.data, family: family)
        let known = ourTarget(part, data)
        if let known, verifier.isTarget(known, part) { return .known(known) }
        guard let description = DescribedExtensions.describe(target: part, data) else {
            return .other(part.foreign(nil), UndescribedTargets.effect(part))
        }
        let target = ForeignTarget.other(part.foreign(description.text), description.effect)
        if let known, target.saveText(family: family) == ForeignTarget.known(known).saveText(family: family) {
            return .other(part.foreign(nil), .unknown)
        }
        return target
    }

    /// A match as our language has it, whatever else stands in its data.
    private func ourMatch(_ part: EntryParts.Extension, _ data: ExtensionData) -> Match? {
        guard let kind = MatchKind.byName[part.name], kind.signature.isSignature(of: part, family: family) else {
            return nil
        }
        return kind.match(data)
    }

    /// A target as our language has it, whatever else stands in its data.
    private func ourTarget(_ part: EntryParts.Extension, _ data: ExtensionData) -> Target? {
        guard let kind = TargetKind.byName[part.name], kind.signature.isSignature(of: part, family: family) else {
            return nil
        }
        return kind.target(data)
    }

    private func standardTarget(_ name: String, isGoto: Bool) -> ForeignTarget {
        if name == StandardTarget.queueName { return .queue }
        let target = StandardTarget.target(named: name)
        if isGoto, case .jump(let chain) = target { return .goto(chain) }
        return .known(target)
    }
}

/// The name of an interface and its mask in the head of an entry.
private struct InterfaceBytes {
    private let name: Slice<UnsafeRawBufferPointer>
    private let mask: Slice<UnsafeRawBufferPointer>
    /// How many bytes of the name count.
    private let significant: Int
    private let length: Int

    init(_ head: UnsafeRawBufferPointer, at offset: Int, _ format: EntryFormat) {
        let nameOffset = format.interfaceOffset + offset
        let maskOffset = format.interfaceMaskOffset + offset
        name = head[nameOffset..<(nameOffset + EntryFormat.interfaceNameLength)]
        mask = head[maskOffset..<(maskOffset + EntryFormat.interfaceNameLength)]
        significant = mask.prefix { $0 != 0 }.count
        length = name.prefix { $0 != 0 }.count
    }

    /// The mask of a whole name covers its NUL.
    private var isWildcard: Bool { significant <= length }

    /// The condition; `nil` if the mask asks for none.
    func match(isInverted: Bool) -> InterfaceMatch? {
        significant == 0
            ? nil
            : InterfaceMatch(
                String(decoding: name.prefix(min(significant, length)), as: UTF8.self), isWildcard: isWildcard,
                isInverted: isInverted)
    }

    /// Whether name and mask are as iptables writes them (`xtables_parse_interface`).
    var isRegular: Bool {
        guard mask.prefix(significant).allSatisfy({ $0 == 0xff }), mask.dropFirst(significant).allSatisfy({ $0 == 0 })
        else { return false }
        if significant == 0 { return length == 0 && name.allSatisfy { $0 == 0 } }
        let rest = name.dropFirst(min(significant, length))
        return isWildcard
            ? rest.first == UInt8(ascii: "+") && rest.dropFirst().allSatisfy { $0 == 0 }
            : significant == length + 1 && rest.allSatisfy { $0 == 0 }
    }
}

extension EntryParts.Extension {
    fileprivate func foreign(_ text: SaveWords?) -> ForeignExtension {
        ForeignExtension(name: name, revision: revision, data: [UInt8](data), text: text?.description)
    }
}
