// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// The program as a drop-in replacement for kube-proxy: called by its name, with its flags, and with the configuration kubeadm makes.
@Suite(.needsKernel) struct DropInTests {
    private let node: StatusNode
    private let kubeProxy: String

    init() throws {
        node = try StatusNode()
        kubeProxy = node.directory.appending(path: "kube-proxy").path
        try FileManager.default.createSymbolicLink(atPath: kubeProxy, withDestinationPath: Repository.tool)
        try node.write(
            "kind: Service\napiVersion: v1\nmetadata: {name: a}\nspec: {clusterIP: 10.96.0.9, ports: [{port: 80}]}\n")
    }

    private static func kubeadm(_ name: String) -> String {
        Repository.fixtures.appending(path: "kubeadm/\(name)").path
    }

    private var manifests: [String] { ["--manifests", node.directory.path, "--lock-file", node.namespace.lockPath] }

    private func start(_ arguments: [String]) throws -> BackgroundProcess {
        let program = try node.namespace.start([kubeProxy] + manifests + arguments)
        try program.waitForErrors(containing: "start: IPv4")
        return program
    }

    @Test(arguments: ["configmap.yaml", "config.conf"]) func kubeadmsConfigurationIsAcceptedAsItIs(file: String) throws
    {
        let program = try start(["--config=\(Self.kubeadm(file))", "--hostname-override=Node-1"])
        #expect(program.errors.contains(" node=node-1 "))
        for word in [" warning ", " error "] { #expect(!program.errors.contains(word), "\(program.errors)") }
        let configuration = try #require(try node.get("127.0.0.1:10249/configz")).body
        #expect(configuration.contains(#""clusterCIDR":"10.244.0.0/16""#))
        #expect(configuration.contains(#""syncPeriod":"30s""#))
        #expect(configuration.contains(#""kubeconfig":"/var/lib/kube-proxy/kubeconfig.conf""#))
        // 0.0.0.0 stands for both families, as with kube-proxy.
        #expect(try node.get("[::1]:10256/healthz")?.status == 200)
        #expect(try node.get("127.0.0.1:10256/healthz", "-X", "OPTIONS", "--http1.0")?.status == 200)
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        #expect(metrics.contains("\nprocess_resident_memory_bytes "))
    }

    @Test func everyFlagOfKubeProxyIsAccepted() throws {
        let flags = """
            --bind-address=192.0.2.7 --bind-address-hard-fail --cleanup=false --cluster-cidr=10.244.0.0/16,fd00::/48
            --config-sync-period=15m0s --conntrack-max-per-core 0 --conntrack-min=131072 --conntrack-tcp-be-liberal
            --conntrack-tcp-timeout-close-wait=1h --conntrack-tcp-timeout-established=24h --conntrack-udp-timeout=0s
            --conntrack-udp-timeout-stream=0s --detect-local-mode=ClusterCIDR --feature-gates= --healthz-bind-address=
            --healthz-port=10256 --hostname-override= --init-only=false --iptables-localhost-nodeports=true
            --iptables-masquerade-bit=14 --iptables-min-sync-period=1s --iptables-sync-period=30s
            --ipvs-exclude-cidrs=10.0.0.0/8 --ipvs-min-sync-period=1s --ipvs-scheduler=rr --ipvs-strict-arp
            --ipvs-sync-period=30s --ipvs-tcp-timeout=1s --ipvs-tcpfin-timeout=1s --ipvs-udp-timeout=1s
            --kube-api-burst=10 --kube-api-content-type=application/vnd.kubernetes.protobuf --kube-api-qps=5
            --kubeconfig= --masquerade-all=false --metrics-bind-address=0.0.0.0 --metrics-port=10249
            --nodeport-addresses=192.0.2.0/24 --nodeport-addresses=fd00::/64 --oom-score-adj=100
            --pod-bridge-interface=cni0 --pod-interface-name-prefix=veth --profiling=false --proxy-mode=iptables
            --proxy-port-range=0-0 --show-hidden-metrics-for-version= --logging-format=text --log-flush-frequency=5s
            --log-json-info-buffer-size=0 --log-json-split-stream=false --log-text-info-buffer-size=0
            --log-text-split-stream=false --vmodule= -v2 --v=0 --add_dir_header=false --alsologtostderr
            --log_backtrace_at=:0 --log_dir= --log_file= --log_file_max_size=1800 --logtostderr --one_output
            --skip_headers=false --skip_log_headers --stderrthreshold=2
            """
        let words = flags.split { $0 == " " || $0 == "\n" }.map(String.init)
        let program = try start(words)
        // The ranges for node ports are right, and none of this node's addresses is in them.
        let warnings = program.errors.split(separator: "\n").filter { $0.contains(" warning ") }
        #expect(warnings.count == 1, "\(program.errors)")
        #expect(warnings.first?.contains("no IPv4 address of the node is in 192.0.2.0/24") == true)
        #expect(try node.get("127.0.0.1:10256/healthz") == nil)
        let configuration = try #require(try node.get("127.0.0.1:10249/configz")).body
        for text in [
            #""metricsBindAddress":"0.0.0.0:10249""#, #""nodePortAddresses":["192.0.2.0/24","fd00::/64"]"#,
            #""bindAddress":"192.0.2.7""#, #""oomScoreAdj":100"#, #""scheduler":"rr""#,
        ] {
            #expect(configuration.contains(text), "\(text) is missing in \(configuration)")
        }
        #expect(try String(contentsOfFile: "/proc/\(program.identifier)/oom_score_adj", encoding: .utf8) == "100\n")
    }

    @Test func optionsWithoutEffectAreReported() throws {
        let program = try start(["--kube-api-qps=50", "--profiling", "--logtostderr=false", "--bind-address=::"])
        for text in [
            "--kube-api-qps (clientConnection.qps): 50 has no effect: ",
            "--profiling (enableProfiling): true has no effect: ", "--logtostderr: false has no effect: ",
        ] {
            #expect(program.errors.contains(" warning \(text)"), "\(program.errors)")
        }
        #expect(try node.get("[::1]:10249/healthz")?.body == "ok")
        #expect(try node.get("127.0.0.1:10249/healthz") == nil)
    }

    @Test func aPortInUseCanBeWaitedFor() throws {
        let first = try start([])
        // As if the other program were a kube-proxy, which has no owner lock.
        let other = node.directory.appending(path: "second.lock").path
        let second = try start(["--config", Self.kubeadm("config.conf"), "--owner-lock-file", other])
        #expect(second.errors.contains("cannot listen on 0.0.0.0:10256: the port is already in use"))
        #expect(second.errors.contains("; trying again"))
        first.signal(SIGTERM)
        _ = try first.wait()
        try second.waitForErrors(containing: "now listening on 0.0.0.0:10256")
        try second.waitForErrors(containing: "now listening on 127.0.0.1:10249")
        try node.eventually("the second answers") { try node.get("127.0.0.1:10256/livez")?.status == 200 }
        second.signal(SIGTERM)
        #expect(try second.wait() == 0)
    }

    @Test func theWrittenConfigurationIsTheOneInForce() throws {
        let file = node.directory.appending(path: "written.conf").path
        let flags = ["--cluster-cidr=10.9.0.0/16", "--iptables-masquerade-bit=9", "--nodeport-addresses=primary"]
        let first = try Subprocess.run([kubeProxy, "--write-config-to", file] + flags)
        #expect(first.status == 0)
        #expect(first.errors.isEmpty)
        let again = node.directory.appending(path: "again.conf").path
        let second = try Subprocess.run([
            kubeProxy, "--config", file, "--write-config-to", again, "--node-ip", "10.0.0.1",
        ])
        #expect(second.status == 0)
        #expect(
            second.errors == "warning: --node-ip: cannot be set in a configuration file; pass the flag in "
                + "addition to --config\n")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("clusterCIDR: 10.9.0.0/16\n"))
        #expect(try String(contentsOfFile: again, encoding: .utf8) == text)

