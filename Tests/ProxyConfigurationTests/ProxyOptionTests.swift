// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import Messages
import NetworkTypes
import RuleCompiler
import ServiceModel
import TestSupport
import Testing

@testable import ProxyConfiguration

/// The table of options: its entries hold for flags, files, and written files.
@Suite struct ProxyOptionTests {
    /// Texts that a flag could have, by the option's field, or by its flag if it has no field.
    private static let texts: [String: [String]] = [
        "hostnameOverride": ["node-1", "Node-2"], "node-ip": ["10.0.0.1", "10.0.0.1,fd00::1"],
        "node-labels": ["a=b", "a=b,c="], "bindAddress": ["0.0.0.0", "::", "192.0.2.1", "fd00::2"],
        "clusterCIDR": ["10.244.0.0/16", "10.244.0.0/16,fd00::/48"],
        "detectLocalMode": ["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"],
        "ruleLayout": ["kube-proxy", "flat"], "sessionAffinityMode": ["recent", "hash"],
        "balance": ["random", "round-robin", "source-hash"], "retryTimeout": ["100ms", "900ms", "30s"],
        "failedEndpointDelay": ["0s", "5s", "5m"], "ejectionConsecutiveFailures": ["1", "1000"],
        "ejectionBaseTime": ["1s", "30s"], "ejectionMaxTime": ["300s", "24h"], "ejectionMaxPercent": ["0", "100"],
        "detectLocal.bridgeInterface": ["cni0"], "detectLocal.interfaceNamePrefix": ["veth"],
        "nodePortAddresses": ["primary", "10.0.0.0/8", "10.0.0.0/8,::/0"],
        "interface-addresses": ["127.0.0.1,10.0.0.1"],
        "mode": ["iptables"], "clientConnection.kubeconfig": ["/etc/kube.conf", "a: b"],
        "healthzBindAddress": ["0.0.0.0:1", "[::1]:65535", "127.0.0.1"], "metricsBindAddress": ["[::]:9", "::1"],
        "logging.format": ["text", "json"], "clientConnection.contentType": ["application/json", "text/plain"],
        "clientConnection.acceptContentTypes": ["application/json"], "clientConnection.qps": ["50", "0.5"],
        "logging.vmodule": ["reflector=4", "a*=1,b=2"], "logging.options.text.infoBufferSize": ["1Mi", "0"],
        "logging.options.json.infoBufferSize": ["512"], "stderrthreshold": ["INFO"], "log-dir": ["/var/log"],
        "log-file": ["/var/log/x"], "log-file-max-size": ["1"], "log-backtrace-at": ["a.go:1"],
        "showHiddenMetricsForVersion": ["1.35"], "portRange": ["0-0"], "ipvs.scheduler": ["rr"],
        "ipvs.excludeCIDRs": ["10.0.0.0/8"], "featureGates": ["AllAlpha=false", "A=true,B=false"],
        "iptables.masqueradeBit": ["0", "31"], "conntrack.maxPerCore": ["0", "1024"], "conntrack.min": ["0", "9"],
        "clientConnection.burst": ["1", "20"], "oomScoreAdj": ["-1000", "0", "1000"], "logging.verbosity": ["0", "4"],
        "kubetables.socket": ["none", "/run/x.sock"], "healthz-port": ["0", "10256"], "metrics-port": ["10249"],
    ]

    private static func texts(_ option: ProxyOption) throws -> [String] {
        if option.syntax.repetition == .boolean { return ["true", "false"] }
        if let own = texts[option.field ?? ""] { return own }
        if option.syntax.valueName == "duration" { return ["1s", "250ms", "1h30m", "720h"] }
        return try #require(texts[option.field ?? option.flag ?? ""], "\(option.name) has no example here")
    }

    private static var flags: [ProxyOption] { ProxyOption.all.filter { $0.flag != nil } }

    private func read(_ text: String) throws -> ProxyOptions {
        var log = DiagnosticLog()
        let options = ProxyOptions.read(Array(text.utf8), file: "c", log: &log)
        #expect(log.diagnostics.isEmpty)
        return try #require(options)
    }

    @Test func flagsAndFieldsHaveOneOptionEach() {
        #expect(Set(Self.flags.map(\.flag)).count == Self.flags.count)
        let fields = ProxyOption.all.compactMap(\.field)
        #expect(Set(fields).count == fields.count)
        #expect(ProxyOption.all.allSatisfy { $0.flag != nil || $0.field != nil })
    }

