// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// What a report is about: the running program of this node, manifests, or a cluster.
struct InspectedSourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: ArgumentHelp(
            "A manifest, a directory of manifests, or - for standard input, instead of the running program.",
            valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var paths: [String] = []

    @Option(.kubeconfig) var kubeconfig: FlagValue?

    @Option(
        help: ArgumentHelp("The address of the Kubernetes API, overriding that of the kubeconfig.", valueName: "url"))
    var master: String?

    @OptionGroup var running: RunningSourceOptions

    mutating func validate() throws {
        let sources = [
            ("-f", !paths.isEmpty), ("--kubeconfig or --master", readsCluster), ("--socket", running.socket != nil),
            ("--server", running.server != nil),
        ].filter(\.1).map(\.0)
        if sources.count > 1 {
            throw ValidationError("\(sources[0]) cannot be combined with \(sources[1]): there is one source only")
        }
        try InputOptions.check(paths)
    }

    /// Whether a cluster is read.
    var readsCluster: Bool { kubeconfig?.text.isEmpty == false || master?.isEmpty == false }
}

/// How the running program of this node is reached.
struct RunningSourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The Unix socket of the running program. (default: /run/kubetables/kubetables.sock)", valueName: "path"),
        completion: .file())
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "The address of the running program's pages (--metrics-bind-address), instead of its socket.",
            valueName: "address:port"))
    var server: String?
}
