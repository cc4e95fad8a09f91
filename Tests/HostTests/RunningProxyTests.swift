// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Host

@Suite("Programs that keep the rules") struct RunningProxyTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("own-namespace", "")
        try folder.write("other-namespace", "")
        try process("thread-self", "kubetables cleanup", namespace: "own")
    }

    private func process(_ identifier: String, _ command: String, namespace: String) throws {
        let proc = "proc/\(identifier)"
        try folder.write("\(proc)/cmdline", command.replacing(" ", with: "\0") + "\0")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(proc)/ns", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/\(proc)/ns/net", withDestinationPath: "\(folder.path)/\(namespace)-namespace")
    }

    @Test("are kube-proxies and runs of kubetables in this network namespace")
    func processes() throws {
        try process("300", "/usr/local/bin/kube-proxy --config=x", namespace: "own")
        try process("200", "kubetables run --manifests x", namespace: "own")
        try process("201", "kubetables plan -f x", namespace: "own")
        try process("202", "kubetables run", namespace: "other")
        try process("203", "vim kube-proxy", namespace: "own")
        try process("\(getpid())", "kubetables run", namespace: "own")
        #expect(
            LinuxHost(root: folder.path).proxyProcesses == [
                .process(name: "kubetables", identifier: 200), .process(name: "kube-proxy", identifier: 300),
            ])
    }

    /// The first lines of /proc/net/tcp and tcp6 of a node.
    @Test("are also assumed where something listens on a port of theirs, at any address")
    func ports() throws {
        let heading =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        func line(_ local: String, _ remote: String, _ state: String) -> String {
            "   0: \(local) \(remote) \(state) 00000000:00000000 00:00000000 00000000     0        0 57911 1\n"
        }
        let any = String(repeating: "0", count: 32)
        let net = "proc/thread-self/net"
        // 10249 is only the other end of a connection, or one that is over.
        try folder.write(
            "\(net)/tcp",
            heading + line("00000000:0016", "00000000:0000", "0A") + line("0100007F:2809", "0100007F:9C40", "06")
                + line("0100007F:9C40", "0100007F:2809", "01") + "damaged\n")
        let host = LinuxHost(root: folder.path)
        #expect(host.listeningPorts == [22])
        #expect(host.runningProxies.isEmpty)
        try folder.write("\(net)/tcp6", heading + line("\(any):2810", "\(any):0000", "0A"))
        #expect(host.listeningPorts == [22, 10256])
        #expect(host.runningProxies == [.port(10256)])
        try folder.write("\(net)/tcp", heading + line("0A32A8C0:2809", "00000000:0000", "0A"))
        #expect(host.runningProxies == [.port(10256), .port(10249)])
    }

    @Test("are described in one line")
    func descriptions() {
        let process = RunningProxy.process(name: "kube-proxy", identifier: 7)
        #expect("\(process)" == "kube-proxy (process 7) is running in this network namespace")
        #expect(
            "\(RunningProxy.port(10256))"
                == "another process listens on port 10256, which is that of a kube-proxy or kubetables,")
    }
}