    @Test func everyFlagIsAcceptedAndOverridesWeakerOptions() throws {
        for option in Self.flags {
            let texts = try Self.texts(option)
            for text in texts {
                var options = ProxyOptions()
                try option.apply(text, to: &options)
                #expect(options != ProxyOptions(), "\(option.name) \(text)")
                var weaker = ProxyOptions()
                try option.apply(texts[0], to: &weaker)
                weaker.syncPeriod = weaker.syncPeriod ?? .seconds(77)
                let both = options.overriding(weaker)
                #expect(option.value(in: both) == option.value(in: options))
                #expect(ProxyOptions().overriding(weaker) == weaker)
                #expect(weaker.overriding(ProxyOptions()) == weaker)
            }
        }
    }

    @Test(arguments: 0..<200) func whatIsWrittenIsReadAgain(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var options = ProxyOptions()
        for option in Self.flags where option.field != nil && generator.chance(40) {
            try option.apply(generator.pick(try Self.texts(option)), to: &options)
        }
        let file = options.configurationFile
        let again = try read(file)
        for option in ProxyOption.all where option.field != nil {
            #expect(option.value(in: again) == option.value(in: options), "\(option.name)")
        }
        #expect(again.configurationFile == file)
        #expect(options.namesOfOptionsNotInFile.isEmpty)
        #expect(again.effectiveSyncPeriod == options.effectiveSyncPeriod)
        #expect(again.clusterCIDRs == options.clusterCIDRs)
        #expect(again.effectiveHealthzBindAddress == options.effectiveHealthzBindAddress)
        // The same from the JSON that /configz shows, which is YAML too.
        let json = options.configurationJSON().dropFirst(#"{"kubeproxy.config.k8s.io":"#.count).dropLast(2)
        #expect(try read(String(json)) == again)
    }

    @Test func theDefaultsAreKubeProxys() throws {
        let json = ProxyOptions().configurationJSON()
        for text in [
            #""bindAddress":"0.0.0.0""#, #""healthzBindAddress":"0.0.0.0:10256""#,
            #""metricsBindAddress":"127.0.0.1:10249""#, #""mode":"iptables""#, #""oomScoreAdj":-999"#,
            #""syncPeriod":"30s""#, #""minSyncPeriod":"1s""#, #""masqueradeBit":14"#, #""localhostNodePorts":true"#,
            #""maxPerCore":32768"#, #""min":131072"#, #""tcpEstablishedTimeout":"24h0m0s""#,
            #""tcpCloseWaitTimeout":"1h0m0s""#, #""udpTimeout":"0s""#, #""configSyncPeriod":"15m0s""#, #""qps":5"#,
            #""burst":10"#, #""contentType":"application/vnd.kubernetes.protobuf""#,
            #""detectLocalMode":"ClusterCIDR""#,
            #""flushFrequency":"5s""#, #""verbosity":0"#, #""format":"text""#, #""nodePortAddresses":null"#,
        ] {
            #expect(json.contains(text), "\(text) is missing in \(json)")
        }
    }

    @Test func theFamilyOfTheBindAddressDecidesWhereServersListen() throws {
        var options = ProxyOptions()
        options.bindAddress = IPAddress("::")
        #expect(options.effectiveHealthzBindAddress.description == "[::]:10256")
        #expect(options.effectiveMetricsBindAddress.description == "[::1]:10249")
        options.healthzPort = 0
        #expect(options.effectiveHealthzBindAddress == .none)
    }

    @Test("of failing endpoints are a policy, with its defaults")
    func failurePolicy() throws {
        #expect(ProxyOptions().failurePolicy == .default)
        let options = try read(
            """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            balance: round-robin
            retryConnections: true
            retryTimeout: 500ms
            failedEndpointDelay: 0s
            ejectOutliers: true
            ejectionConsecutiveFailures: 3
            ejectionBaseTime: 10s
            ejectionMaxTime: 1m
            ejectionMaxPercent: 30
            """)
        #expect(
            options.failurePolicy
                == FailurePolicy(
                    retriesConnections: true, ejectsOutliers: true, answerTimeout: .milliseconds(500),
                    avoidanceTime: .zero, consecutiveFailures: 3, baseEjectionTime: .seconds(10),
                    maxEjectionTime: .seconds(60), maxEjectionPercent: 30))
        let settings = try options.settings(node: Node(name: "n"), interfaceAddresses: [])
        #expect(settings.balance == .roundRobin && settings.retriesConnections)
        let usual = try ProxyOptions().settings(node: Node(name: "n"), interfaceAddresses: [])
        #expect(usual.balance == .random && !usual.retriesConnections)
    }

