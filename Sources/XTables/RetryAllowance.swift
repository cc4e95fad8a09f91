// SPDX-License-Identifier: Apache-2.0

/// How often the refusal of a connection is kept from a client.
///
/// A client repeats its SYN after 1, 2 and 3 seconds (before Linux 6.5 after 1, 3 and 7: net.ipv4.tcp_syn_linear_timeouts). Twice
/// lets it try three times, and within about three seconds learn that all refuse.
package enum RetryAllowance {
    /// How many packets to one address and port match at once.
    package static let burst: UInt64 = 2
    /// The seconds after which one more does.
    package static let period: UInt64 = 60
    /// After so many milliseconds without a packet all of it is forgotten.
    package static let expiry: UInt32 = 10_000
    /// The name of the table, which all rules share.
    package static let name = "kube-retry"

    /// The options as iptables-save prints them.
    package static let text =
        "--hashlimit-upto 1/min --hashlimit-burst \(burst) --hashlimit-mode dstip,dstport --hashlimit-name \(name) "
        + "--hashlimit-htable-expire \(expiry)"
}
