// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// What clients of the real program can do to others, and what it tells them.
///
/// One at a time: they measure times.
@Suite(.needsKernel, .serialized) struct HostileClientTests {
    private let node: StatusNode

    init() throws { node = try StatusNode() }

    /// Sends 400 requests on each of 60 connections, and reads nothing.
    private static func pipeliners(_ path: String) -> String {
        #"""
        request='GET \#(path) HTTP/1.1\r\nHost: localhost\r\n\r\n'
        for number in {1..400}; do requests+=$request; done
        for number in {1..60}; do
          exec {client}<>/dev/tcp/127.0.0.1/10249
          printf "$requests" >&$client
        done
        echo end
        sleep 600
        """#
    }

    @Test(
        "60 clients that send 400 requests each and read nothing keep no probe waiting",
        arguments: ["/metrics", "/proxyMode"])
    func pipelining(path: String) throws {
        try node.write("{apiVersion: v1, kind: Node, metadata: {name: node-1}}\n")
        let program = try node.start(["--ip-family", "ipv4"])
        let clients = try node.namespace.start(["bash", "-c", Self.pipeliners(path)])
        var longest = Duration.zero
        for _ in 0..<20 {
            let start = ContinuousClock.now
            #expect(try node.get("127.0.0.1:10256/healthz")?.status == 200)
            longest = max(longest, start.duration(to: .now))
            usleep(100_000)
        }
        #expect(longest < .seconds(1), "\(longest)")
        try node.eventually("all clients have sent their requests") { clients.output.contains("end\n") }
        let start = ContinuousClock.now
        #expect(try node.get("127.0.0.1:10249/proxyMode")?.body == "iptables")
        #expect(start.duration(to: .now) < .seconds(5))
        clients.signal(SIGKILL)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    /// Sends a request that does not end to a port or the socket, and prints how many seconds later the connection ends.
    private static let unfinished = #"""
        import socket, sys, time
        def client(place):
            if place.startswith("/"):
                s = socket.socket(socket.AF_UNIX)
                s.connect(place)
                return s
            return socket.create_connection(("127.0.0.1", int(place)))
        clients = [client(place) for place in sys.argv[1:]]
        start = time.time()
        for s in clients: s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        for s in clients:
            s.settimeout(60)
            try:
                while s.recv(1000): pass
            except ConnectionResetError: pass
            print(round(time.time() - start), flush=True)
        """#

    @Test("a request that does not end loses its connection after 10 s on every port")
    func unfinishedRequests() throws {
        try node.write(
            """
            {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.1,
              externalTrafficPolicy: Local, healthCheckNodePort: 31000, ports: [{port: 80, nodePort: 30080}]}}

            """)
        let socket = "\(node.directory.path).sock"
        try node.start(["--ip-family", "ipv4", "--socket", socket])
        try node.eventually("health checks are served") { try node.get("127.0.0.1:31000") != nil }
        let seconds = try node.namespace.run("python3", "-c", Self.unfinished, "10249", "10256", "31000", socket)
        #expect(seconds == "10\n10\n10\n10\n")
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        #expect(metrics.contains("kubetables_http_refusals_total{reason=\"unfinished_request\"} 4\n"))
    }

    @Test("requests that make no sense are refused with the reason, and never pass for others")
    func refusals() throws {
        try node.write("{apiVersion: v1, kind: Node, metadata: {name: node-1}}\n")
        try node.start(["--ip-family", "ipv4"])
        func body(_ target: String, _ options: String...) throws -> String {
            try node.namespace.run(
                "bash", "-c", "curl -sS -w '%{http_code}' \(options.joined(separator: " ")) \(target)")
        }
        let server = "http://127.0.0.1:10249"
        #expect(try body("\(server)/rules", "-H", "'Host: evil.example'").hasSuffix("403"))
        #expect(
            try body("\(server)/rules", "-H", "Host:") == "the header Host is missing: HTTP/1.1 requires it\n400")
        #expect(
            try body("\(server)/rules", "-H", "'Host: 127.0.0.1:x'")
                == "malformed header Host: must be HOST or HOST:PORT\n400")
        #expect(
            try body("\(server)/rules", "--request-target", "http://evil.example/rules")
                == "the request's target and its header Host name different hosts\n400")
        #expect(
            try body("\(server)/v1/services?nmae=web")
                == "unknown parameter \"nmae\" (supported: namespace, name, output, color)\n400")
        #expect(
            try body("\(server)/metrics", "-H", "\"A: $(printf 'x%.0s' {1..20000})\"").hasPrefix(
                "the request is too large: its path and all its headers may have up to 16384 bytes each"))
        #expect(try body("\(server)/healthz") == "ok200")
        #expect(try body("\(server)/metrics/slis", "-X", "DELETE") == "metrics reset\n200")
        #expect(try body("\(server)/metrics/slis") == "200")
    }
}
