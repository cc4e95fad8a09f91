// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects

/// The account that every pod has: where it finds the API, and its token (`rest.InClusterConfig`).
package struct ServiceAccount: Sendable, Hashable {
    /// Where the kubelet mounts the token and the authorities.
    package static let defaultFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    package var environment: [String: String]
    /// The folder with the files `token` and `ca.crt` in it.
    package var folder: String

    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String = ServiceAccount.defaultFolder
    ) {
        self.environment = environment
        self.folder = folder
    }

    private static let hostVariable = "KUBERNETES_SERVICE_HOST"
    private static let portVariable = "KUBERNETES_SERVICE_PORT"

    /// The connection to the API of the cluster that this pod is in.
    ///
    /// - Parameter log: gets everything that is missing.
    /// - Returns: `nil` if there was an error.
    package func connection(log: inout DiagnosticLog) -> ClusterConnection? {
        guard let host = environment[Self.hostVariable], !host.isEmpty,
            let port = environment[Self.portVariable], !port.isEmpty
        else {
            let message =
                "\(Self.hostVariable) and \(Self.portVariable) are not set, so this is not a pod of a cluster; "
                + "set --kubeconfig or --master"
            log.add(Diagnostic(.error, file: "", message: message))
            return nil
        }
        guard let server = try? ServerAddress("https://\(ServerAddress.bracketed(host)):\(port)") else {
            let given = ServerText.quoted("\(host) \(port)")
            let message =
                "\(Self.hostVariable) and \(Self.portVariable) hold \(given); they must be an address and a port"
            log.add(Diagnostic(.error, file: "", message: message))
            return nil
        }
        let authorities = "\(folder)/ca.crt"
        let token = "\(folder)/token"
        for path in [authorities, token] where !FileManager.default.isReadableFile(atPath: path) {
            log.add(
                Diagnostic(
                    .error, file: path,
                    message: "cannot be read; the pod must have automountServiceAccountToken: true"))
        }
        if log.hasErrors { return nil }
        var connection = ClusterConnection(server: server, origin: "the pod's service account")
        connection.trust = .authorities(.file(authorities))
        connection.credentials = .token(.file(token))
        return connection
    }
}
