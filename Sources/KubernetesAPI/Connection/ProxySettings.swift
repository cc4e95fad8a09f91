// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import NetworkTypes

/// A proxy between us and the API server.
package struct ProxyAddress: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case http, socks5
    }

    package var kind: Kind
    package var host: String
    package var port: Int
    package var username: String?
    package var password: String?

    /// Reads a URL such as `http://user:password@proxy:3128` or `socks5://proxy`; without a scheme it is HTTP.
    ///
    /// - Returns: `nil` for any other text, also for `https`: the connection to the proxy itself is never encrypted.
    package init?(_ text: String) {
        let hasScheme = text.contains("://")
        guard let url = URLComponents(string: hasScheme ? text : "http://\(text)"),
            let scheme = url.scheme?.lowercased(),
            let host = url.host, !host.isEmpty
        else { return nil }
        switch scheme {
        case "http": (kind, port) = (.http, url.port ?? 80)
        case "socks5", "socks5h": (kind, port) = (.socks5, url.port ?? 1080)
        default: return nil
        }
        guard (1...65535).contains(port) else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        username = url.user
        password = url.password
    }
}

extension ProxyAddress: CustomStringConvertible {
    /// The URL, without user and password.
    package var description: String {
        "\(kind == .http ? "http" : "socks5")://\(ServerAddress.bracketed(host)):\(port)"
    }
}

/// Which proxy a server is reached by, from the environment: Go's `http.ProxyFromEnvironment`, which client-go uses
/// (golang.org/x/net/http/httpproxy).
struct ProxyEnvironment {
    let environment: [String: String]

    /// What is wrong with a variable, and with which.
    struct Malformed: Error, Hashable {
        let variable: String
        let message: String
    }

    /// The proxy for a server; `nil` if it is reached directly.
    func proxy(for server: ServerAddress) throws(Malformed) -> ProxyAddress? {
        let name = server.isEncrypted ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let found = variable(name), !isExcluded(server) else { return nil }
        guard let proxy = ProxyAddress(found.value) else {
            // Never the value: it may hold a password.
            throw Malformed(
                variable: found.name,
                message: "invalid proxy: must be a URL, for example http://proxy:3128 or socks5://proxy")
        }
        return proxy
    }

    private func variable(_ name: String) -> (name: String, value: String)? {
        for name in [name, name.lowercased()] {
            if let value = environment[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }

    /// Whether a server is on this machine, or `NO_PROXY` names it.
    private func isExcluded(_ server: ServerAddress) -> Bool {
        let host = server.host.lowercased()
        let address = IPAddress(host)
        if host == "localhost" || address?.isLoopback == true { return true }
        let entries = variable("NO_PROXY")?.value.split(separator: ",") ?? []
        return entries.contains { entry in
            Self.matches(
                entry.trimmingCharacters(in: .whitespaces).lowercased(), host: host, address, port: server.port)
        }
    }

    private static func matches(_ entry: String, host: String, _ address: IPAddress?, port: Int) -> Bool {
        if entry.isEmpty { return false }
        if entry == "*" { return true }
        if let range = CIDR(entry) { return address.map { range.contains($0) } ?? false }
        var name = Substring(entry)
        if IPAddress(entry) == nil, let colon = entry.lastIndex(of: ":"),
            let number = Int(entry[entry.index(after: colon)...])
        {
            guard number == port else { return false }
            name = entry[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if let excluded = IPAddress(name) { return excluded == address }
        if name.hasPrefix("*.") { name = name.dropFirst() }
        return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix(".\(name)")
    }
}
