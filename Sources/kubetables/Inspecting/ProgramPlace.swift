// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Host
import Inspection
import Messages
import NetworkTypes

/// Where a running program answers: on its Unix socket, or on the port of its pages.
enum ProgramPlace: Sendable {
    case socket(path: String)
    /// ADDRESS:PORT or NAME:PORT.
    case server(String)

    /// Reads `--socket` and `--server`.
    ///
    /// - Throws: `ValidationError` if one of them cannot be used.
    init(_ source: RunningSourceOptions) throws {
        if let server = source.server {
            self = .server(try Self.serverAddress(server))
        } else {
            let path = source.socket ?? StatusSocket.reachablePath
            guard !path.isEmpty else {
                throw ValidationError("--socket: missing path: write one, for example \(StatusSocket.reachablePath)")
            }
            self = .socket(path: path)
        }
    }

    private static let scheme = "http://"
    private static let need =
        "must be the --metrics-bind-address of a running kubetables as ADDRESS:PORT, for example 127.0.0.1:10249"

    private static func serverAddress(_ text: String) throws -> String {
        var place = text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
        if place.hasSuffix("/") { place = place.dropLast() }
        if place.isEmpty { throw ValidationError("--server: missing address: \(need)") }
        if !place.contains("/"), let problem = WrittenAddress(place).problem {
            throw ValidationError("--server: invalid address \(MessageText.quoted(text)): \(problem); it \(need)")
        }
        guard isAddressAndPort(place) else {
            throw ValidationError("--server: invalid address \(MessageText.quoted(text)): it \(need)")
        }
        return String(place)
    }

    /// Whether a text is ADDRESS:PORT or NAME:PORT.
    private static func isAddressAndPort(_ text: Substring) -> Bool {
        if let pair = AddressPort(text) { return pair.port > 0 }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = UInt16(parts[1]), port > 0, !parts[0].isEmpty else { return false }
        return parts[0].utf8.allSatisfy { byte in
            let letter = byte | 0x20
            return (0x61...0x7a).contains(letter) || (0x30...0x39).contains(byte) || byte == 0x2d || byte == 0x2e
        }
    }

    /// Why a path cannot be a socket although something is there; `nil` if it can be one.
    var misfit: String? {
        guard case .socket(let path) = self else { return nil }
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: return nil
        case S_IFDIR: return "\(self) is a directory, not a socket"
        default: return "\(self) is a file, not a socket"
        }
    }

    /// The URL of a path and its parameters.
    func url(_ target: String) -> String {
        switch self {
        case .socket(let path): "http+unix://\(InquiryParameters.escaped(path))\(target)"
        case .server(let address): "\(Self.scheme)\(address)\(target)"
        }
    }
}

extension ProgramPlace: CustomStringConvertible {
    var description: String {
        switch self {
        case .socket(let path): path
        case .server(let address): address
        }
    }
}
