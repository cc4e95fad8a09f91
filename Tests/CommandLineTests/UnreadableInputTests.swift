// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// `kubetables run` on manifests that cannot be read, or that vanish, with packets of real clients.
@Suite(.needsKernel, .serialized) struct UnreadableInputTests {
    private let lab: Lab
    private let folder: TemporaryFolder

    init() throws {
        lab = try Lab(pods: ["pod-1=10.244.1.11", "pod-2=10.244.1.12", "client-pod=10.244.1.5"])
        for pod in ["pod-1", "pod-2"] { try lab.serve(pod, port: 8080) }
        folder = try TemporaryFolder()
    }

    /// A Service of both families, and its slices.
    private static func service(_ name: String, _ number: Int) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          type: LoadBalancer
          clusterIPs: [10.96.0.\(number), "fd00:96::\(number)"]
          clusterIP: 10.96.0.\(number)
          ipFamilies: [IPv4, IPv6]
          ipFamilyPolicy: RequireDualStack
          ports: [{port: 80, nodePort: \(30000 + number), targetPort: 8080}]
        status: {loadBalancer: {ingress: [{ip: 203.0.113.\(number)}]}}
        ---

        """
    }

    private static func slices(_ name: String, pod: Int) -> String {
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: \(name)-4, labels: {kubernetes.io/service-name: \(name)}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [{addresses: [10.244.1.1\(pod)]}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: \(name)-6, labels: {kubernetes.io/service-name: \(name)}}
        addressType: IPv6
        ports: [{port: 8080}]
        endpoints: [{addresses: ["fd00:10:244::1:1\(pod)"]}]
        ---

        """
    }

    private func start(_ arguments: [String] = [], as shell: [String] = []) throws -> BackgroundProcess {
        try lab.start(
            "node",
            shell + [Repository.tool, "run", "--hostname-override", "node-1"]
                + (arguments.contains("--manifests") ? [] : ["--manifests", folder.path])
                + ["--lock-file", "\(folder.path)/lock", "--owner-lock-file", "\(folder.path)/owner"]
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "500ms"] + arguments)
    }

    private func run(_ arguments: [String] = [], _ body: (BackgroundProcess) throws -> Void) throws {
        let program = try start(arguments)
        defer {
            program.signal(SIGTERM)
            _ = try? program.wait()
        }
        for family in ["IPv4", "IPv6"] { try program.waitForErrors(containing: "start: \(family)") }
        try body(program)
    }

    private func eventually(_ what: Comment, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(15)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, what)
            usleep(20_000)
        }
    }

    private func rules() throws -> String {
        try ["iptables-legacy-save", "ip6tables-legacy-save"].map {
            SaveText.withoutCounters(try lab.run("node", [$0]))
        }.joined()
    }

    /// Every way to a Service has an answer.
    private func answers(_ number: Int, _ pod: String, _ location: SourceLocation = #_sourceLocation) throws {
        for (host, address) in [
            ("client-pod", "10.96.0.\(number):80"), ("client-pod", "[fd00:96::\(number)]:80"),
            ("client", "192.168.50.10:\(30000 + number)"), ("client", "[fd00:192:168:50::10]:\(30000 + number)"),
        ] {
            let found = try lab.ask(host, address, count: 2)
            #expect(found.values.reduce(0, +) == 2, "\(address): \(found)", sourceLocation: location)
            if address.hasPrefix("10.") { #expect(found == [pod: 2], sourceLocation: location) }
        }
    }

    @Test("a restart with a bad document leaves what may be in it as it was, and says so")
    func badDocument() throws {
        let good =
            Self.service("dns", 53) + Self.slices("dns", pod: 1) + Self.service("web", 80) + Self.slices("web", pod: 2)
        _ = try folder.write("m.yaml", good)
        try run { _ in }
        let before = try rules()
        // Slices of the first, and all of the second.
        let bad = good.replacing("addressType: IPv4", with: "addressType: IPv4\n bad", maxReplacements: 1)
            .replacing("metadata: {name: web}", with: "metadata: {name: web\n", maxReplacements: 1)
        _ = try folder.write("m.yaml", bad)
        try run { program in
            try program.waitForErrors(containing: "stay as the kernel has them", count: 2)
            #expect(program.errors.contains("of 1 Service (default/web)"), "\(program.errors)")
            #expect(program.errors.contains("endpoint of default/dns"), "\(program.errors)")
            #expect(!program.errors.contains("deleted") && !program.errors.contains("removed ("), "\(program.errors)")
            #expect(try rules() == before)
            try answers(53, "pod-1")
            try answers(80, "pod-2")
            let readiness = try lab.run("node", ["curl", "-s", "127.0.0.1:10256/readyz"])
            #expect(readiness.hasPrefix("not ready\n") && readiness.contains("stay as the kernel has them"))
            let problems = try lab.run("node", ["curl", "-s", "127.0.0.1:10249/problems"])
            #expect(problems.contains("rules kept from an earlier run: 2"))
            let metrics = try lab.run("node", ["curl", "-s", "127.0.0.1:10249/metrics"])
            #expect(metrics.contains("kubetables_kept_endpoints{ip_family=\"IPv4\"} 1"), "\(metrics)")
            #expect(try lab.run("node", ["curl", "-s", "127.0.0.1:10249/plan"]).contains("IPv4: in sync"))

            // What can be read in the end wins.
            _ = try folder.write("m.yaml", Self.service("dns", 53) + Self.slices("dns", pod: 2))
            try eventually("the rest goes") {
                let rules = try rules()
                return !rules.contains("default/web") && !rules.contains("10.244.1.11:8080")
            }
            try answers(53, "pod-2")
            try program.waitForErrors(containing: "nothing of an earlier run's rules is kept any longer", count: 2)
            try eventually("it is ready") {
                try lab.run("node", ["curl", "-s", "127.0.0.1:10256/readyz"]) == "ok\n"
            }
        }
    }

    @Test("a restart with a file that may not be read leaves its Services as they were")
    func permission() throws {
        _ = try folder.write("dns.yaml", Self.service("dns", 53) + Self.slices("dns", pod: 1))
        _ = try folder.write("web.yaml", Self.service("web", 80) + Self.slices("web", pod: 2))
        try run { _ in }
        let before = try rules()
        // Root reads everything; without these capabilities it does not.
        #expect(chown("\(folder.path)/web.yaml", 65534, 65534) == 0)
        let program = try start(as: [
            "setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps",
            "-dac_override,-dac_read_search", "--",
        ])
        defer {
            program.signal(SIGTERM)
            _ = try? program.wait()
        }
        try program.waitForErrors(containing: "web.yaml: cannot be read: Permission denied")
        try program.waitForErrors(containing: "of 1 Service (default/web) stay as the kernel has them", count: 2)
        #expect(try rules() == before)
        try answers(80, "pod-2")
        try answers(53, "pod-1")
        #expect(chown("\(folder.path)/web.yaml", 0, 0) == 0)
        try program.waitForErrors(containing: "nothing of an earlier run's rules is kept any longer", count: 2)
        #expect(try rules() == before)
    }

    @Test(
        "a file that is gone or empty for a moment changes nothing; after the delay its Services are removed and named")
    func vanishing() throws {
        let text = Self.service("dns", 53) + Self.slices("dns", pod: 1)
        _ = try folder.write("dns.yaml", text)
        _ = try folder.write("web.yaml", Self.service("web", 80) + Self.slices("web", pod: 2))
        try run(["--manifest-removal-delay", "4s"]) { program in
            let before = try rules()
            for change in ["gone", "empty", "cut"] {
                let path = "\(folder.path)/dns.yaml"
                switch change {
                case "gone": #expect(unlink(path) == 0)
                case "empty": #expect(truncate(path, 0) == 0)
                default: #expect(truncate(path, Self.service("dns", 53).utf8.count) == 0)
                }
                for _ in 0..<5 {
                    usleep(200_000)
                    #expect(try rules() == before, "\(change)")
                }
                try answers(53, "pod-1")
                _ = try folder.write("dns.yaml", text)
                usleep(300_000)
                #expect(try rules() == before)
            }
            #expect(!program.errors.contains("warning \(folder.path)"), "\(program.errors)")
            _ = try folder.write("dns.yaml", "")
            try program.waitForErrors(
                containing:
                    "warning \(folder.path)/dns.yaml: without any object for 4s; removed: Service default/dns, ")
            try eventually("removed") { try !rules().contains("default/dns") }
            try answers(80, "pod-2")
        }
    }

    @Test("a directory that something empty is mounted over leaves its Services as they were, and says so soon")
    func emptyMount() throws {
        // A directory of its own: the lock and the owner's lock must stay where they are.
        let manifests = "\(folder.path)/manifests"
        _ = try folder.write("manifests/dns.yaml", Self.service("dns", 53) + Self.slices("dns", pod: 1))
        try run(["--manifests", manifests]) { program in
            let before = try rules()
            func inside(_ command: String...) throws {
                try Subprocess.check(["nsenter", "--target", "\(program.identifier)", "--mount", "--"] + command)
            }
            // `ip netns exec` gives the program mounts of its own.
            try inside("mount", "-t", "tmpfs", "none", manifests)
            try program.waitForErrors(
                containing: "\(manifests): holds no .yaml, .yml or .json file any more", limit: .seconds(12))
            #expect(try rules() == before)
            try answers(53, "pod-1")
            let problems = try lab.run("node", ["curl", "-s", "127.0.0.1:10249/problems"])
            #expect(
                problems.contains("invalid objects (the last good state of each stays in force): 1\n"), "\(problems)")
            usleep(3_000_000)
            #expect(try rules() == before)
            try inside("umount", manifests)
            try program.waitForErrors(containing: "\(manifests): valid again", limit: .seconds(12))
            #expect(try rules() == before)
            #expect(try lab.run("node", ["curl", "-s", "127.0.0.1:10249/problems"]).contains("no problems"))
        }
    }

    @Test("a link to the rest of the machine does not keep a node busy: it is named, and the rest is served")
    func linkToRoot() throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/root.yaml", withDestinationPath: "/")
        _ = try folder.write("dns.yaml", Self.service("dns", 53) + Self.slices("dns", pod: 1))
        try run { program in
            let text = "\(folder.path)/root.yaml: cannot be read: it is a symbolic link to a directory outside of"
            try program.waitForErrors(containing: text)
            try answers(53, "pod-1")
            let problems = try lab.run("node", ["curl", "-s", "127.0.0.1:10249/problems"])
            #expect(problems.contains(text), "\(problems)")
        }
        let result = try Subprocess.run([Repository.tool, "compile", "-f", folder.path])
        #expect(result.status == 65)
        #expect(result.errors.contains("root.yaml: cannot be read: it is a symbolic link"))
    }
}
