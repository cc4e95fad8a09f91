// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The destinations that a rule in nat lets the kernel choose from.
struct DestinationChoices {
    let all: [AddressPort]

    /// More than so many are not listed.
    private static let limit: UInt64 = 64

    /// The choices; `nil` if there are too many, or the address of the incoming interface is not known.
    ///
    /// - Parameters:
    ///   - addresses: `nil` for an address of this host (REDIRECT).
    ///   - ports: `nil` for the packet's own.
    init?(
        _ addresses: ClosedRange<IPAddress>?, _ ports: ClosedRange<UInt16>?, _ state: PacketState, _ hook: BuiltInChain,
        _ network: NodeNetwork
    ) {
        var chosen: ClosedRange<IPAddress>
        if let addresses {
            chosen = addresses
        } else {
            guard let address = network.redirectAddress(state, hook) else { return nil }
            chosen = address...address
        }
        let own = state.destinationPort ?? 0
        var numbers = own...own
        // A port that is among them stays (nf_nat_l4proto_unique_tuple).
        if let ports, !ports.contains(own), state.destinationPort != nil { numbers = ports }
        guard let found = chosen.list(upTo: Self.limit), UInt64(found.count * numbers.count) <= Self.limit else {
            return nil
        }
        all = found.flatMap { address in numbers.map { AddressPort(address, $0) } }
    }
}

extension NodeNetwork {
    /// The address that REDIRECT sends packets to (nf_nat_redirect.c).
    fileprivate func redirectAddress(_ state: PacketState, _ hook: BuiltInChain) -> IPAddress? {
        let family = state.packet.family
        guard hook == .prerouting else { return .loopback(family) }
        guard case .named(let name) = state.inputInterface else { return nil }
        return interfaces.first { $0.name == name }?.addresses.first { $0.address.family == family }?.address
    }
}

extension ClosedRange<IPAddress> {
    /// The addresses, if they are not more than `limit`.
    fileprivate func list(upTo limit: UInt64) -> [IPAddress]? {
        guard lowerBound.high == upperBound.high, upperBound.low - lowerBound.low < limit else { return nil }
        return (lowerBound.low...upperBound.low).map { low in
            switch lowerBound.family {
            case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
            case .ipv6: IPAddress(ipv6High: lowerBound.high, low: low)
            }
        }
    }
}

extension PacketState {
    /// Changes the mark; `nil` in a way that is not known.
    mutating func mark(_ change: MarkChange?) {
        guard let change else {
            unknownMarkBits = .max
            determinedMarkBits = .max
            return
        }
        mark = mark & ~change.clearing ^ change.xor
        unknownMarkBits &= ~change.clearing
        determinedMarkBits |= change.clearing
    }

    /// Gives the connection another destination.
    mutating func translateDestination(_ new: AddressPort) {
        if new.address != destination || new.port != destinationPort ?? 0 { translated.insert(.destinationNAT) }
        newDestination = new
        destination = new.address
        if destinationPort != nil { destinationPort = new.port }
    }

    /// Gives the connection another source; `nil` stands for an address of this host.
    mutating func translateSource(_ addresses: ClosedRange<IPAddress>?, _ network: NodeNetwork) {
        translated.insert(.sourceNAT)
        sourcePort = nil
        guard let addresses else {
            let address = network.masqueradeAddress(for: destination)
            sourceTranslation = .masqueraded(address)
            if let address { source = address }
            return
        }
        sourceTranslation = .translated(addresses)
        source = addresses.lowerBound
    }

    /// Rewrites the destination as connection tracking does for a connection that is not new.
    mutating func translateKnownDestination() {
        if let destination = packet.translation.destination { translateDestination(destination) }
        if packet.translation.source != nil { translated.insert(.sourceNAT) }
    }

    /// Rewrites the source as connection tracking does for a connection that is not new.
    mutating func translateKnownSource() {
        guard let source = packet.translation.source else { return }
        sourceTranslation = .known(source)
        self.source = source.address
        sourcePort = source.port
    }
}
