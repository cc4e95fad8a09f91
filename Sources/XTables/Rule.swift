// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// One rule: what a packet must be like, and what then happens to it.
///
/// A rule is a value without text or bytes of its own; iptables-save text and kernel entries are two encodings of it.
public struct Rule: Hashable, Sendable {
    // A node's rules are hundreds of thousands, so the fields stand in the order that leaves the fewest gaps (104 bytes), the parts
    // of the origin fill two of these, and what few rules have is apart.

    /// The extension matches (`-m`), in the order in which the kernel tries them.
    public var matches: [Match]
    @usableFromInline var boxedInputInterface: BoxedInterface?
    @usableFromInline var originServicePort: ServicePortOrigin?
    /// The source address (`-s`).
    public var source: AddressMatch?
    @usableFromInline var originEndpointIndex: Int32
    /// The destination address (`-d`).
    public var destination: AddressMatch?
    @usableFromInline var originBasePurpose: BasePurpose?
    /// The transport protocol (`-p`).
    public var transport: TransportProtocol?
    /// What happens to a packet that matches (`-j`); without a target it is counted and goes on.
    public var target: Target?

    /// What the rule was made for; no part of what the rule is.
    @inlinable public var origin: Origin {
        get {
            Origin(
                servicePort: originServicePort, endpointIndex: originEndpointIndex, basePurpose: originBasePurpose)
        }
        set {
            originServicePort = newValue.servicePort
            originEndpointIndex = newValue.endpointIndex
            originBasePurpose = newValue.basePurpose
        }
    }

    /// The interface the packet came in by (`-i`).
    public var inputInterface: InterfaceMatch? {
        get { boxedInputInterface?.match }
        set { boxedInputInterface = newValue.map(BoxedInterface.init) }
    }

    /// Makes a rule; without arguments it matches everything and does nothing.
    @inlinable public init(
        source: AddressMatch? = nil, destination: AddressMatch? = nil, inputInterface: InterfaceMatch? = nil,
        transport: TransportProtocol? = nil, matches: [Match] = [], target: Target? = nil, origin: Origin = .unknown
    ) {
        self.source = source
        self.destination = destination
        self.boxedInputInterface = inputInterface.map(BoxedInterface.init)
        self.transport = transport
        self.matches = matches
        self.target = target
        originServicePort = origin.servicePort
        originEndpointIndex = origin.endpointIndex
        originBasePurpose = origin.basePurpose
    }

    /// Whether both do the same to the same packets in the same words; whatever they were made for.
    public static func == (left: Rule, right: Rule) -> Bool {
        left.target == right.target && left.matches == right.matches && left.destination == right.destination
            && left.source == right.source && left.transport == right.transport
            && left.inputInterface == right.inputInterface
    }

    /// Hashes everything but the origin.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(source)
        hasher.combine(destination)
        hasher.combine(inputInterface)
        hasher.combine(transport)
        hasher.combine(matches)
        hasher.combine(target)
    }

    /// The text of the rule's comment, if it has one.
    public var comment: String? {
        for case .comment(let text) in matches { return text }
        return nil
    }
}

/// An interface match that a rule only refers to.
@usableFromInline final class BoxedInterface: Sendable {
    @usableFromInline let match: InterfaceMatch

    @usableFromInline init(_ match: InterfaceMatch) { self.match = match }
}

/// A condition on an address of the packet.
public struct AddressMatch: Hashable, Sendable {
    /// The addresses meant.
    public var range: CIDR
    /// Whether the address must be outside of ``range`` (`!`).
    public var isInverted: Bool

    /// Requires an address inside or, inverted, outside of `range`.
    @inlinable public init(_ range: CIDR, isInverted: Bool = false) {
        self.range = range
        self.isInverted = isInverted
    }

    /// Requires one address.
    public init(_ address: IPAddress) {
        self.init(CIDR(host: address))
    }
}

/// A condition on an interface of the packet.
public struct InterfaceMatch: Hashable, Sendable {
    /// The longest interface name, in bytes (`IFNAMSIZ` less the final NUL); a wildcard's `+` counts.
    public static let maximumLength = 15

    /// The name or, for a wildcard, the beginning of the name.
    public var name: String
    /// Whether every interface whose name begins with ``name`` is meant (`+`).
    public var isWildcard: Bool
    /// Whether the interface must be another one (`!`).
    public var isInverted: Bool

    /// Requires an interface.
    public init(_ name: String, isWildcard: Bool = false, isInverted: Bool = false) {
        self.name = name
        self.isWildcard = isWildcard
        self.isInverted = isInverted
    }
}
