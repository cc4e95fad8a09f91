// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where an API server is.
package struct ServerAddress: Sendable, Hashable {
    package var isEncrypted: Bool
    /// The name or address, without brackets.
    package var host: String
    package var port: Int
    /// What stands before every path of the API: empty, or a path without a `/` at its end.
    package var basePath: String

    /// What is wrong with the text of an address.
    package struct Malformed: Error, Sendable, Hashable {
        /// What is wrong and what would be right.
        package var message: String
    }

    /// Reads a URL such as `https://10.0.0.1:6443` or `http://localhost:8080/prefix`.
    ///
    /// - Throws: ``Malformed`` for any other text.
    package init(_ text: String) throws(Malformed) {
        let shown = ServerText.quoted(text)
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = url.host, !host.isEmpty
        else {
            throw Malformed(
                message: "invalid URL \(shown): must be that of an API server, for example https://10.0.0.1:6443")
        }
        guard url.user == nil, url.password == nil, url.query == nil, url.fragment == nil else {
            throw Malformed(
                message:
                    "invalid URL of the API server: must have only scheme, host, port and path, without user, query and fragment"
            )
        }
        isEncrypted = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = url.port ?? (scheme == "https" ? 443 : 80)
        var path = url.percentEncodedPath[...]
        while path.hasSuffix("/") { path.removeLast() }
        basePath = String(path)
        guard (1...65535).contains(port) else {
            throw Malformed(message: "invalid URL \(shown): the port must be from 1 to 65535")
        }
    }

    /// The host and port as they stand in a URL, with `name` in the host's place if there is one.
    func authority(host name: String? = nil) -> String {
        "\(Self.bracketed(name ?? host)):\(port)"
    }

    /// A host as it stands in a URL: an IPv6 address in brackets (RFC 3986, section 3.2.2), anything else as it is.
    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

extension ServerAddress: CustomStringConvertible {
    package var description: String { "\(isEncrypted ? "https" : "http")://\(authority())\(basePath)" }
}
