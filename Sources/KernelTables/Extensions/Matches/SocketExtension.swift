// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Whether a socket is open for the packet (`struct xt_socket_mtinfo1` to `3`, linux/netfilter/xt_socket.h).
enum SocketExtension: DescribedMatch {
    static let signature = ExtensionSignature("socket", revision: 3, dataLength: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? { describe(data, options: options) }

    enum Revision2: DescribedMatch {
        static let signature = ExtensionSignature("socket", revision: 2, dataLength: 8)

        static func describe(_ data: ExtensionData) -> MatchDescription? {
            SocketExtension.describe(data, options: options.prefix(2))
        }
    }

    enum Revision1: DescribedMatch {
        static let signature = ExtensionSignature("socket", revision: 1, dataLength: 8)

        static func describe(_ data: ExtensionData) -> MatchDescription? {
            SocketExtension.describe(data, options: options.prefix(1))
        }
    }

    private static let flags = Member<UInt8>(at: 0)

    /// `XT_SOCKET_*`; each revision knows one more.
    private static let options: [(flag: UInt8, option: String)] = [
        (1 << 0, "--transparent"), (1 << 1, "--nowildcard"), (1 << 2, "--restore-skmark"),
    ]

    private static func describe(
        _ data: ExtensionData, options: some Sequence<(flag: UInt8, option: String)>
    ) -> MatchDescription? {
        var rest = data[flags]
        var match = MatchDescription("socket", .undecidable)
        for option in options where rest & option.flag != 0 {
            match.text.add(option.option)
            rest &= ~option.flag
        }
        return rest == 0 ? match : nil
    }
}
