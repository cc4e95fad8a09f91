// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

extension Rule {
    /// Appends the rule as iptables-save prints it, from `-A CHAIN` to the target, without a line end.
    ///
    /// The order of words is that of iptables: addresses, interface, protocol, matches in their order, target.
    public func appendSaveText(chain: ChainName, family: IPFamily, to bytes: inout [UInt8]) {
        bytes.appendLiteral("-A ")
        bytes.appendName(chain)
        if let source { source.append(option: " -s ", to: &bytes) }
        if let destination { destination.append(option: " -d ", to: &bytes) }
        if let inputInterface { inputInterface.append(option: "-i ", to: &bytes) }
        if let transport {
            bytes.appendLiteral(" -p ")
            bytes.appendLiteral(transport.saveName)
        }
        for match in matches { match.append(family: family, to: &bytes) }
        target?.append(family: family, to: &bytes)
    }

    /// The rule as iptables-save prints it, from `-A CHAIN` to the target.
    public func saveText(chain: ChainName, family: IPFamily) -> String {
        var bytes: [UInt8] = []
        appendSaveText(chain: chain, family: family, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension AddressMatch {
    fileprivate func append(option: StaticString, to bytes: inout [UInt8]) {
        if isInverted { bytes.appendLiteral(" !") }
        bytes.appendLiteral(option)
        AddressBits(range.address).appendText(range.family, to: &bytes)
        bytes.append(UInt8(ascii: "/"))
        bytes.appendDecimal(UInt8(range.prefixLength))
    }
}

extension InterfaceMatch {
    fileprivate func append(option: StaticString, to bytes: inout [UInt8]) {
        bytes.appendLiteral(isInverted ? " ! " : " ")
        bytes.appendLiteral(option)
        bytes.append(contentsOf: name.utf8)
        if isWildcard { bytes.append(UInt8(ascii: "+")) }
    }
}

extension InterfaceMatch {
    /// The option as iptables-save prints it.
    func saveText(option: String) -> String {
        "\(isInverted ? " !" : "") \(option) \(name)\(isWildcard ? "+" : "")"
    }
}

extension Match {
    fileprivate func append(family: IPFamily, to bytes: inout [UInt8]) {
        switch self {
        case .comment(let text):
            bytes.appendLiteral(" -m comment --comment ")
            bytes.appendQuoted(text)
        case .conntrack(let states, let isInverted):
            bytes.appendLiteral(isInverted ? " -m conntrack ! --ctstate " : " -m conntrack --ctstate ")
            let names = ConnectionStates.names.filter { states.contains($0.state) }.map(\.name)
            bytes.append(contentsOf: names.joined(separator: ",").utf8)
        case .localAddress(.source):
            bytes.appendLiteral(" -m addrtype --src-type LOCAL")
        case .localAddress(.destination):
            bytes.appendLiteral(" -m addrtype --dst-type LOCAL")
        case .mark(let value, let mask, let isInverted):
            bytes.appendLiteral(isInverted ? " -m mark ! --mark " : " -m mark --mark ")
            bytes.appendMark(value)
            if mask != .max {
                bytes.append(UInt8(ascii: "/"))
                bytes.appendMark(mask)
            }
        case .transport(let transport, let destinationPort):
            bytes.appendLiteral(" -m ")
            bytes.appendLiteral(transport.saveName)
            if let destinationPort {
                bytes.appendLiteral(" --dport ")
                bytes.appendDecimal(destinationPort)
            }
        case .ports(let transport, let ports):
            bytes.appendLiteral(" -m ")
            bytes.appendLiteral(transport.saveName)
            bytes.appendLiteral(" --dport ")
            bytes.appendDecimal(ports.lowerBound)
            bytes.append(UInt8(ascii: ":"))
            bytes.appendDecimal(ports.upperBound)
        case .sameAddresses:
            bytes.append(SameAddressProgram.program(family))
        case .clients(let share):
            share.append(family: family, to: &bytes)
        case .random(let probability):
            bytes.appendLiteral(" -m statistic --mode random --probability ")
            probability.appendText(to: &bytes)
        case .everyNth(let count):
            bytes.appendLiteral(" -m statistic --mode nth --every ")
            bytes.appendDecimal(count)
            bytes.appendLiteral(" --packet 0")
        case .recent(let recent):
            recent.append(family: family, to: &bytes)
        case .refusal:
            bytes.appendLiteral(" -m u32 --u32 ")
            bytes.appendQuoted(RefusalPattern.text(family))
        case .originalDestination(let address, let port):
            bytes.appendLiteral(" -m conntrack")
            if let address {
                bytes.appendLiteral(" --ctorigdst ")
                AddressBits(address).appendText(family, to: &bytes)
            }
            bytes.appendLiteral(" --ctorigdstport ")
            bytes.appendDecimal(port)
        case .retryAllowance:
            bytes.append(contentsOf: " -m hashlimit \(RetryAllowance.text)".utf8)
        case .accounting(let name):
            // iptables-save 1.8.9 prints two blanks here (libxt_nfacct), the second of them by `xtables_save_string`.
            bytes.appendLiteral(" -m nfacct --nfacct-name  ")
            bytes.appendQuoted(name)
        }
    }
}

extension ClientShare {
    fileprivate func append(family: IPFamily, to bytes: inout [UInt8]) {
        guard family == .ipv4 else { return bytes.append(ClientHashProgram.program(self)) }
        bytes.appendLiteral(isInverted ? " -m cluster ! " : " -m cluster ")
        bytes.appendLiteral("--cluster-local-nodemask 0x00000001 --cluster-total-nodes ")
        bytes.appendDecimal(UInt32(count))
        bytes.appendLiteral(" --cluster-hash-seed 0x")
        let digits = String(seed, radix: 16)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 8 - digits.utf8.count))
        bytes.append(contentsOf: digits.utf8)
    }
}

extension RecentMatch {
    fileprivate func append(family: IPFamily, to bytes: inout [UInt8]) {
        switch action {
        case .set:
            bytes.appendLiteral(" -m recent --set")
        case .check(let seconds):
            bytes.appendLiteral(" -m recent --rcheck --seconds ")
            bytes.appendDecimal(seconds)
            bytes.appendLiteral(" --reap")
        }
        bytes.appendLiteral(" --name ")
        bytes.appendName(list)
        switch family {
        case .ipv4: bytes.appendLiteral(" --mask 255.255.255.255 --rsource")
        case .ipv6: bytes.appendLiteral(" --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource")
        }
    }
}

extension Target {
    fileprivate func append(family: IPFamily, to bytes: inout [UInt8]) {
        switch self {
        case .accept: bytes.appendLiteral(" -j ACCEPT")
        case .drop: bytes.appendLiteral(" -j DROP")
        case .return: bytes.appendLiteral(" -j RETURN")
        case .jump(let chain):
            bytes.appendLiteral(" -j ")
            bytes.appendName(chain)
        case .mark(let xor, let clearing):
            bytes.appendLiteral(" -j MARK --set-xmark ")
            bytes.appendMark(xor)
            bytes.append(UInt8(ascii: "/"))
            bytes.appendMark(clearing)
        case .masquerade(let randomFully):
            bytes.appendLiteral(randomFully ? " -j MASQUERADE --random-fully" : " -j MASQUERADE")
        case .destinationNAT(let address, let port):
            bytes.appendLiteral(" -j DNAT --to-destination ")
            AddressPort(address, port).appendText(to: &bytes)
        case .rejectPortUnreachable:
            switch family {
            case .ipv4: bytes.appendLiteral(" -j REJECT --reject-with icmp-port-unreachable")
            case .ipv6: bytes.appendLiteral(" -j REJECT --reject-with icmp6-port-unreachable")
            }
        }
    }
}

extension TransportProtocol {
    fileprivate var saveName: StaticString {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        }
    }
}

extension [UInt8] {
    mutating func appendLiteral(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func appendName(_ name: ChainName) {
        name.withBytes { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ program: FilterProgram) {
        appendLiteral(" -m bpf --bytecode \"")
        program.appendText(to: &self)
        append(UInt8(ascii: "\""))
    }

    fileprivate mutating func appendMark(_ value: UInt32) {
        appendLiteral("0x")
        appendHexadecimal(value)
    }

    /// Appends text as iptables-save does (`xtables_save_string`): quoted if it has more than letters, digits, `_`, `-`.
    fileprivate mutating func appendQuoted(_ text: String) {
        let bytes = text.utf8
        if !bytes.isEmpty, bytes.allSatisfy(\.needsNoQuotes) {
            append(contentsOf: bytes)
            return
        }
        append(UInt8(ascii: "\""))
        for byte in bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "'") {
                append(UInt8(ascii: "\\"))
            }
            append(byte)
        }
        append(UInt8(ascii: "\""))
    }
}

extension String {
    /// The text as iptables-save prints a value: quoted if it has more than letters, digits, `_`, `-`.
    package var saveQuoted: String {
        var bytes: [UInt8] = []
        bytes.appendQuoted(self)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var needsNoQuotes: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
