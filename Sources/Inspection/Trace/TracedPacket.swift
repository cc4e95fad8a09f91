// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import XTables

/// The packet of a trace, as far as its arguments describe it.
struct TracedPacket {
    let source: IPAddress
    /// `nil` if it is not known: no rule of ours asks for it.
    let sourcePort: UInt16?
    let destination: AddressPort
    let transport: TransportProtocol
    let interface: String?
    let state: ConnectionState

    init(_ inquiry: TraceInquiry) throws(InquiryFailure) {
        (source, sourcePort) = try Self.source(inquiry.source)
        (destination, transport) = try Self.destination(inquiry.destination)
        interface = try inquiry.interface.map { name throws(InquiryFailure) in try Self.interface(name) }
        state = try Self.state(inquiry.state)
        guard source.family == destination.address.family else {
            throw .invalid(
                "\(source) is \(source.family.kubernetesName) and \(destination.address) is "
                    + "\(destination.address.family.kubernetesName): both addresses must be of one IP family")
        }
    }

    private static func source(_ text: String) throws(InquiryFailure) -> (IPAddress, UInt16?) {
        if let problem = WrittenAddress(text).problem { throw .invalid("invalid source \"\(text)\": \(problem)") }
        if let address = IPAddress(text) { return (address, nil) }
        if let pair = AddressPort(text), pair.port > 0 { return (pair.address, pair.port) }
        throw .invalid(
            "invalid source \"\(text)\": must be ADDRESS or ADDRESS:PORT, for example 192.168.50.20 or "
                + "[2001:db8::20]:40000")
    }

    private static func destination(_ text: String) throws(InquiryFailure) -> (AddressPort, TransportProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.count > 1 ? parts[1].lowercased() : TransportProtocol.tcp.rawValue
        guard let transport = TransportProtocol(rawValue: name) else {
            let names = TransportProtocol.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(
                "invalid destination \"\(text)\": unsupported protocol \"\(parts[1])\" (supported: \(names))")
        }
        let place = String(parts[0])
        if let problem = WrittenAddress(place).problem {
            throw .invalid("invalid destination \"\(text)\": \(problem)")
        }
        if let address = IPAddress(place) {
            let host = address.family == .ipv6 ? "[\(address)]" : "\(address)"
            throw .invalid("the destination \(address) has no port: write \(host):PORT/\(name)")
        }
        guard let pair = AddressPort(place), pair.port > 0 else {
            throw .invalid(
                "invalid destination \"\(text)\": must be ADDRESS:PORT or ADDRESS:PORT/PROTOCOL with a port in "
                    + "1-65535, for example 10.96.0.10:80/tcp or [fd00::10]:53/udp")
        }
        return (pair, transport)
    }

    private static func interface(_ name: String) throws(InquiryFailure) -> String {
        let isName = !name.isEmpty && name.utf8.count <= InterfaceMatch.maximumLength
        guard isName, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }) else {
            throw .invalid(
                "invalid interface \"\(name)\": must be a name of 1-\(InterfaceMatch.maximumLength) characters without "
                    + "spaces and slashes")
        }
        return name
    }

    private static func state(_ name: String?) throws(InquiryFailure) -> ConnectionState {
        guard let name else { return .new }
        guard let found = TraceInquiry.states.first(where: { $0.name == name }) else {
            let names = TraceInquiry.states.map(\.name).joined(separator: ", ")
            throw .invalid("unsupported state \"\(name)\" (supported: \(names))")
        }
        return found.state
    }
}
