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

    @Test("are described in one line")
    func descriptions() {
        let process = RunningProxy.process(name: "kube-proxy", identifier: 7)
        #expect("\(process)" == "kube-proxy (process 7) is running in this network namespace")
        #expect(
            "\(RunningProxy.port(10256))" == "port 10256 on 127.0.0.1 answers, as that of a kube-proxy or kubetables")
    }
}
