// SPDX-License-Identifier: Apache-2.0

import XTables

/// What one of our jumps from a built-in chain is for; it decides what is lost when a foreign rule ahead of the jump ends a
/// packet's way.
package enum JumpPurpose: Sendable, Hashable {
    /// Connections to Services get an endpoint as their destination.
    case translation
    /// Packets with our mark get an address of this node as their source.
    case masquerading
    /// Packets on their way to endpoints may pass.
    case forwarding
    /// Packets for some Services are refused, and others let in.
    case filtering
    /// The node itself is protected; Services do not depend on it.
    case protection
}

extension Compilation {
    /// What our jump to a chain is for.
    package func purpose(ofJumpTo chain: ChainName, in table: Table) -> JumpPurpose {
        type(of: layout).purpose(ofJumpTo: chain, in: table)
    }

    /// The bit of the mark of packets that are to be masqueraded.
    package var masqueradeMark: UInt32 { settings.mark }
}
