// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import XTables

/// Rules with the extensions of iptables, in the words of iptables-restore.
enum ForeignRules {
    /// A rule of one table.
    struct Rule {
        let table: Table
        /// What stands behind the chain's name.
        let text: String
    }

    /// At least so many must be understood whole, on a kernel that has nearly all extensions.
    static func leastEqual(_ family: IPFamily) -> Int { family == .ipv4 ? 180 : 175 }

    /// Extensions of other tables (mangle, raw, security), and libraries that hold several extensions or none.
    static let otherTables: Set<String> = [
        "CHECKSUM", "CONNSECMARK", "CT", "DNPT", "DSCP", "ECN", "HL", "HMARK", "NAT", "NOTRACK", "SECMARK", "SNPT",
        "TCPOPTSTRIP", "TOS", "TPROXY", "TRACE", "TTL", "rpfilter", "standard",
        // Removed from the kernel.
        "CLUSTERIP", "ULOG",
    ]

    /// The extensions that iptables can load here.
    static var libraryNames: Set<String> {
        let folders = ["/usr/lib/x86_64-linux-gnu/xtables", "/usr/lib/aarch64-linux-gnu/xtables", "/usr/lib/xtables"]
        let files = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
        return Set(
            files.compactMap { file in
                for prefix in ["libxt_", "libipt_", "libip6t_"] where file.hasPrefix(prefix) && file.hasSuffix(".so") {
                    return String(file.dropFirst(prefix.count).dropLast(3))
                }
                return nil
            })
    }

    /// All rules of a family.
    static func all(_ family: IPFamily) -> [Rule] {
        let (a, b) = family == .ipv4 ? ("192.0.2.1", "192.0.2.9") : ("2001:db8::1", "2001:db8::9")
        let own = family == .ipv4 ? ipv4 : ipv6
        let ownNAT = family == .ipv4 ? ipv4NAT : ipv6NAT
        func rules(_ table: Table, _ text: String) -> [Rule] {
            text.split(separator: "\n").map {
                Rule(
                    table: table,
                    text: String($0).replacing("$A", with: a).replacing("$B", with: b)
                        .replacing("$N", with: family == .ipv4 ? "192.0.2.0/24" : "2001:db8::/64")
                        .replacing("$H", with: family == .ipv4 ? "192.0.2.0/255.0.255.0" : "2001:db8::1/ffff::ffff"))
            }
        }
        return rules(.filter, matches + own + targets) + rules(.nat, translations + ownNAT)
    }

