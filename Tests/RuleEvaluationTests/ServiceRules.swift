// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import TestSupport

/// Rules for many Services, as kube-proxy would write them, with few addresses.
struct ServiceRules {
    /// What distinguishes a Service from others.
    struct Form {
        var endpoints: Int
        var hasNodePort = false
        var hasAffinity = false
        /// Which clients may use it.
        var sourceRange: String?
    }

    /// The address of an endpoint.
    var endpoint: (_ service: Int, _ number: Int) -> String = { service, number in
        "10.244.0.\(service * 2 + number)"
    }
    let services: [Form]
    /// Rules in FORWARD.
    var filter = ["-A FORWARD -m conntrack --ctstate INVALID -j DROP"]

    init(services count: Int, _ form: (Int) -> Form) { services = (0..<count).map(form) }

    var lines: [String] {
        let chains = services.indices.flatMap { service in
            ["SVC-\(service)", "EXT-\(service)"] + (0..<services[service].endpoints).map { "SEP-\(service)-\($0)" }
        }
        return ["*filter"] + filter + ["COMMIT", "*nat"]
            + (chains + ["SERVICES", "NODEPORTS", "MARK-MASQ"]).map { ":\($0) - [0:0]" }
            + ["-A PREROUTING -j SERVICES", "-A OUTPUT -j SERVICES"]
            + services.indices.flatMap(dispatch)
            + [
                "-A SERVICES -m addrtype --dst-type LOCAL -j NODEPORTS",
                "-A MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
            ]
            + services.indices.flatMap(rules)
            + ["-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE", "COMMIT"]
    }

    private func dispatch(_ service: Int) -> [String] {
        let form = services[service]
        let range = form.sourceRange.map { "-s \($0) " } ?? ""
        return ["-A SERVICES \(range)-d 10.96.0.\(service)/32 -p tcp -m tcp --dport 80 -j SVC-\(service)"]
            + (form.hasNodePort ? ["-A NODEPORTS -p tcp -m tcp --dport \(30_000 + service) -j EXT-\(service)"] : [])
    }

    private func rules(_ service: Int) -> [String] {
        let form = services[service]
        var lines = ["-A EXT-\(service) -j MARK-MASQ", "-A EXT-\(service) -j SVC-\(service)"]
        for number in 0..<form.endpoints {
            let (chain, address) = ("SEP-\(service)-\(number)", endpoint(service, number))
            if form.hasAffinity {
                lines.append(
                    "-A SVC-\(service) -m recent --rcheck --seconds 100 --reap --name \(chain) --mask 255.255.255.255 --rsource -j \(chain)"
                )
            }
            let left = form.endpoints - number
            let draw = left == 2 ? "-m statistic --mode random --probability 0.50000000000 " : ""
            let third = left == 3 ? "-m statistic --mode random --probability 0.33333333349 " : ""
            lines.append("-A SVC-\(service) \(draw)\(third)-j \(chain)")
            lines.append("-A \(chain) -s \(address)/32 -j MARK-MASQ")
            let list = form.hasAffinity ? "-m recent --set --name \(chain) --mask 255.255.255.255 --rsource " : ""
            lines.append("-A \(chain) -p tcp \(list)-m tcp -j DNAT --to-destination \(address):8080")
        }
        return lines
    }

    /// Twenty Services with few endpoints, which they share.
    static func random(_ random: inout SeededGenerator) -> [String] {
        let forms = (0..<20).map { _ in
            Form(
                endpoints: random.pick([0, 1, 1, 2]), hasNodePort: random.chance(85), hasAffinity: random.chance(10),
                sourceRange: random.pick([nil, nil, nil, "10.244.0.0/29", "192.168.50.0/24"]))
        }
        let addresses = (0..<40).map { _ in Int.random(in: 0...9, using: &random) }
        var rules = ServiceRules(services: forms.count) { forms[$0] }
        rules.endpoint = { service, number in "10.244.0.\(addresses[service * 2 + number])" }
        rules.filter += [
            random.pick(["-A FORWARD -s 10.244.0.4/32 -j ACCEPT", "-A FORWARD -d 10.244.0.8/29 -j DROP"]),
            random.pick([
                "-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT", "-A FORWARD -p tcp -m tcp --dport 8081 -j DROP",
            ]),
        ]
        return rules.lines
    }

    /// Packets to every Service, port and endpoint of those, from every kind of client.
    static let packets: [Packet] = {
        let addresses =
            (0..<20).map { "10.96.0.\($0)" } + (0...9).map { "10.244.0.\($0)" } + ["192.168.50.10", "10.0.0.1"]
        let ends = addresses.flatMap { text -> [AddressPort] in
            let ports: [UInt16] =
                if text.hasPrefix("10.96") { [80] } else {
                    text.hasPrefix("192") ? Array(30_000..<30_020) : [8080, 8081]
                }
            return ports.map { AddressPort(address(text), $0) }
        }
        let sources = (0...9).map { "10.244.0.\($0)" } + ["10.244.0.200", "192.168.50.20"]
        return ends.flatMap { end in
            sources.flatMap { source in
                [ConnectionState.new, .established].map { state in
                    var packet = SampleRules.packet(from: address(source), to: end)
                    packet.state = state
                    return packet
                }
            }
        }
    }()
}