    @Test(
        "have ranges that errors name",
        arguments: [
            (ProxyOption.retryTimeout, "99ms", "invalid duration 99ms: must be from 100ms to 30s"),
            (.retryTimeout, "31s", "invalid duration 31s: must be from 100ms to 30s"),
            (.failedEndpointDelay, "301s", "invalid duration 5m1s: must be from 0s to 5m0s"),
            (.ejectionConsecutiveFailures, "0", "invalid number of failures 0: must be from 1 to 1000"),
            (.ejectionConsecutiveFailures, "1001", "invalid number of failures 1001: must be from 1 to 1000"),
            (.ejectionBaseTime, "0s", "invalid duration 0s: must be from 1s to 24h0m0s"),
            (.ejectionMaxTime, "25h", "invalid duration 25h0m0s: must be from 1s to 24h0m0s"),
            (.ejectionMaxPercent, "101", "invalid percentage 101: must be from 0 to 100"),
            (.balance, "rr", "unsupported policy \"rr\" (supported: random, round-robin, source-hash)"),
        ])
    func ranges(option: ProxyOption, text: String, reason: String) throws {
        var options = ProxyOptions()
        let flag = try #require(option.flag)
        #expect(throws: OptionError("--\(flag)", reason)) { try option.apply(text, to: &options) }
        // The same from a file, with the field's name.
        var log = DiagnosticLog()
        let field = try #require(option.field)
        _ = ProxyOptions.read(
            Array(
                "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n\(field): \(text)\n".utf8),
            file: "c", log: &log)
        #expect(log.diagnostics.map { "\($0)" }.contains { $0.contains("\(field): \(reason)") }, "\(log.diagnostics)")
    }

    @Test(
        "of balancing and failing endpoints are in one table of the guide, with field and default",
        arguments: [ProxyOption.balance, .retriesConnections] + ProxyOption.failure)
    func table(option: ProxyOption) throws {
        let page = Repository.root.appending(path: "Sources/kubetables/Documentation.docc/Balancing.md")
        let row = "| `--\(option.flag ?? "")` | `\(option.field ?? "")` | `\(option.defaultText)` |"
        #expect(try String(contentsOf: page, encoding: .utf8).contains(row), "no row \(row)")
    }

