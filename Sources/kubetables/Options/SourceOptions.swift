// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesAPI
import KubernetesObjects
import Proxy
import ProxyConfiguration

/// The source of Services and endpoints.
struct SourceOptions: ParsableArguments {
    /// The manifests to serve if there is no other source.
    static let defaultManifests = "/etc/kubetables/manifests"

    @Option(
        help: ArgumentHelp("A directory of manifests to watch.", valueName: "directory"),
        completion: .directory)
    var manifests: String?

    @Flag(
        help: """
            Accept a directory of manifests without any object. Otherwise, one is waited for at the start, and a directory \
            that loses its last manifest leaves the last good state in force.
            """)
    var allowEmpty = false

    @Option(.manifestRemovalDelay) var manifestRemovalDelay: FlagValue?
    @Option(.kubeconfig) var kubeconfig: FlagValue?

    @Option(
        help: ArgumentHelp("The address of the Kubernetes API, overriding that of the kubeconfig.", valueName: "url"))
    var master: String?

    mutating func validate() throws {
        if manifests != nil, kubeconfig?.text.isEmpty == false || master?.isEmpty == false {
            throw ValidationError(
                "--manifests cannot be combined with --kubeconfig or --master: there is one source only")
        }
    }

    /// The source that flags, configuration or the pod's service account select.
    ///
    /// - Parameter nodeName: the name of this node.
    /// - Throws: `ExitCode.badInput` if the kubeconfig or the service account cannot be used.
    func objectSource(_ options: ProxyOptions, nodeName: String) throws -> ObjectSource {
        if let manifests { return .manifests(manifestSource(manifests, options)) }
        let kubeconfig = options.kubeconfig
        let master = master.flatMap { $0.isEmpty ? nil : $0 }
        let account = ServiceAccount()
        guard kubeconfig != nil || master != nil || account.isPresent else {
            return .manifests(manifestSource(Self.defaultManifests, options))
        }
        var log = DiagnosticLog()
        let connection = ClusterConnection.find(kubeconfig: kubeconfig, master: master, account: account, log: &log)
        Console.report(log.diagnostics)
        guard let connection else { throw ExitCode.badInput }
        return .cluster(ClusterSource(connection, nodeName: nodeName, version: kubetablesVersion))
    }

    private func manifestSource(_ directory: String, _ options: ProxyOptions) -> ManifestSource {
        ManifestSource(
            directory: directory, allowsEmpty: allowEmpty, removalDelay: options.effectiveManifestRemovalDelay)
    }
}

extension ServiceAccount {
    /// Whether this process runs in a pod of a cluster.
    fileprivate var isPresent: Bool { environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false }
}
