// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Where a connection was opened to, before it was translated: another use of `struct xt_conntrack_mtinfo3` than that of
/// ``ConntrackExtension``, which reads for both.
enum OriginalDestinationExtension: MatchExtension {
    static let signature = ConntrackExtension.signature

    private static let address = MemberBytes(at: 32, length: 16)
    private static let mask = MemberBytes(at: 48, length: 16)
    private static let port = Member<UInt16>(at: 140)
    private static let matchFlags = Member<UInt16>(at: 146)
    private static let lastPort = Member<UInt16>(at: 156)
    /// The length of the struct without its padding.
    private static let length = 162

    /// `XT_CONNTRACK_ORIGDST`, `XT_CONNTRACK_ORIGDST_PORT`.
    private static let addressFlag: UInt16 = 1 << 3
    private static let portFlag: UInt16 = 1 << 9

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: length,
            values: [
                address.address(family), mask.range, port.range, matchFlags.range, lastPort.range,
            ])
    }

    /// - Parameter address: `nil` for any.
    @inline(__always)
    static func encode(
        _ address: IPAddress?, port: UInt16, _ family: IPFamily, to arena: ByteArena
    ) throws(UnencodableValue) {
        if let address, address.family != family { throw .otherFamily }
        arena.append(address, family: family)
        // iptables sets all of it for IPv4, too.
        let word: UInt64 = address == nil ? 0 : .max
        arena.append(word)
        arena.append(word)
        arena.append(port)
        arena.append(address == nil ? portFlag : addressFlag | portFlag)
        arena.append(port)
    }

    static func match(_ data: ExtensionData) -> Match? {
        switch data[matchFlags] {
        case portFlag: .originalDestination(nil, port: data[port])
        case addressFlag | portFlag: data.address(address).map { .originalDestination($0, port: data[port]) }
        default: nil
        }
    }
}
