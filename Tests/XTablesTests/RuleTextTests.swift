// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@Suite struct RuleTextTests {
    /// Lines that iptables-legacy-save 1.8.9 printed of a Linux 6.18 kernel.
    static let ipv4Lines = [
        "-A C -j KUBE-FIREWALL",
        #"-A C -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL"#,
        #"-A C ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"#,
        "-A C -m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP",
        "-A C -m mark --mark 0x4000/0x4000 -j ACCEPT",
        "-A C -m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-A C -j MARK --set-xmark 0x4000/0x4000",
        "-A C -j MARK --set-xmark 0x80000000/0x0",
        "-A C -m comment --comment plain-word_1 -j MASQUERADE --random-fully",
        "-A C -j MASQUERADE",
        #"-A C -m comment --comment "a \"quoted\" \\ \'word\'""#,
        #"-A C -m comment --comment """#,
        "-A C -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU",
        "-A C ! -i cali+ -p sctp -m sctp --dport 65535 -j ACCEPT",
        "-A C -i cbr0 -p tcp -m tcp -j DNAT --to-destination 10.244.1.2:53",
        "-A C -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A",
        "-A C -m statistic --mode nth --every 3 --packet 0 -j KUBE-SEP-A",
        "-A C -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A",
        "-A C -m recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource",
        "-A C -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable",
        "-A C -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ",
        #"-A C -p tcp -m u32 --u32 "0x0>>0x16&0x3c@0x4=0x0&&0x0>>0x16&0x3c@0xc>>0x10&0x17=0x14" -m conntrack --ctstate DNAT -m comment --comment "kubernetes x" -j ACCEPT"#,
        "-A C -m conntrack --ctorigdst 10.0.0.1 --ctorigdstport 80 -j ACCEPT",
        "-A C -m conntrack --ctorigdstport 30080 -j ACCEPT",
        "-A C -m hashlimit --hashlimit-upto 1/min --hashlimit-burst 2 --hashlimit-mode dstip,dstport --hashlimit-name kube-retry --hashlimit-htable-expire 10000 -j DROP",
    ]
    static let ipv6Lines = [
        "-A C ! -d ::1/128 -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
        "-A C -s fd00:10:244::/48 -j KUBE-SVC-A",
        "-A C -p tcp -m recent --set --name KUBE-SEP-A --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource -m tcp -j DNAT --to-destination [fd00::2b]:7000",
        "-A C -j REJECT --reject-with icmp6-port-unreachable",
        #"-A C -p tcp -m u32 --u32 "0x2c=0x0&&0x34>>0x10&0x17=0x14""#,
        #"-A C -m bpf --bytecode "37,1 0 0 3735928559,32 0 0 8,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 12,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 16,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 20,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,4 0 0 3735928559,36 0 0 3545902487,7 0 0 0,116 0 0 15,172 0 0 0,36 0 0 1935289751,37 1 0 429496729,6 0 0 65535,6 0 0 0" -j ACCEPT"#,
        #"-A C -m bpf --bytecode "37,1 0 0 7,32 0 0 8,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 12,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 16,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,7 0 0 0,32 0 0 20,172 0 0 0,36 0 0 569420461,7 0 0 0,116 0 0 15,172 0 0 0,4 0 0 7,36 0 0 3545902487,7 0 0 0,116 0 0 15,172 0 0 0,36 0 0 1935289751,37 1 0 2147483647,6 0 0 0,6 0 0 65535" -j ACCEPT"#,
    ]

    @Test(arguments: ipv4Lines.map { ($0, IPFamily.ipv4) } + ipv6Lines.map { ($0, IPFamily.ipv6) })
    func aLineIsReadAndWrittenUnchanged(line: String, family: IPFamily) throws {
        let text = "*filter\n:C - [0:0]\n\(line)\nCOMMIT\n"
        let ruleset = try Ruleset(saveText: text, family: family)
        let rule = try #require(ruleset[.filter].chains.first?.rules.first)
        #expect(rule.saveText(chain: "C", family: family) == line)
    }

    @Test func probabilitiesHaveElevenDecimals() {
        func text(_ count: Int) -> String {
            Rule(matches: [.random(Probability(oneOutOf: count))]).saveText(chain: "C", family: .ipv4)
        }
        #expect(text(2).hasSuffix(" 0.50000000000"))
        #expect(text(3).hasSuffix(" 0.33333333349"))
        #expect(text(7).hasSuffix(" 0.14285714272"))
        #expect(text(1).hasSuffix(" 1.00000000000"))
    }
}
