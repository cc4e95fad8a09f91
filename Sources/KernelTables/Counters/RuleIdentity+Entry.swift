import NetworkTypes
import XTables

extension RuleIdentity {
    /// The identity of an entry of the kernel, read from its bytes without decoding the rule.
    ///
    /// - Parameters:
    ///   - entry: the whole entry; it may be put together in any way.
    ///   - chain: the chain it stands in.
    ///   - standard: what its target does if it is a standard one; by default as the kernel has it.
    /// - Returns: `nil` for rules that have none, see ``RuleIdentity/init(_:in:)``.
    init?(_ entry: UnsafeRawBufferPointer, chain: ChainName, family: IPFamily, standard: StandardVerdict? = nil) {
        let layout = EntryLayout.of(family)
        guard let targetOffset = entry.number(UInt16.self, at: layout.targetOffsetOffset).map(Int.init),
            let protocolNumber = entry.number(UInt8.self, at: layout.protocolOffset),
            let inverseFlags = entry.number(UInt8.self, at: layout.inverseFlagsOffset),
            inverseFlags & (EntryLayout.invertsDestination | EntryLayout.invertsProtocol) == 0
        else { return nil }
        let data = targetOffset + EntryLayout.extensionHeadLength
        if entry.hasName("DNAT", at: targetOffset + 2) {
            guard entry.number(UInt8.self, at: data - 1) == 2, data <= entry.count,
                let address = EntryHead.address(
                    UnsafeRawBufferPointer(rebasing: entry[data...]), at: 4, family: family),
                let port = entry.number(UInt16.self, at: data + 36)
            else { return nil }
            self.init(
                chain: chain, verdict: .destinationNAT, protocolNumber: protocolNumber, address: address,
                port: UInt16(bigEndian: port))
            return
        }
        let verdict: Verdict
        if entry.hasName("REJECT", at: targetOffset + 2) {
            verdict = .reject
        } else if entry.hasName("", at: targetOffset + 2),
            let standard = standard ?? entry.number(Int32.self, at: data).map(StandardVerdict.init)
        {
            switch standard {
            case .drop: verdict = .drop
            case .jump: verdict = .jump
            case .other: return nil
            }
        } else {
            return nil
        }
        guard let destination = entry.destination(layout, family), verdict.isTold(of: destination.extent) else {
            return nil
        }
        self.init(
            chain: chain, verdict: verdict, protocolNumber: protocolNumber, address: destination.address,
            port: entry.destinationPort(layout, before: targetOffset))
    }

    /// The identity of an entry that a transaction lends.
    init?(_ entry: KernelEntry, chain: ChainName, family: IPFamily) {
        self.init(
            UnsafeRawBufferPointer(start: entry.base, count: entry.length), chain: chain, family: family,
            standard: StandardVerdict(entry))
    }
}

/// What a standard target does (`XT_STANDARD_TARGET`).
enum StandardVerdict {
    case drop
    case jump
    /// ACCEPT, RETURN and QUEUE.
    case other

    /// As the kernel has it: a jump is an offset, a verdict is `-NF_… - 1`.
    init(_ number: Int32) {
        switch number {
        case 0...: self = .jump
        case -1: self = .drop
        default: self = .other
        }
    }

    /// As libiptc has it, by name.
    init(_ entry: KernelEntry) {
        if entry.hasTargetName("DROP") {
            self = .drop
        } else {
            let isVerdict =
                entry.hasTargetName("ACCEPT") || entry.hasTargetName("RETURN") || entry.hasTargetName("QUEUE")
                || entry.hasTargetName("")
            self = isVerdict ? .other : .jump
        }
    }
}

/// The destinations an entry asks for.
private struct Destination {
    let extent: DestinationExtent
    /// The first of them; `nil` for any.
    let address: IPAddress?
}

extension UnsafeRawBufferPointer {
    /// The destinations the entry asks for; `nil` if the entry is too short.
    fileprivate func destination(_ layout: EntryLayout, _ family: IPFamily) -> Destination? {
        let length = layout.addressLength
        guard count >= layout.headerLength else { return nil }
        let mask = self[(3 * length)..<(4 * length)]
        if mask.allSatisfy({ $0 == 0 }) { return Destination(extent: .everything, address: nil) }
        guard let address = EntryHead.address(self, at: length, family: family) else { return nil }
        return Destination(extent: mask.allSatisfy { $0 == 0xff } ? .host : .range, address: address)
    }

    /// The one destination port the matches ask for; 0 for any, or several.
    fileprivate func destinationPort(_ layout: EntryLayout, before targetOffset: Int) -> UInt16 {
        var offset = layout.headerLength
        while offset + EntryLayout.extensionHeadLength <= Swift.min(targetOffset, count) {
            let data = offset + EntryLayout.extensionHeadLength
            var ports: Int?
            // xt_tcp and xt_udp begin with the source ports, xt_sctp_info with those of the destination.
            if hasName("tcp", at: offset + 2) || hasName("udp", at: offset + 2) { ports = data + 4 }
            if hasName("sctp", at: offset + 2) { ports = data }
            if let ports, let low = number(UInt16.self, at: ports), low == number(UInt16.self, at: ports + 2) {
                return low
            }
            guard let length = number(UInt16.self, at: offset), length > 0 else { return 0 }
            offset += Int(length)
        }
        return 0
    }
}
