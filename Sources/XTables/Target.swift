// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What happens to a packet that a rule matches.
public enum Target: Hashable, Sendable {
    /// It may pass (ACCEPT).
    case accept
    /// It is dropped without a word (DROP).
    case drop
    /// It goes on behind the jump that led to this chain (RETURN).
    case `return`
    /// It goes through another chain.
    case jump(ChainName)
    /// The bits under `mask` of its mark are cleared, then `value` is XORed into the mark (MARK `--set-xmark`).
    case mark(xor: UInt32, clearing: UInt32)
    /// Its source becomes this host's address (MASQUERADE), from a random port if so wished (`--random-fully`).
    case masquerade(randomFully: Bool)
    /// Its destination becomes this address and port (DNAT `--to-destination`).
    case destinationNAT(IPAddress, port: UInt16)
    /// It is answered with an ICMP or ICMPv6 "port unreachable" (REJECT).
    case rejectPortUnreachable
}
