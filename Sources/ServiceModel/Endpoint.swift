// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The conditions of an endpoint (`discovery.k8s.io/v1` EndpointConditions), API defaults applied.
public struct EndpointConditions: OptionSet, Sendable, Hashable {
    /// One bit for each of the conditions.
    public let rawValue: UInt8

    /// The conditions whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The endpoint takes new connections.
    public static let ready = EndpointConditions(rawValue: 1)
    /// The endpoint answers, though it may be about to end (KEP-1669).
    public static let serving = EndpointConditions(rawValue: 2)
    /// The endpoint is about to end.
    public static let terminating = EndpointConditions(rawValue: 4)
}

/// One address and port that can answer for a service port.
public struct Endpoint: Sendable, Hashable {
    /// Where connections are sent to.
    public var addressPort: AddressPort
    /// Whether it takes connections.
    public var conditions: EndpointConditions
    /// The node it runs on, if that is known.
    public var nodeName: String?
    /// The zones it is meant for (KEP-2433); empty without hints.
    public var zoneHints: Set<String>
    /// The nodes it is meant for (KEP-3015); empty without hints.
    public var nodeHints: Set<String>

    /// An endpoint; by default ready, on an unknown node, without hints.
    public init(
        address: IPAddress, port: UInt16, conditions: EndpointConditions = [.ready, .serving],
        nodeName: String? = nil, zoneHints: Set<String> = [], nodeHints: Set<String> = []
    ) {
        addressPort = AddressPort(address, port)
        self.conditions = conditions
        self.nodeName = nodeName
        self.zoneHints = zoneHints
        self.nodeHints = nodeHints
    }

    /// The address connections are sent to.
    @inlinable public var address: IPAddress {
        get { addressPort.address }
        set { addressPort.address = newValue }
    }

    /// The port connections are sent to, 1–65535.
    @inlinable public var port: UInt16 {
        get { addressPort.port }
        set { addressPort.port = newValue }
    }

    /// Whether new connections go here first.
    public var isReady: Bool { conditions.contains(.ready) }

    /// Whether new connections go here when no endpoint is ready: it is ending, but still answers (KEP-1669).
    public var isTerminatingFallback: Bool { conditions.isSuperset(of: [.serving, .terminating]) }
}

extension Endpoint: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets: as it stands in comments and in hashes.
    public var description: String { addressPort.description }

    /// Appends ``description`` as ASCII bytes.
    public func appendText(to bytes: inout [UInt8]) { addressPort.appendText(to: &bytes) }
}