    private static let matches = """
        -s $H -o eth+ ! -i lo -j ACCEPT
        ! -s $A -d $N -p 99 -j RETURN
        -p tcp -g AWAY
        -j QUEUE
        -p tcp -m tcp --sport 1:100 ! --dport 80
        -p tcp -m tcp ! --sport 5 --dport 1024:65535
        -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
        -p tcp -m tcp ! --tcp-flags ALL NONE
        -p tcp -m tcp --tcp-flags PSH,URG PSH
        -p tcp -m tcp --tcp-option 8
        -p tcp -m tcp ! --tcp-option 7 --syn
        -p tcp -m tcp ! --dport 0:65535
        -p udp -m udp --sport 67:68 --dport 67:68
        -p udp -m udp ! --sport 53 ! --dport 1:2
        -p sctp -m sctp --sport 1:2 ! --dport 3
        -p sctp -m sctp --chunk-types any DATA,INIT
        -p sctp -m sctp ! --chunk-types all ABORT:T,DATA:Be
        -p sctp -m sctp --chunk-types only ALL
        -p sctp -m sctp --chunk-types only DATA,INIT
        -p sctp -m sctp ! --chunk-types only SACK
        -p sctp -m sctp --chunk-types any NONE
        -p sctp -m sctp --dport 9 --chunk-types any SHUTDOWN_COMPLETE:t,COOKIE_ACK,ASCONF
        -p tcp -m multiport --dports 80,443,8000:8100
        -p udp -m multiport ! --sports 1:2,3
        -p tcp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        -m conntrack --ctstate NEW,UNTRACKED,SNAT
        -m conntrack ! --ctstate RELATED,ESTABLISHED
        -m conntrack --ctproto 6 --ctorigsrc $A --ctorigdst $N ! --ctreplsrc $B --ctrepldst $N
        -p tcp -m conntrack --ctproto tcp --ctorigsrcport 1:2 ! --ctorigdstport 3 --ctreplsrcport 4 --ctrepldstport 5:6
        -m conntrack --ctstatus NONE
        -m conntrack ! --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED --ctexpire 1:100
        -m conntrack ! --ctexpire 7 --ctdir ORIGINAL
        -m conntrack --ctdir REPLY
        -m state --state NEW
        -m state ! --state RELATED,ESTABLISHED
        -m limit --limit 3/min --limit-burst 7
        -m limit --limit 10/sec
        -m limit --limit 1/hour
        -m limit --limit 7/day
        -m limit --limit 100/sec --limit-burst 1
        -m addrtype --src-type UNICAST,LOCAL
        -m addrtype ! --dst-type BROADCAST,ANYCAST,MULTICAST,BLACKHOLE
        -m addrtype --src-type UNREACHABLE,PROHIBIT ! --dst-type UNSPEC
        -m mark --mark 0x1
        -m mark ! --mark 0x4000/0x4000
        -m connmark --mark 0x1
        -m connmark ! --mark 0x80/0xf0
        -m iprange --src-range $A-$B
        -m iprange ! --src-range $A-$B ! --dst-range $A-$A
        -m iprange --dst-range $A-$B
        -m mac --mac-source 02:00:5E:10:00:fF
        -m mac ! --mac-source 00:00:00:00:00:01
        -m owner --uid-owner 0
        -m owner ! --uid-owner 1000-2000 --gid-owner 5
        -m owner --socket-exists ! --gid-owner 1-2
        -m owner --gid-owner 7 --suppl-groups
        -m owner ! --socket-exists
        -m statistic --mode nth --every 3 --packet 0
        -m statistic --mode nth ! --every 10 --packet 4
        -m statistic --mode random ! --probability 0.25
        -m statistic --mode random --probability 0.33333
        -m recent --set --name one --rsource
        -m recent --set --name one --rdest
        -m recent ! --rcheck --seconds 60 --hitcount 4 --name two
        -m recent --update --seconds 60 --reap --hitcount 4 --rttl --name three
        -m recent --remove --name DEFAULT
        -m length --length 100
        -m length ! --length 0:1500
        -m comment --comment plain
        -m comment --comment "with \\"quotes\\" and 'others' \\\\"
        -m comment --comment ""
        -m physdev --physdev-in eth0
        -m physdev ! --physdev-in veth+ ! --physdev-is-bridged
        -m physdev --physdev-is-in --physdev-is-bridged
        -m pkttype --pkt-type broadcast
        -m pkttype ! --pkt-type unicast
        -m pkttype --pkt-type multicast
        -m dscp --dscp 0x2e
        -m dscp ! --dscp-class AF11
        -m tos --tos 0x10
        -m tos ! --tos 0x08/0x1c
        -m string --string "needle" --algo bm
        -m string ! --string "a \\"b\\" c" --algo kmp --from 1 --to 100 --icase
        -m string --hex-string "|0d0a00|" --algo bm --to 65535
        -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name a
        -m hashlimit --hashlimit-above 30/min --hashlimit-burst 9 --hashlimit-mode srcip,dstport --hashlimit-name b
        -m hashlimit --hashlimit-upto 1/hour --hashlimit-name c --hashlimit-htable-size 64 --hashlimit-htable-max 99
        -m hashlimit --hashlimit-upto 1/day --hashlimit-name d --hashlimit-htable-expire 777 --hashlimit-mode srcip --hashlimit-srcmask 24
        -m hashlimit --hashlimit-upto 1/sec --hashlimit-name e --hashlimit-htable-gcinterval 9 --hashlimit-dstmask 8
        -m hashlimit --hashlimit-above 512kb/s --hashlimit-mode dstip --hashlimit-name f
        -m set --match-set myset src
        -m u32 --u32 "0x0>>0x1c=0x4"
        -m u32 ! --u32 "0x6&0xff=0x6,0x11:0x20&&0x0>>0x16&0x3c@0x4=0x0"
        -p tcp -m connlimit --connlimit-above 20
        -p tcp -m connlimit --connlimit-upto 5 --connlimit-mask 24 --connlimit-daddr
        -p tcp -m connlimit --connlimit-above 0 --connlimit-mask 0
        -m time --timestart 08:00 --timestop 17:30:15
        -m time --weekdays Mon,Tue,Sun --monthdays 1,15,31
        -m time --datestart 2026-01-02T03:04:05 --datestop 2030-12-31
        -m time --timestart 22:00 --timestop 06:00 --contiguous --kerneltz
        -m socket
        -m socket --transparent
        -m socket --nowildcard --restore-skmark
        -m helper --helper ftp
        -m helper ! --helper "ftp-2121"
        -m cluster --cluster-total-nodes 4 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef
        -m cluster --cluster-total-nodes 2 ! --cluster-local-nodemask 1 --cluster-hash-seed 7
        -m quota --quota 123456
        -m quota ! --quota 1
        -m cpu --cpu 0
        -m cpu ! --cpu 3
        -p esp -m esp --espspi 5
        -p esp -m esp ! --espspi 1:500
        -p esp -m esp
        -m connbytes --connbytes 100 --connbytes-mode packets --connbytes-dir both
        -m connbytes --connbytes 1:2 --connbytes-mode bytes --connbytes-dir original
        -m connbytes ! --connbytes 5:9 --connbytes-mode avgpkt --connbytes-dir reply
        -p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 500
        -p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss ! --mss 1:536
        -m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"
        -p dccp -m dccp --sport 1:2 --dccp-types REQUEST
        -m devgroup --src-group 0x3
        -p tcp -m ecn --ecn-tcp-cwr
        -p tcp -m osf --genre Linux
        -m policy --dir in --pol ipsec --proto esp
        -m rateest --rateest x --rateest-lt --rateest-bps 1
        -p 108 -m ipcomp --ipcompspi 18
        -m connlabel --label 1
        -m cgroup --cgroup 1
        -m ipvs --ipvs
        -m nfacct --nfacct-name none
        """ + "\n"

