// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

extension CounterKey {
    /// The key of an entry of the kernel, read from its bytes without decoding the rule.
    ///
    /// - Parameters:
    ///   - entry: the whole entry; it may be put together in any way.
    ///   - chain: the chain it stands in.
    ///   - standard: what its target does if it is a standard one; by default as the kernel has it.
    /// - Returns: `nil` for rules that have none, see ``CounterKey/init(_:in:)``.
    init?(_ entry: UnsafeRawBufferPointer, chain: ChainName, family: IPFamily, standard: StandardVerdict? = nil) {
        let format = EntryFormat.of(family)
        guard let targetOffset = entry.number(UInt16.self, at: format.targetOffsetOffset).map(Int.init),
            let protocolNumber = entry.number(UInt8.self, at: format.protocolOffset),
            let inverseFlags = entry.number(UInt8.self, at: format.inverseFlagsOffset),
            inverseFlags & (EntryFormat.invertsDestination | EntryFormat.invertsProtocol) == 0
        else { return nil }
        if let data = entry.data(of: DNATTarget.signature, at: targetOffset, family: family) {
            guard let destination = DNATTarget.destination(data) else { return nil }
            self.init(
                chain: chain, verdict: .destinationNAT, protocolNumber: protocolNumber, address: destination.address,
                port: destination.port)
            return
        }
        let name = targetOffset + ExtensionHead.nameOffset
        let verdict: Verdict
        if entry.hasName(RejectTarget.signature.name, at: name) {
            verdict = .reject
        } else if entry.hasName("", at: name),
            let standard = standard
                ?? entry.number(
                    Int32.self, at: targetOffset + ExtensionHead.length + StandardTarget.verdict.offset
                ).map(StandardVerdict.init)
        {
            switch standard {
            case .drop: verdict = .drop
            case .jump: verdict = .jump
            case .other: return nil
            }
        } else {
            return nil
        }
        guard let destination = entry.destination(format, family), verdict.isCounted(for: destination.extent) else {
            return nil
        }
        self.init(
            chain: chain, verdict: verdict, protocolNumber: protocolNumber, address: destination.address,
            port: entry.destinationPort(format, before: targetOffset))
    }

    /// The key of an entry that a transaction lends.
    init?(_ entry: KernelEntry, chain: ChainName, family: IPFamily) {
        self.init(
            UnsafeRawBufferPointer(start: entry.base, count: entry.length), chain: chain, family: family,
            standard: StandardVerdict(entry))
    }
}

/// The destinations an entry asks for.
private struct Destination {
    let extent: DestinationExtent
    /// The first of them; `nil` for any.
    let address: IPAddress?
}

extension UnsafeRawBufferPointer {
    /// The data of the match or target at an offset; `nil` if it is another one, of another revision, or not inside.
    fileprivate func data(
        of signature: ExtensionSignature, at offset: Int, family: IPFamily
    ) -> ExtensionData? {
        let start = offset + ExtensionHead.length
        guard hasName(signature.name, at: offset + ExtensionHead.nameOffset),
            number(UInt8.self, at: offset + ExtensionHead.revisionOffset) == signature.revision,
            let length = signature.dataLength(family), start + length <= count
        else { return nil }
        return ExtensionData(bytes: UnsafeRawBufferPointer(rebasing: self[start..<(start + length)]), family: family)
    }

    /// The destinations the entry asks for; `nil` if the entry is too short.
    fileprivate func destination(_ format: EntryFormat, _ family: IPFamily) -> Destination? {
        let length = format.addressLength
        guard count >= format.headerLength else { return nil }
        let mask = self[(3 * length)..<(4 * length)]
        if mask.allSatisfy({ $0 == 0 }) { return Destination(extent: .everything, address: nil) }
        guard let address = address(at: length, family: family) else { return nil }
        return Destination(extent: mask.allSatisfy { $0 == 0xff } ? .host : .range, address: address)
    }

    /// The one destination port the matches ask for; 0 for any, or several.
    fileprivate func destinationPort(_ format: EntryFormat, before targetOffset: Int) -> UInt16 {
        var offset = format.headerLength
        while offset + ExtensionHead.length <= Swift.min(targetOffset, count) {
            if let ports = destinationPorts(ofMatchAt: offset),
                let low = number(UInt16.self, at: offset + ExtensionHead.length + ports.low.offset),
                low == number(UInt16.self, at: offset + ExtensionHead.length + ports.high.offset)
            {
                return low
            }
            guard let length = number(UInt16.self, at: offset + ExtensionHead.sizeOffset), length > 0 else { return 0 }
            offset += Int(length)
        }
        return 0
    }

    /// Where the destination ports of a match stand in its data; `nil` for a match that has none.
    private func destinationPorts(ofMatchAt offset: Int) -> MemberRange? {
        let name = offset + ExtensionHead.nameOffset
        if hasName(TCPExtension.signature.name, at: name) { return TCPExtension.destinationPorts }
        if hasName(UDPExtension.signature.name, at: name) { return UDPExtension.destinationPorts }
        if hasName(SCTPExtension.signature.name, at: name) { return SCTPExtension.destinationPorts }
        return nil
    }
}