        let program = try start(["--config", again])
        let configuration = try #require(try node.get("127.0.0.1:10249/configz")).body
        #expect(configuration.contains(#""masqueradeBit":9"#))
        #expect(!program.errors.contains(" warning "), "\(program.errors)")

        let nowhere = try Subprocess.run([kubeProxy, "--write-config-to", "/nonexistent/x"])
        #expect(nowhere.status == 74)
        #expect(nowhere.errors.contains("cannot write /nonexistent/x: No such file or directory"))
        let full = try Subprocess.run([kubeProxy, "--write-config-to", "/dev/full"])
        #expect(full.status == 74)
    }

    @Test func cleanupRemovesTheRulesAndEnds() throws {
        let program = try start([])
        program.signal(SIGTERM)
        _ = try program.wait()
        #expect(try node.namespace.run("iptables-legacy-save").contains("KUBE-SERVICES"))
        let cleanup = try node.namespace.attempt([kubeProxy, "--cleanup", "--lock-file", node.namespace.lockPath])
        #expect(cleanup.status == 0)
        #expect(try !node.namespace.run("iptables-legacy-save").contains("KUBE-SERVICES"))
        let again = try node.namespace.attempt(
            [Repository.tool, "run", "--cleanup", "--lock-file", node.namespace.lockPath])
        #expect(again.status == 0)
        #expect(again.output.contains("nothing to remove"))
    }

    @Test func initOnlySetsTheKernelsParametersAndEnds() throws {
        // The parameters of connection tracking are there as soon as a rule needs it.
        try node.namespace.run("iptables-legacy", "-A", "INPUT", "-m", "conntrack", "--ctstate", "NEW")
        let done = try node.namespace.attempt([kubeProxy, "--init-only", "--config", Self.kubeadm("config.conf")])
        #expect(done.status == 0, "\(done.errors)")
        func value(_ name: String) throws -> String { try node.namespace.run("cat", "/proc/sys/net/\(name)") }
        #expect(try value("netfilter/nf_conntrack_tcp_timeout_established") == "86400\n")
        #expect(try value("netfilter/nf_conntrack_tcp_timeout_close_wait") == "3600\n")
        #expect(try value("ipv4/conf/all/route_localnet") == "1\n")
        #expect(try !node.namespace.run("iptables-legacy-save").contains("KUBE-"))

        let readOnly = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys"
        let failed = try node.namespace.attempt(
            ["unshare", "-m", "sh", "-c", "\(readOnly) && exec \(kubeProxy) --init-only --conntrack-udp-timeout=77s"])
        #expect(failed.status == 77, "\(failed.errors)")
        #expect(failed.errors.contains(" error net.netfilter.nf_conntrack_udp_timeout: left at "))
        #expect(failed.errors.contains("the file system is read-only"))
    }

    @Test func theVersionIsOneLine() throws {
        for command in [[kubeProxy, "--version"], [Repository.tool, "--version"]] {
            let result = try Subprocess.run(command)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("kubetables ") && result.output.hasSuffix(" (kube-proxy 1.36 rules)\n"))
        }
    }

    @Test func theLogCanBeJSON() throws {
        func objects(_ text: String) throws -> [[String: Any]] {
            try text.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }
        }
        let program = try start(["--logging-format=json", "--kube-api-burst=11", "-v=4"])
        try node.write("{kind: Service", to: "bad.yaml")
        try program.waitForErrors(containing: "\"err\"")
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        let lines = try objects(program.errors)
        let now = Date().timeIntervalSince1970 * 1000
        for line in lines {
            let time = try #require(line["ts"] as? Double)
            #expect((now - 120_000...now).contains(time))
            #expect(line["msg"] is String)
            #expect((line["v"] is Int) != (line["err"] is String))
        }
        #expect(lines.contains { $0["level"] as? String == "warning" })
        #expect(lines.contains { ($0["err"] as? String)?.contains("bad.yaml") == true })
        #expect(lines.last?["msg"] as? String == "stopped; the rules stay as they are")

        let failed = try Subprocess.run([kubeProxy, "--logging-format=json", "--kubeconfig=/nonexistent"])
        #expect(failed.status == 65)
        #expect(
            try objects(failed.errors).map { $0["err"] as? String } == [
                "/nonexistent: cannot be read: No such file or directory"
            ])
        let unknown = try Subprocess.run([kubeProxy, "--logging-format=xml"])
        #expect(unknown.status == 64)
        #expect(unknown.errors == "error: --logging-format: unsupported log format \"xml\" (supported: text, json)\n")
    }

    @Test func aScoreThatCannotBeSetIsAWarningIfAnOptionSetsIt() throws {
        let shell = "\(kubeProxy) \((manifests + ["--oom-score-adj=-998"]).joined(separator: " "))"
        let program = try node.namespace.start(
            ["sh", "-c", "echo 0 > /proc/self/oom_score_adj; exec capsh --drop=cap_sys_resource -- -c 'exec \(shell)'"])
        try program.waitForErrors(containing: "start: IPv4 filter")
        #expect(program.errors.contains(" warning /proc/self/oom_score_adj: left at 0 (wanted -998): "))
    }
}