    private static let targets = """
        -j LOG
        -j LOG --log-prefix "kube drop: " --log-level 7
        -j LOG --log-prefix plain --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode
        -j LOG --log-level emerg
        -j NFLOG
        -j NFLOG --nflog-group 5 --nflog-prefix "a b" --nflog-range 64 --nflog-threshold 10
        -j NFLOG --nflog-group 2 --nflog-size 100
        -p tcp -j REJECT --reject-with tcp-reset
        -j MARK --set-xmark 0x1/0x1
        -j MARK --set-mark 0x1
        -j MARK --or-mark 0x4000
        -j MARK --and-mark 0xff
        -j CONNMARK --set-xmark 0x1/0xff
        -j CONNMARK --set-mark 7
        -j CONNMARK --save-mark
        -j CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0xf
        -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff --left-shift-mark 4
        -j CONNMARK --set-mark 1 --right-shift-mark 2
        -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
        -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1300
        -j CLASSIFY --set-class 1:ffff
        -j CLASSIFY --set-class 12ab:3
        -j NFQUEUE --queue-num 0
        -j NFQUEUE --queue-num 7 --queue-bypass
        -j NFQUEUE --queue-balance 1:4 --queue-cpu-fanout
        -j TEE --gateway $A
        -j TEE --gateway $A --oif eth0
        -j AUDIT --type accept
        -j AUDIT --type reject
        -p tcp -m tcp --tcp-flags SYN SYN -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
        -j RETURN
        -j ACCEPT
        -j DROP
        -j IDLETIMER --timeout 60 --label test
        -j LED --led-trigger-id x
        -j RATEEST --rateest-name x --rateest-interval 250ms --rateest-ewmalog 500ms
        -j SET --add-set myset src
        """ + "\n"

