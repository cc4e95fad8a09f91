// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The host that a client believes to talk to, as its header `Host` names it (RFC 9110, section 7.2).
///
/// A website can point a name of its own at this machine after its page has been loaded (DNS rebinding); its scripts could then
/// read what is served here, as a part of that website. Such a name always comes in `Host`. An address cannot be pointed
/// elsewhere, and browsers resolve `localhost` and the names below it by themselves (RFC 6761, section 6.3).
struct RequestedHost {
    /// An address, or a name in lower case; without the port.
    private let name: String

    init(_ header: String) {
        let host = header.hasPrefix("[") ? header.dropFirst().prefix { $0 != "]" } : header.prefix { $0 != ":" }
        name = host.lowercased()
    }

    /// Whether no website can be behind it.
    var isAddressOrLocalhost: Bool {
        let labels = name.hasSuffix(".") ? name.dropLast() : name[...]
        return IPAddress(name) != nil || labels == "localhost" || labels.hasSuffix(".localhost")
    }
}
