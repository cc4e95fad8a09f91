// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Where the API is, how its server is verified, and our credentials.
package struct ClusterConnection: Sendable {
    package enum Trust: Sendable, Hashable {
        /// With a certificate of an authority that the machine trusts.
        case system
        /// With a certificate of one of these authorities, in PEM.
        case authorities(Kubeconfig.Material)
        /// Not at all: any server is accepted.
        case anyone
    }

    /// What is sent along with each request.
    package enum Credentials: Sendable, Hashable {
        case none
        /// A bearer token; one in a file is read again every minute, and after it was refused.
        case token(Kubeconfig.Material)
        /// A name and a password.
        case password(username: String, password: String)
        /// What a program prints: an ExecCredential of client.authentication.k8s.io.
        case exec(Kubeconfig.ExecPlugin)
    }

    /// A certificate and its key, in PEM.
    package struct ClientCertificate: Sendable, Hashable {
        /// The certificate, with those that lead to its authority.
        package var certificate: Kubeconfig.Material
        package var key: Kubeconfig.Material

        package init(certificate: Kubeconfig.Material, key: Kubeconfig.Material) {
            self.certificate = certificate
            self.key = key
        }
    }

    package var server: ServerAddress
    package var trust = Trust.system
    /// The name to ask for and to find in the server's certificate, if it is not that of ``server``.
    package var serverName: String?
    /// What is sent along with each request.
    package var credentials = Credentials.none
    /// The certificate that is shown to the server.
    package var clientCertificate: ClientCertificate?
    /// What an exec plugin receives about the cluster in addition to its address.
    package var execExtension: DocumentValue?
    /// The proxy that the server is reached by, if it is not reached directly.
    package var proxy: ProxyAddress?
    /// Where all this comes from, for the log.
    package var origin: String

    package init(server: ServerAddress, origin: String) {
        self.server = server
        self.origin = origin
    }

    /// Finds the API as kube-proxy does: from a kubeconfig, from an address alone, or from inside the cluster.
    ///
    /// - Parameters:
    ///   - kubeconfig: the path of a kubeconfig (`--kubeconfig`).
    ///   - context: the context of it to use instead of its `current-context`.
    ///   - master: the address (`--master`); wins over the one of the kubeconfig.
    ///   - account: where a pod finds its account; used if there is neither a kubeconfig nor an address.
    ///   - log: gets everything that is wrong.
    /// - Returns: `nil` if there was an error.
    package static func find(
        kubeconfig: String? = nil, context: String? = nil, master: String? = nil,
        account: ServiceAccount = ServiceAccount(), log: inout DiagnosticLog
    ) -> ClusterConnection? {
        var connection: ClusterConnection?
        if let kubeconfig {
            connection = self.kubeconfig(kubeconfig, context: context, master: master, log: &log)
        } else if let master {
            connection = address(master, named: "--master", log: &log).map {
                ClusterConnection(server: $0, origin: "--master")
            }
        } else {
            connection = account.connection(log: &log)
        }
        guard var connection, connection.proxy == nil else { return connection }
        do throws(ProxyEnvironment.Malformed) {
            connection.proxy = try ProxyEnvironment(environment: account.environment).proxy(for: connection.server)
            return connection
        } catch {
            log.add(Diagnostic(.error, file: error.variable, message: error.message))
            return nil
        }
    }

    private static func kubeconfig(
        _ path: String, context: String?, master: String?, log: inout DiagnosticLog
    ) -> ClusterConnection? {
        guard let file = Kubeconfig.read(path: path, context: context, log: &log) else { return nil }
        guard let text = master ?? file.cluster.server else {
            log.add(
                Diagnostic(
                    .error, file: path,
                    message: "the cluster \(ServerText.quoted(file.cluster.name)) has no server; it must be a URL"))
            return nil
        }
        guard let server = address(text, named: master == nil ? path : "--master", log: &log) else { return nil }
        var connection = ClusterConnection(
            server: server, origin: "\(path), context \(ServerText.quoted(file.context))")
        if file.cluster.skipsVerification {
            connection.trust = .anyone
        } else if let authorities = file.cluster.authorities {
            connection.trust = .authorities(authorities)
        }
        connection.serverName = file.cluster.tlsServerName
        connection.execExtension = file.cluster.execExtension
        connection.proxy = file.cluster.proxy
        if let certificate = file.user.certificate, let key = file.user.key {
            connection.clientCertificate = ClientCertificate(certificate: certificate, key: key)
        }
        if let exec = file.user.exec {
            connection.credentials = .exec(exec)
        } else if let token = file.user.token {
            connection.credentials = .token(token)
        } else if let username = file.user.username {
            connection.credentials = .password(username: username, password: file.user.password ?? "")
        }
        return connection
    }

    private static func address(_ text: String, named source: String, log: inout DiagnosticLog) -> ServerAddress? {
        do throws(ServerAddress.Malformed) {
            return try ServerAddress(text)
        } catch {
            log.add(Diagnostic(.error, file: source, message: error.message))
            return nil
        }
    }
}