    @Test("the longest ejection is not shorter than the first one")
    func ejectionTimes() throws {
        var options = ProxyOptions()
        try options.validateEjectionTimes()
        options.ejectionBaseTime = .seconds(300)
        try options.validateEjectionTimes()
        options.ejectionBaseTime = .seconds(301)
        #expect(
            throws: OptionError(
                "--ejection-max-time (ejectionMaxTime)", "must not be less than the base time (5m1s)")
        ) { try options.validateEjectionTimes() }
    }

    @Test func theSocketForCommandsIsTheDefaultUnlessThereIsToBeNone() throws {
        var options = ProxyOptions()
        #expect(options.socketPath(default: "/run/a") == "/run/a")
        for (text, path) in [("none", nil), ("/run/b", "/run/b"), ("", "/run/a")] {
            try ProxyOption.socket.apply(text, to: &options)
            #expect(options.socketPath(default: "/run/a") == path)
        }
        #expect(
            try read(
                "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nkubetables: {socket: none}\n"
            ).socketPath(default: "x") == nil)
    }

    @Test func theBindAddressIsTheNodesPrimaryAddress() throws {
        let addresses = try ["10.0.0.1", "fd00::1"].map { try #require(IPAddress($0)) }
        let object = Node(name: "n", addresses: addresses)
        var options = ProxyOptions()
        for (text, expected) in [
            ("0.0.0.0", ["10.0.0.1", "fd00::1"]), ("::", ["10.0.0.1", "fd00::1"]),
            ("10.0.0.9", ["10.0.0.9", "fd00::1"]),
            ("fd00::9", ["fd00::9", "10.0.0.1"]),
        ] {
            options.bindAddress = IPAddress(text)
            #expect(options.node(named: "n", object: object).addresses.map(\.description) == expected)
        }
        options.nodeIPs = [addresses[0]]
        #expect(options.node(named: "n", object: object).addresses == [addresses[0]])
    }

    @Test func whatHasNoEffectIsWarnedAboutOnlyIfItIsUnusual() throws {
        var options = try read(
            """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            clientConnection: {qps: 5, burst: 10, contentType: application/json}
            enableProfiling: false
            ipvs: {strictARP: true}
            """)
        #expect(options.warnings.isEmpty)
        try ProxyOption.queriesPerSecond.apply("50", to: &options)
        try ProxyOption.featureGates.apply("A=true", to: &options)
        #expect(
            options.warnings == [
                "--feature-gates (featureGates): A=true has no effect: kubetables behaves as kube-proxy 1.36 "
                    + "with the default feature gates",
                "--kube-api-qps (clientConnection.qps): 50 has no effect: kubetables opens a few watches "
                    + "only, which need no rate limit",
            ])
    }

    @Test func warningsShowNoControlCharactersOfValues() throws {
        var warned: Set<String> = []
        for option in Self.flags {
            for text in ["a\0b\u{1b}[2J", "a\0=b\u{202e}", "a\n=1"] {
                var options = ProxyOptions()
                guard (try? option.apply(text, to: &options)) != nil else { continue }
                for warning in options.warnings {
                    #expect(warning.unicodeScalars.allSatisfy { $0.isPrintable }, "\(warning.debugDescription)")
                    warned.insert(option.name)
                }
            }
        }
        #expect(warned.isSuperset(of: ["--log-dir", "--log-file", "--feature-gates (featureGates)"]), "\(warned)")
    }

    @Test func quantitiesAreThoseOfKubernetes() throws {
        for text in ["0", "1Mi", "512", "1.5Gi", ".5k", "5.", "+1e3", "-1E-3", "100m", "7n"] {
            var options = ProxyOptions()
            try ProxyOption.textInfoBufferSize.apply(text, to: &options)
            #expect(ProxyOption.textInfoBufferSize.value(in: options) == .string(text))
        }
        for text in ["0\0", "1mi", "1 Mi", ".", "Mi", "1e", "1.2.3", "0x10", "१", "1Mi\n"] {
            var options = ProxyOptions()
            #expect(throws: OptionError.self, "\(text.debugDescription)") {
                try ProxyOption.textInfoBufferSize.apply(text, to: &options)
            }
        }
    }

    @Test func optionsThatFilesCannotHaveAreNamed() throws {
        var options = ProxyOptions()
        options.nodeIPs = [.loopback(.ipv4)]
        options.minimumSyncPeriod = .zero
        options.metricsBindAddress = BindAddress.none
        options.masqueradeBit = 3
        #expect(
            options.namesOfOptionsNotInFile == [
                "--node-ip", "--iptables-min-sync-period (iptables.minSyncPeriod)",
                "--metrics-bind-address (metricsBindAddress)",
            ])
    }

    @Test func someOptionsStayAsTheyWereAtTheStart() throws {
        var current = ProxyOptions()
        current.hostname = "one"
        var next = ProxyOptions()
        next.hostname = "two"
        next.masqueradeAll = true
        next.verbosity = 0
        let (options, needRestart) = next.keepingFixedOptions(of: current)
        #expect(options.hostname == "one")
        #expect(options.masqueradeAll == true)
        #expect(needRestart == ["--hostname-override (hostnameOverride)"])
    }

    /// A pattern with several ways to match needs their square: the last character was once reached after hours.
    @Test("a number of a hundred thousand digits is read, or refused, at once", .timeLimit(.minutes(1)))
    func longQuantities() throws {
        let digits = String(repeating: "9", count: 100_000)
        #expect(try OptionParsing.quantity(digits, option: "x") == digits)
        for text in ["\(digits)x", "\(digits).\(digits)x", ".\(digits)x", "\(digits)e\(digits)x"] {
            #expect(throws: OptionError.self) { try OptionParsing.quantity(text, option: "x") }
        }
    }
}
