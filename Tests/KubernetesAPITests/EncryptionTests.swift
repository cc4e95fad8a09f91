// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import NIOSSL
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

extension TestCertificates {
    /// What a server needs; with `clients`, it lets in only who shows a certificate of the authority.
    func serverConfiguration(_ name: String, clients: Bool = false) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("\(name).crt")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("\(name).key"), format: .pem)))
        if clients {
            configuration.trustRoots = .file(path("ca.crt"))
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}

@Suite("Encryption")
struct EncryptionTests {
    private static let certificates = Result { try TestCertificates() }

    /// What comes of a request to a server with encryption.
    private func ask(
        _ name: String = "address", clients: Bool = false, _ edit: (inout ClusterConnection) throws -> Void
    ) async throws -> String {
        let certificates = try Self.certificates.get()
        let server = TestAPIServer(encryption: try certificates.serverConfiguration(name, clients: clients))
        var connection = ClusterConnection(server: try ServerAddress(try await server.start()), origin: "test")
        try edit(&connection)
        let client = APIClient(connection, version: "0", limits: .quick)
        let result: String
        do throws(APIFailure) {
            result = String(decoding: try await client.get("/version"), as: UTF8.self)
        } catch {
            result = error.description
        }
        await client.shutdown()
        await server.stop()
        return result
    }

    private func authority(_ name: String) throws -> ClusterConnection.Trust {
        .authorities(.file(try Self.certificates.get().path("\(name).crt")))
    }

    private func shown(_ name: String) throws -> ClusterConnection.ClientCertificate {
        let certificates = try Self.certificates.get()
        return .init(
            certificate: .bytes(try certificates.bytes("\(name).crt")),
            key: .file(certificates.path("\(name).key")))
    }

    @Test("the right authority is trusted, another one and none are not")
    func authorities() async throws {
        #expect(try await ask { $0.trust = try authority("ca") }.contains("gitVersion"))
        let other = try await ask { $0.trust = try authority("other") }
        #expect(other.contains("the server's certificate is not of the configured authority"), "\(other)")
        #expect(try await ask { _ in }.contains("TLS failed"))
        #expect(try await ask { $0.trust = .anyone }.contains("gitVersion"))
    }

    @Test("the name in the certificate can be another than the server's")
    func serverName() async throws {
        for (name, isTrusted) in [("api.test", true), ("other.test", false), (nil, false)] {
            let answer = try await ask("name") {
                $0.trust = try authority("ca")
                $0.serverName = name
            }
            #expect(answer.contains("gitVersion") == isTrusted, "\(name ?? "no name"): \(answer)")
            #expect(answer.contains("TLS failed") != isTrusted, "\(answer)")
        }
    }

    @Test("a certificate for another name is refused with the names on both sides")
    func wrongName() async throws {
        let byAddress = try await ask("name") { $0.trust = try authority("ca") }
        #expect(byAddress == "TLS failed: the server's certificate is not for 127.0.0.1: it is for api.test")
        let byName = try await ask("name") {
            $0.trust = try authority("ca")
            $0.serverName = "other.test"
        }
        #expect(byName == "TLS failed: the server's certificate is not for other.test: it is for api.test")
    }

    @Test("a client certificate lets in, none does not")
    func clientCertificates() async throws {
        let right = try await ask(clients: true) {
            $0.trust = try authority("ca")
            $0.clientCertificate = try shown("client")
        }
        #expect(right.contains("gitVersion"), "\(right)")
        let none = try await ask(clients: true) { $0.trust = try authority("ca") }
        #expect(!none.contains("gitVersion"), "\(none)")
        let foreign = try await ask(clients: true) {
            $0.trust = try authority("ca")
            $0.clientCertificate = try shown("other")
        }
        #expect(!foreign.contains("gitVersion"), "\(foreign)")
    }

    @Test("a plugin's certificate lets in")
    func pluginCertificate() async throws {
        let certificates = try Self.certificates.get()
        let folder = try TemporaryFolder()
        func json(_ name: String) throws -> String { DocumentValue.string(try certificates.folder.read(name)).json }
        try folder.write(
            "credential",
            #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"#
                + #""clientCertificateData":\#(try json("client.crt")),"clientKeyData":\#(try json("client.key"))}}"#)
        let script = try folder.script("login", "cat \(folder.path)/credential")
        let answer = try await ask(clients: true) {
            $0.trust = try authority("ca")
            $0.credentials = .exec(Kubeconfig.ExecPlugin(command: script))
        }
        #expect(answer.contains("gitVersion"), "\(answer)")
    }

    @Test("an invalid certificate is named")
    func badFiles() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("x", "nothing")
        #expect(try await ask { $0.trust = .authorities(.file(path)) }.contains("the certificate authority is not PEM"))
        let key = try await ask {
            $0.trust = try authority("ca")
            $0.clientCertificate = try shown("client")
            $0.clientCertificate?.key = .file(path)
        }
        #expect(key.contains("the client key is not PEM, or has a passphrase"))
    }
}
