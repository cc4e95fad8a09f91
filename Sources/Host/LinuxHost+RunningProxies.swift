// SPDX-License-Identifier: Apache-2.0

import Glibc

extension LinuxHost {
    package var runningProxies: [RunningProxy] {
        let listening = listeningPorts
        return proxyProcesses + Self.proxyPorts.filter(listening.contains).map(RunningProxy.port)
    }

    // MARK: Processes

    /// Those that are called kube-proxy, and those of `kubetables run`, in the network namespace of the calling thread.
    var proxyProcesses: [RunningProxy] {
        guard let directory = opendir(root + "proc"), let own = networkNamespace("thread-self") else { return [] }
        defer { closedir(directory) }
        var found: [(name: String, identifier: Int32)] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            guard let identifier = Int32(name), identifier != getpid(), let proxy = proxyName(name),
                networkNamespace(name) == own
            else { continue }
            found.append((proxy, identifier))
        }
        return found.sorted { $0.identifier < $1.identifier }.map { .process(name: $0.name, identifier: $0.identifier) }
    }

    private func proxyName(_ process: String) -> String? {
        guard let text = try? KernelFile(path: "\(root)proc/\(process)/cmdline").text() else { return nil }
        let arguments = text.split(separator: "\0")
        switch arguments.first?.split(separator: "/").last {
        case "kube-proxy": return "kube-proxy"
        case "kubetables" where arguments.dropFirst().first == "run": return "kubetables"
        default: return nil
        }
    }

    private func networkNamespace(_ process: String) -> UInt64? {
        var status = stat()
        return stat("\(root)proc/\(process)/ns/net", &status) == 0 ? UInt64(status.st_ino) : nil
    }

    // MARK: Ports

    /// The default ports of kube-proxy's probes and metrics.
    private static let proxyPorts: [UInt16] = [10256, 10249]

    /// The state of a socket that listens, as /proc/net/tcp has it (`TCP_LISTEN`, include/net/tcp_states.h).
    private static let listening = "0A"

    /// The TCP ports that something listens on, at any address, in the network namespace of the calling thread.
    ///
    /// Nothing is sent: a connection would show up in the log of whatever listens, and a rule could drop it.
    var listeningPorts: Set<UInt16> {
        // Below "thread-self", since /proc/net is that of the process's first thread.
        Set(["tcp", "tcp6"].flatMap { Self.listeningPorts("\(root)proc/thread-self/net/\($0)") })
    }

    /// Lines as `0: 00000000:2810 00000000:0000 0A …` (net/ipv4/tcp_ipv4.c, `get_tcp4_sock`), under a heading.
    private static func listeningPorts(_ path: String) -> [UInt16] {
        // A kernel without IPv6 has no tcp6.
        guard let text = try? KernelFile(path: path).text() else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 4)
            guard fields.count > 3, fields[3] == listening, let colon = fields[1].lastIndex(of: ":") else { return nil }
            return UInt16(fields[1][fields[1].index(after: colon)...], radix: 16)
        }
    }
}
