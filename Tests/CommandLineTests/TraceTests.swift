// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `trace` and `graph` of a running program, with what the kernel remembers of real packets.
@Suite("Traces of a running program", .needsKernel) struct TraceTests {
    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          clusterIP: 10.96.0.10
          sessionAffinity: ClientIP
          ports: [{port: 80, nodePort: 30080}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints:
        - {addresses: [10.244.1.11], targetRef: {kind: Pod, name: web-0}}
        - {addresses: [10.244.1.12], targetRef: {kind: Pod, name: web-1}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: none}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}

        """

    private let node: StatusNode
    private let folder: TemporaryFolder

    /// A node with an interface, by which it reaches a client and pods that never answer.
    init() throws {
        node = try StatusNode()
        folder = try TemporaryFolder()
        try node.write(Self.objects)
        for command in [
            "ip link add eth0 type veth peer name peer0", "ip link set eth0 up", "ip link set peer0 up",
            "ip address add 192.168.50.10/24 dev eth0", "ip route add 10.0.0.0/8 via 192.168.50.20",
            "sysctl -qw net.ipv4.ip_forward=1",
        ] {
            #expect(
                try node.namespace.attempt(command.split(separator: " ").map(String.init)).status == 0, "\(command)")
        }
        try node.start(["--socket", socket])
    }

    private var socket: String { "\(folder.path)/k.sock" }

    private func trace(_ source: String, _ destination: String, _ arguments: String...) throws -> ProcessResult {
        try node.namespace.attempt(
            [Repository.tool, "trace", "--from", source, "--to", destination, "--socket", socket] + arguments)
    }

    @Test("show endpoints and masquerading, and end with 2 where packets are refused")
    func outcomes() throws {
        let clusterIP = try trace("192.168.50.20", "10.96.0.10:80")
        #expect(clusterIP.status == 0, "\(clusterIP.errors)")
        #expect(clusterIP.output.hasPrefix("TCP 192.168.50.20 -> 10.96.0.10:80, new, in by eth0  (desired rules)\n"))
        #expect(clusterIP.output.contains("=> 1/2 (50.00%): 10.244.1.11:8080, pod web-0, out by eth0\n"))
        #expect(clusterIP.output.contains("     remembers this client for 10,800 s\n"))
        let nodePort = try trace("192.168.50.20", "192.168.50.10:30080/tcp")
        #expect(nodePort.status == 0)
        #expect(nodePort.output.contains("     masqueraded to 192.168.50.10\n"), "\(nodePort.output)")
        let refused = try trace("192.168.50.20", "10.96.0.11:80")
        #expect(refused.status == 2 && refused.errors == "")
        #expect(refused.output.contains("=> rejected with icmp-port-unreachable\n"))
        let json = try trace("192.168.50.20", "10.96.0.11:80", "-o", "json")
        #expect(json.status == 2)
        let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(report?["kind"] as? String == "Trace")
    }

    @Test("show the endpoint that a client is pinned to, and its tracked flow")
    func affinity() throws {
        // Nothing answers, but the kernel remembers both.
        _ = try node.namespace.attempt(["curl", "-s", "--max-time", "1", "http://10.96.0.10/"])
        let result = try trace("192.168.50.10", "10.96.0.10:80")
        #expect(result.status == 0)
        #expect(result.output.contains("-> 10.96.0.10:80, new, from this node "))
        let pinned = try #require(
            try
                /=> (10\.244\.1\.1[12]:8080), pod .*\n(?:.*\n)?     this client is pinned to (.*), 10,(?:800|79[0-9]) s left\n/
                .firstMatch(in: result.output), "\(result.output)")
        #expect(pinned.1 == pinned.2)
        #expect(result.output.contains(#/\nflow: 192\.168\.50\.10:[0-9]+ goes to 10/#), "\(result.output)")
        #expect(result.output.contains("\nnote: the flows listed go on as they do"))
        let other = try trace("192.168.50.20", "10.96.0.10:80")
        #expect(!other.output.contains("pinned") && !other.output.contains("\nflow: "))
    }

    @Test("read the kernel's rules, foreign ones too, and change no table")
    func live() throws {
        try node.namespace.run("iptables-legacy", "-I", "FORWARD", "-d", "10.244.1.0/24", "-j", "DROP")
        let tables = try node.namespace.run("cat", "/proc/net/ip_tables_names")
        #expect(try trace("192.168.50.20", "10.96.0.10:80").status == 0)
        let result = try trace("192.168.50.20", "10.96.0.10:80", "--live", "-o", "wide")
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.output.contains("(kernel rules)\n"))
        #expect(
            result.output.contains("    FORWARD#1  -A FORWARD -d 10.244.1.0/24 -j DROP  [foreign]\n"),
            "\(result.output)")
        #expect(result.output.contains("=> 1/2 (50.00%): dropped, on the way to 10.244.1.11:8080, pod web-0\n"))
        #expect(try node.namespace.run("cat", "/proc/net/ip_tables_names") == tables)
        // A command reads by itself what it is given manifests for.
        let offline = try node.namespace.attempt([
            Repository.tool, "trace", "--from", "192.168.50.20", "--to", "10.96.0.10:80", "--live", "-f",
            node.directory.path, "--hostname-override", StatusNode.name,
        ])
        #expect(offline.status == 2, "\(offline.errors)")
        #expect(offline.output.contains("[foreign]"))
        let unprivileged = try node.namespace.attempt(
            [
                "setpriv", "--bounding-set=-all", "--inh-caps=-all", Repository.tool, "trace", "--from",
                "192.168.50.20", "--to", "10.96.0.10:80", "--live", "-f", "-", "--hostname-override", StatusNode.name,
            ], input: Self.objects)
        #expect(unprivileged.status == 77, "\(unprivileged.errors)")
        #expect(unprivileged.errors.contains("needs root or the capability NET_ADMIN"))
    }

    @Test("have a picture of the chains")
    func graph() throws {
        let svg = try node.namespace.attempt([Repository.tool, "graph", "default/web", "--socket", socket])
        #expect(svg.status == 0, "\(svg.errors)")
        #expect(svg.output.hasPrefix("<svg ") && svg.output.hasSuffix("</svg>\n"))
        #expect(svg.output.contains(">10.244.1.11:8080</text>"))
        try node.eventually("counters") {
            try node.namespace.attempt([Repository.tool, "graph", "web", "--format", "dot", "--socket", socket])
                .output.contains("0 connections")
        }
    }
}

/// What `trace` and `graph` refuse before anything is read.
@Suite("Arguments of a trace") struct TraceArgumentTests {
    @Test(
        "must make sense",
        arguments: [
            (["trace", "--to", "10.0.0.1:80"], "missing required option \"--from"),
            (["trace", "--from", "x", "--to", "10.0.0.1:80"], "invalid source \"x\""),
            (["trace", "--from", "10.0.0.1", "--to", "10.0.0.2"], "the destination 10.0.0.2 has no port"),
            (["trace", "--from", "fd00::1", "--to", "10.0.0.2:80"], "both addresses must be of one IP family"),
            (["trace", "--from", "10.0.0.1", "--to", "10.0.0.2:80/x"], "(supported: tcp, udp, sctp)"),
            (["trace", "--from", "10.0.0.1", "--to", "10.0.0.2:80", "--state", "x"], "unsupported state \"x\""),
            (["graph"], "missing required argument \"<subject>\""),
            (["graph", "a", "--format", "png"], "(supported: svg, dot, mermaid)"),
        ])
    func usage(arguments: [String], message: String) throws {
        let result = try Subprocess.run([Repository.tool] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
