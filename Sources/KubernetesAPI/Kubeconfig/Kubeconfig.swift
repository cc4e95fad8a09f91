// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// One context of a kubeconfig file: where the API is, and our credentials.
///
/// Other contexts, clusters and users of the file are not looked at: what is wrong with them is no error.
package struct Kubeconfig: Sendable, Hashable {
    /// Bytes that stand in the file itself, or in another one.
    package enum Material: Sendable, Hashable {
        case bytes([UInt8])
        /// The path of the file that holds them.
        case file(String)
    }

    /// Where the API is, and how its server shows that it is the right one.
    package struct Cluster: Sendable, Hashable {
        package var name = ""
        /// `server`, if there is one: a URL.
        package var server: String?
        /// `certificate-authority-data` or `certificate-authority`, in PEM.
        package var authorities: Material?
        package var skipsVerification = false
        /// `tls-server-name`: the name to ask for and to find in the certificate, instead of the server's.
        package var tlsServerName: String?
        /// `proxy-url`: wins over the environment.
        package var proxy: ProxyAddress?
        /// The extension `client.authentication.k8s.io/exec`, which exec plugins get.
        package var execExtension: DocumentValue?

        package init() {}
    }

    /// A program that prints credentials.
    package struct ExecPlugin: Sendable, Hashable {
        /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
        package var apiVersion: String
        /// A path, or a name to be found by PATH.
        package var command: String
        package var arguments: [String] = []
        /// What is added to the environment, in order.
        package var environment: [Variable] = []
        /// Whether the plugin receives the cluster it is for.
        package var wantsClusterInfo = false
        /// Advice for the user if the program is not installed.
        package var installHint = ""

        /// A variable of the environment.
        package struct Variable: Sendable, Hashable {
            package var name: String
            package var value: String

            package init(name: String, value: String) {
                self.name = name
                self.value = value
            }
        }

        package init(apiVersion: String = "client.authentication.k8s.io/v1", command: String) {
            self.apiVersion = apiVersion
            self.command = command
        }
    }

    package struct User: Sendable, Hashable {
        /// `client-certificate-data` or `client-certificate`, in PEM; there is a key whenever there is a certificate.
        package var certificate: Material?
        /// `client-key-data` or `client-key`, in PEM.
        package var key: Material?
        /// `tokenFile` or, without one, `token`.
        package var token: Material?
        /// `username`, with a `password`.
        package var username: String?
        package var password: String?
        package var exec: ExecPlugin?

        package init() {}
    }

    package var context: String
    package var cluster: Cluster
    package var user: User

    package init(context: String, cluster: Cluster, user: User) {
        self.context = context
        self.cluster = cluster
        self.user = user
    }

    /// Reads a file in YAML or JSON; relative paths in it count from its own folder.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - context: the context to use instead of the file's `current-context`.
    ///   - log: gets everything that is wrong with it.
    /// - Returns: `nil` if the file cannot be read or the context cannot be used; `log` has the reason.
    package static func read(path: String, context: String? = nil, log: inout DiagnosticLog) -> Kubeconfig? {
        do throws(InputFiles.Failure) {
            return read(try InputFiles.content(of: path), file: path, context: context, log: &log)
        } catch {
            log.add(Diagnostic(.error, file: error.path, message: error.message))
            return nil
        }
    }

    /// Reads a configuration from a text.
    static func read(
        _ text: [UInt8], file: String, context: String? = nil, log: inout DiagnosticLog
    ) -> Kubeconfig? {
        var documents: [DocumentStream.Document] = []
        text.withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { document in
                if case .success(.null) = document.content { return }
                documents.append(document)
            }
        }
        guard let document = documents.first, documents.count == 1 else {
            let what = documents.isEmpty ? "holds no kubeconfig" : "holds \(documents.count) documents"
            log.add(Diagnostic(.error, file: file, message: "\(what); it must hold one, of kind Config"))
            return nil
        }
        let origin = ObjectOrigin(file: file, document: document.number, line: document.line)
        switch document.content {
        case .failure(let error):
            log.add(
                Diagnostic(
                    .error, file: file, origin: origin, line: error.line, column: error.column, message: error.message))
            return nil
        case .success(let value):
            var fields = FieldReader(kind: value.object?["kind"]?.string ?? "Config", origin: origin)
            let configuration = fields.object(value).flatMap { KubeconfigReading.read($0, context: context, &fields) }
            log.add(fields.log)
            return fields.hasErrors ? nil : configuration
        }
    }
}
