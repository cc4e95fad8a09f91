// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What NAT chooses from, whichever struct it came in.
struct NATValues {
    /// The first and the last address; `nil` if addresses are left alone, or our language does not have them.
    let addresses: ClosedRange<IPAddress>?
    /// The first and the last port; `nil` if ports are left alone.
    let ports: ClosedRange<UInt16>?
    /// The port of a packet that gets the first of the ports (`--to-destination :80-90/8080`).
    let basePort: UInt16?
    private let flags: UInt32
    /// The addresses as iptables-save prints them.
    private let addressText: String
    /// Whether addresses stand in brackets before a port.
    private let hasBrackets: Bool

    /// Whether addresses are translated at all.
    var mapsAddresses: Bool { flags & NATRange.mapsAddresses != 0 }

    /// `nil` if something in it is not understood.
    init?(multiRange data: ExtensionData) {
        typealias Layout = NATRange.MultiRange
        guard data[Layout.rangeSize] == 1 else { return nil }
        self.init(
            data, data[Layout.flags], Layout.minimumAddress, Layout.maximumAddress, Layout.ports, basePort: nil)
    }

    /// `nil` if something in it is not understood.
    init?(range data: ExtensionData) {
        typealias Layout = NATRange.Range
        self.init(
            data, data[Layout.flags], Layout.minimumAddress, Layout.maximumAddress, Layout.ports, basePort: nil)
    }

    /// `nil` if something in it is not understood.
    init?(range2 data: ExtensionData) {
        typealias Layout = NATRange.Range2
        self.init(
            data, data[Layout.flags], Layout.minimumAddress, Layout.maximumAddress, Layout.ports,
            basePort: Layout.basePort)
    }

    private init?(
        _ data: ExtensionData, _ flags: UInt32, _ minimum: MemberBytes, _ maximum: MemberBytes, _ ports: MemberRange,
        basePort: Member<UInt16>?
    ) {
        let known =
            NATRange.mapsAddresses | NATRange.mapsPorts | NATRange.random | NATRange.persistent | NATRange.randomFully
            | (basePort == nil ? 0 : NATRange.shiftsPorts)
        guard flags & ~known == 0 else { return nil }
        self.flags = flags
        if flags & NATRange.mapsAddresses != 0 {
            addresses = data.addresses(minimum, maximum)
            let (first, last) = (data.addressBits(minimum), data.addressBits(maximum))
            let family = data.family
            addressText = first == last ? first.text(family) : "\(first.text(family))-\(last.text(family))"
        } else {
            addresses = nil
            addressText = ""
        }
        let shiftsPorts = flags & NATRange.shiftsPorts != 0
        self.basePort = shiftsPorts ? basePort.map { UInt16(bigEndian: data[$0]) } : nil
        if flags & NATRange.mapsPorts != 0 {
            let (low, high) = (UInt16(bigEndian: data[ports.low]), UInt16(bigEndian: data[ports.high]))
            guard low <= high else { return nil }
            self.ports = low...high
        } else {
            if shiftsPorts { return nil }
            self.ports = nil
        }
        hasBrackets = data.family == .ipv6
    }

    /// The target as iptables-save prints it; for `--to-ports` without the colon before ports.
    func text(_ name: SaveWords, option: String) -> SaveWords {
        var text = name
        var value = addressText
        if let ports {
            if mapsAddresses {
                value = hasBrackets ? "[\(value)]:" : "\(value):"
            } else if option != "--to-ports" {
                value = ":"
            }
            value += SaveWords.range(ports, separator: "-")
            if let basePort { value += "/\(basePort)" }
        }
        if !value.isEmpty { text.add(option, value) }
        if flags & NATRange.random != 0 { text.add("--random") }
        if flags & NATRange.randomFully != 0 { text.add("--random-fully") }
        if flags & NATRange.persistent != 0 { text.add("--persistent") }
        return text
    }
}