    private static let ipv4 = """
        -f -j DROP
        ! -f -j DROP
        -p icmp -m icmp --icmp-type 8
        -p icmp -m icmp ! --icmp-type 3/4
        -p icmp -m icmp --icmp-type any
        -p icmp -m icmp --icmp-type 0/0
        -m ttl --ttl-eq 64
        -m ttl ! --ttl-eq 1
        -m ttl --ttl-lt 5
        -m ttl --ttl-gt 200
        -m realm --realm 7
        -m realm ! --realm 0x10/0xf0
        -p ah -m ah --ahspi 5
        -j REJECT --reject-with icmp-net-unreachable
        -j REJECT --reject-with icmp-host-unreachable
        -j REJECT --reject-with icmp-proto-unreachable
        -j REJECT --reject-with icmp-port-unreachable
        -j REJECT --reject-with icmp-net-prohibited
        -j REJECT --reject-with icmp-host-prohibited
        -j REJECT --reject-with icmp-admin-prohibited

        """

    private static let ipv6 = """
        -p ipv6-icmp -m icmp6 --icmpv6-type 128
        -p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4
        -p ipv6-icmp -m icmp6 --icmpv6-type 255
        -m hl --hl-eq 255
        -m hl ! --hl-eq 1
        -m hl --hl-lt 5
        -m hl --hl-gt 200
        -m ah --ahspi 5
        -m frag --fragid 1 --fragfirst
        -m rt --rt-type 0
        -m hbh --hbh-len 8
        -m dst --dst-len 8
        -m eui64
        -m ipv6header --header hop --soft
        -p mobility-header -m mh --mh-type 1
        -m srh --srh-next-hdr 6
        -j REJECT --reject-with icmp6-no-route
        -j REJECT --reject-with icmp6-adm-prohibited
        -j REJECT --reject-with icmp6-addr-unreachable
        -j REJECT --reject-with icmp6-port-unreachable
        -j REJECT --reject-with icmp6-policy-fail
        -j REJECT --reject-with icmp6-reject-route

        """

    private static let translations = """
        -j MASQUERADE
        -j MASQUERADE --random
        -j MASQUERADE --random-fully
        -p tcp -j MASQUERADE --to-ports 1024-2000
        -p tcp -j MASQUERADE --to-ports 1024 --random --random-fully
        -j SNAT --to-source $A
        -j SNAT --to-source $A-$B
        -j SNAT --to-source $A --random --persistent
        -j SNAT --to-source $A --random-fully
        -p tcp -j SNAT --to-source :1024-2000
        -j DNAT --to-destination $A
        -j DNAT --to-destination $A-$B --random --persistent
        -p tcp -j DNAT --to-destination :8080
        -p tcp -j DNAT --to-destination :8080-8090
        -p tcp -j REDIRECT
        -p tcp -j REDIRECT --to-ports 8080
        -p tcp -j REDIRECT --to-ports 8080-8090 --random
        -p tcp -m owner --uid-owner 0 -j RETURN
        -m addrtype --dst-type LOCAL --limit-iface-in
        -m addrtype ! --src-type LOCAL --limit-iface-out
        -j NETMAP --to $N
        -j LOG --log-prefix "nat "
        -j MARK --set-xmark 0x4000/0x0
        """ + "\n"

    private static let ipv4NAT = """
        -p tcp -j SNAT --to-source 192.0.2.1:1024-2000
        -p tcp -j SNAT --to-source 192.0.2.1-192.0.2.9:99
        -p tcp -j DNAT --to-destination 192.0.2.1:80
        -p tcp -j DNAT --to-destination 192.0.2.1-192.0.2.9:80-90
        -p tcp -j DNAT --to-destination 192.0.2.1:8000-8100/80
        -j NETMAP --to 192.0.2.1

        """

    private static let ipv6NAT = """
        -p tcp -j SNAT --to-source [2001:db8::1]:1024-2000
        -p tcp -j SNAT --to-source [2001:db8::1-2001:db8::9]:99
        -p tcp -j DNAT --to-destination [2001:db8::1]:80
        -p tcp -j DNAT --to-destination [2001:db8::1-2001:db8::9]:80-90
        -p tcp -j DNAT --to-destination [2001:db8::1]:8000-8100/80
        -j DNAT --to-destination ::ffff:192.0.2.1
        -j NETMAP --to 2001:db8::1

        """
}
