// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL
import TestAPIServer

/// `test-api-server --listen ADDRESS:PORT [--objects FILE] [--bookmarks SECONDS] [--token TOKEN] [--certificate FILE --key FILE]`:
/// the tests' API server by itself.
///
/// It prints `listening on http://ADDRESS:PORT` once it does; see ControlRequests.swift for what it can be told. With a
/// token it lets in only who shows it, with a certificate and its key it speaks HTTPS.
struct Arguments {
    var host = "127.0.0.1"
    var port = 0
    var objects: String?
    var bookmarkSeconds = 60.0
    var token: String?
    var certificate: String?
    var key: String?

    init(_ words: [String]) throws {
        var words = words[...]
        while let name = words.popFirst() {
            guard let value = words.popFirst() else { throw ServerProblem(description: "\(name) needs a value") }
            switch name {
            case "--listen":
                guard let colon = value.lastIndex(of: ":"), let port = Int(value[value.index(after: colon)...]) else {
                    throw ServerProblem(description: "--listen \(value) is not ADDRESS:PORT")
                }
                host = value[..<colon].trimmingCharacters(in: ["[", "]"])
                self.port = port
            case "--objects":
                objects = value
            case "--bookmarks":
                guard let seconds = Double(value), seconds > 0 else {
                    throw ServerProblem(description: "--bookmarks \(value) is no number of seconds")
                }
                bookmarkSeconds = seconds
            case "--token":
                token = value
            case "--certificate":
                certificate = value
            case "--key":
                key = value
            default:
                let known = "--listen, --objects, --bookmarks, --token, --certificate and --key"
                throw ServerProblem(description: "\(name) is unknown; there are \(known)")
            }
        }
    }

    /// How the server encrypts, if it shall.
    func encryption() throws -> TLSConfiguration? {
        guard let certificate, let key else { return nil }
        return .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    }
}

do {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    let server = TestAPIServer(
        host: arguments.host, port: arguments.port, encryption: try arguments.encryption(),
        bookmarkPeriod: .seconds(arguments.bookmarkSeconds))
    if let token = arguments.token { server.allow(authorizations: ["Bearer \(token)"]) }
    if let path = arguments.objects {
        try server.put(ObjectFile.objects(Array(try Data(contentsOf: URL(filePath: path)))))
    }
    let url = try await server.start()
    FileHandle.standardOutput.write(Data("listening on \(url)\n".utf8))
    try await server.wait()
} catch {
    FileHandle.standardError.write(Data("test-api-server: \(error)\n".utf8))
    exit(1)
}
