import Documents
import KubernetesObjects

/// A kubeconfig file, as far as one context of it says where the API is and who we are.
///
/// Other contexts, clusters and users of the file are not looked at: what is wrong with them is no error.
public struct Kubeconfig: Sendable, Hashable {
    /// Bytes that stand in the file itself, or in another one.
    public enum Material: Sendable, Hashable {
        /// The bytes.
        case bytes([UInt8])
        /// The path of the file that holds them.
        case file(String)
    }

    /// Where the API is, and how its server shows that it is the right one.
    public struct Cluster: Sendable, Hashable {
        /// The name of the cluster in the file.
        public var name = ""
        /// `server`, if there is one: a URL.
        public var server: String?
        /// `certificate-authority-data` or `certificate-authority`, in PEM.
        public var authorities: Material?
        /// `insecure-skip-tls-verify`.
        public var skipsVerification = false
        /// `tls-server-name`: the name to ask for and to find in the certificate, instead of the server's.
        public var tlsServerName: String?
        /// The extension `client.authentication.k8s.io/exec`, which exec plugins get.
        public var execExtension: DocumentValue?

        /// A cluster that says nothing.
        public init() {}
    }

    /// A program that prints credentials.
    public struct ExecPlugin: Sendable, Hashable {
        /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
        public var apiVersion: String
        /// A path, or a name to be found by PATH.
        public var command: String
        /// The arguments.
        public var arguments: [String] = []
        /// What is added to the environment, in order.
        public var environment: [Variable] = []
        /// Whether the plugin is told which cluster it is for.
        public var wantsClusterInfo = false
        /// What to tell the user if the program is not there.
        public var installHint = ""

        /// A variable of the environment.
        public struct Variable: Sendable, Hashable {
            /// The name.
            public var name: String
            /// The value.
            public var value: String

            /// Puts a name and a value together.
            public init(name: String, value: String) {
                self.name = name
                self.value = value
            }
        }

        /// Names the program.
        public init(apiVersion: String = "client.authentication.k8s.io/v1", command: String) {
            self.apiVersion = apiVersion
            self.command = command
        }
    }

    /// Who we are.
    public struct User: Sendable, Hashable {
        /// `client-certificate-data` or `client-certificate`, in PEM; there is a key whenever there is a certificate.
        public var certificate: Material?
        /// `client-key-data` or `client-key`, in PEM.
        public var key: Material?
        /// `tokenFile` or, without one, `token`.
        public var token: Material?
        /// `username`, with a `password`.
        public var username: String?
        /// `password`.
        public var password: String?
        /// `exec`.
        public var exec: ExecPlugin?

        /// Nobody in particular.
        public init() {}
    }

    /// The name of the context.
    public var context: String
    /// The context's cluster.
    public var cluster: Cluster
    /// The context's user.
    public var user: User

    /// Puts a context together.
    public init(context: String, cluster: Cluster, user: User) {
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
    /// - Returns: `nil` if the file cannot be read or the context cannot be used; `log` says why.
    public static func read(path: String, context: String? = nil, log: inout DiagnosticLog) -> Kubeconfig? {
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
            log.add(fields.diagnostics)
            return fields.hasErrors ? nil : configuration
        }
    }
}
