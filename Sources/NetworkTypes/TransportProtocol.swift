// SPDX-License-Identifier: Apache-2.0

/// The transport protocols a Service port can have (Kubernetes `v1.Protocol`).
public enum TransportProtocol: String, Sendable, Hashable, CaseIterable, Codable, Comparable {
    /// TCP, IP protocol 6.
    case tcp
    /// UDP, IP protocol 17.
    case udp
    /// SCTP, IP protocol 132 (KEP-614).
    case sctp

    /// The IANA protocol number that stands in the IP header.
    public var number: UInt8 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
    }

    /// The name the Kubernetes API uses: `TCP`, `UDP` or `SCTP`.
    public var kubernetesName: String { rawValue.uppercased() }

    /// Protocols are ordered by their lower-case names: sctp, tcp, udp.
    public static func < (left: TransportProtocol, right: TransportProtocol) -> Bool {
        left.rawValue < right.rawValue
    }
}
