// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

extension LinuxHost {
    package var runningProxies: [RunningProxy] {
        proxyProcesses + Self.proxyPorts.filter(Self.isAnswering).map(RunningProxy.port)
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

    private static func isAnswering(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Loopback refuses at once; only a rule that drops would keep this waiting.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
