// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// What an exec plugin printed: an ExecCredential (client.authentication.k8s.io).
struct ExecCredential: Sendable, Hashable {
    /// The bearer token, if there is one.
    var token: String?
    /// A certificate with its key in PEM, if there is one.
    var certificate: ClusterConnection.ClientCertificate?
    /// When it must be renewed; `nil`: when the server refuses it.
    var expiration: Timestamp?

    /// Reads what a plugin printed.
    ///
    /// - Throws: ``APIFailure/credentials(_:)`` without a word of what was printed, since it may be a secret.
    init(_ output: [UInt8], apiVersion: String) throws(APIFailure) {
        let value: DocumentValue
        do throws(DocumentError) {
            value = try DocumentValue(json: output)
        } catch {
            throw .credentials("invalid output: must be JSON (line \(error.line), column \(error.column))")
        }
        guard let object = value.object, object["kind"]?.string == "ExecCredential" else {
            throw .credentials("invalid output: must be an ExecCredential")
        }
        guard object["apiVersion"]?.string == apiVersion else {
            let found = ServerText.quoted(object["apiVersion"]?.string ?? "")
            throw .credentials("the plugin printed an ExecCredential of \(found) instead of \(apiVersion)")
        }
        guard let status = object["status"]?.object else {
            throw .credentials("the ExecCredential of the plugin has no status")
        }
        token = status["token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let pair = ["clientCertificateData", "clientKeyData"].map { key in
            status[key]?.string.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        }
        switch (pair[0], pair[1]) {
        case (let certificate?, let key?):
            self.certificate = ClusterConnection.ClientCertificate(certificate: .bytes(certificate), key: .bytes(key))
        case (nil, nil):
            break
        default:
            throw .credentials("the ExecCredential has only one of clientCertificateData and clientKeyData")
        }
        guard token != nil || certificate != nil else {
            throw .credentials("the ExecCredential has neither a token nor a certificate")
        }
        if let text = status["expirationTimestamp"]?.string {
            guard let time = Timestamp(text) else {
                throw .credentials("invalid expirationTimestamp \(ServerText.quoted(text)): must be a time of RFC 3339")
            }
            expiration = time
        }
    }
}
