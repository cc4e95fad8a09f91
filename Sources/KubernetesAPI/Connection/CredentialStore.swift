// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import NIOSSL

/// The credentials of a request, and the certificates of both sides.
struct Identity: Sendable {
    /// The value of `Authorization`, if there is one.
    var authorization: String?
    /// The certificates of both sides; `nil` without encryption.
    var encryption: TLSConfiguration?
    /// Counts the renewals, so that a refusal of earlier credentials is recognized.
    fileprivate var generation: Int
}

/// Keeps the credentials of a connection, and renews them when they expire or are refused.
actor CredentialStore {
    private let connection: ClusterConnection
    private let limits: ClientLimits
    private var token: CredentialFile?
    private var authorities: CredentialFile?
    private var certificate: CredentialFile?
    private var key: CredentialFile?
    private var generation = 0
    private var encryption: (parts: [[UInt8]], configuration: TLSConfiguration)?
    private var printed: ExecCredential?
    private var printing: Task<Result<ExecCredential, APIFailure>, Never>?

    init(_ connection: ClusterConnection, limits: ClientLimits) {
        self.connection = connection
        self.limits = limits
        func file(_ material: Kubeconfig.Material) -> CredentialFile {
            CredentialFile(material, period: limits.rereadPeriod)
        }
        if case .token(let material) = connection.credentials { token = file(material) }
        if case .authorities(let material) = connection.trust { authorities = file(material) }
        certificate = connection.clientCertificate.map { file($0.certificate) }
        key = connection.clientCertificate.map { file($0.key) }
    }

    /// What the next request carries.
    func identity() async throws(APIFailure) -> Identity {
        var authorization: String?
        var shown: (certificate: [UInt8], key: [UInt8])?
        switch connection.credentials {
        case .none:
            break
        case .token:
            let bytes = try token?.bytes() ?? []
            authorization = "Bearer \(try Self.headerText(bytes))"
        case .password(let username, let password):
            authorization = "Basic \(Data("\(username):\(password)".utf8).base64EncodedString())"
        case .exec(let plugin):
            let credential = try await credential(of: plugin)
            authorization = try credential.token.map { token throws(APIFailure) in
                "Bearer \(try Self.headerText(Array(token.utf8)))"
            }
            if case .bytes(let certificate)? = credential.certificate?.certificate,
                case .bytes(let key)? = credential.certificate?.key
            {
                shown = (certificate, key)
            }
        }
        if shown == nil, let certificate = try certificate?.bytes(), let key = try key?.bytes() {
            shown = (certificate, key)
        }
        return Identity(
            authorization: authorization, encryption: try encryption(showing: shown), generation: generation)
    }

    /// Called after a server refused an identity: files are read again, plugins run again.
    func refuse(_ identity: Identity) {
        guard identity.generation == generation else { return }
        generation += 1
        token?.expire()
        authorities?.expire()
        certificate?.expire()
        key?.expire()
        printed = nil
    }

    /// The credential of a plugin; however many ask, it runs once.
    private func credential(of plugin: Kubeconfig.ExecPlugin) async throws(APIFailure) -> ExecCredential {
        if let printed, printed.expiration.map({ $0 > .now }) ?? true { return printed }
        let task: Task<Result<ExecCredential, APIFailure>, Never>
        if let printing {
            task = printing
        } else {
            let runner = ExecPluginRunner(plugin: plugin, connection: connection, limit: limits.plugin)
            task = Task {
                do throws(APIFailure) { return .success(try await runner.credential()) } catch {
                    return .failure(error)
                }
            }
            printing = task
        }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        if printing == task { printing = nil }
        if case .success(let credential) = result { printed = credential }
        return try result.get()
    }

    /// A token as a header can carry it.
    private static func headerText(_ bytes: [UInt8]) throws(APIFailure) -> String {
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .credentials(
                text.isEmpty ? "the token is empty" : "the token has characters that are not allowed in a token")
        }
        return text
    }

    /// What both sides show; the same value as before if nothing changed, so that connections are used again.
    private func encryption(
        showing shown: (certificate: [UInt8], key: [UInt8])?
    ) throws(APIFailure) -> TLSConfiguration? {
        guard connection.server.isEncrypted else { return nil }
        let authorities = try authorities?.bytes()
        let parts = [authorities ?? [], shown?.certificate ?? [], shown?.key ?? []]
        if let encryption, encryption.parts == parts { return encryption.configuration }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if connection.trust == .anyone { configuration.certificateVerification = .none }
        if let authorities {
            let certificates = try Self.certificates(authorities, what: "the certificate authority")
            configuration.trustRoots = .certificates(certificates)
        }
        if let shown {
            let certificates = try Self.certificates(shown.certificate, what: "the client certificate")
            configuration.certificateChain = certificates.map { .certificate($0) }
            guard let key = try? NIOSSLPrivateKey(bytes: shown.key, format: .pem) else {
                throw .credentials("the client key is not PEM, or has a passphrase")
            }
            configuration.privateKey = .privateKey(key)
        }
        encryption = (parts, configuration)
        return configuration
    }

    private static func certificates(_ pem: [UInt8], what: String) throws(APIFailure) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            throw .credentials("\(what) is not PEM")
        }
        return certificates
    }
}
