import NetworkTypes
import XTables

/// Describes rules that our language cannot express: nearly as iptables-save does, with the unknown parts named.
struct ForeignRuleText {
    let decoder: EntryDecoder

    /// The text, from behind the chain's name on.
    func text(_ parts: EntryParts, targetName: String) -> String {
        var text = head(parts.head)
        for part in parts.matches {
            if let match = decoder.match(part) {
                text += words(Rule(matches: [match]))
            } else {
                text += " -m \(unknown(part))"
            }
        }
        let isGoto = EntryHead(parts.head, family: decoder.family)?.isGoto == true
        switch parts.target {
        case .standard where targetName.isEmpty: break
        case .standard: text += isGoto ? " -g \(targetName)" : " -j \(targetName)"
        case .named(let part):
            if let target = decoder.target(part) {
                text += words(Rule(target: target))
            } else {
                text += " -j \(unknown(part))"
            }
        }
        return text
    }

    private func head(_ bytes: UnsafeRawBufferPointer) -> String {
        guard let head = EntryHead(bytes, family: decoder.family) else { return "" }
        var rule = head.rule
        rule.transport = nil
        var text = words(rule)
        if !head.outputInterface.isEmpty {
            text += head.inverseFlags & EntryFormat.invertsOutputInterface != 0 ? " ! -o " : " -o "
            text += head.outputInterface
        }
        if head.protocolNumber != 0 {
            text += head.inverseFlags & EntryFormat.invertsProtocol != 0 ? " ! -p " : " -p "
            text += head.rule.transport?.rawValue ?? Self.protocolNames[head.protocolNumber] ?? "\(head.protocolNumber)"
        }
        return text
    }

    private func unknown(_ part: EntryParts.Extension) -> String {
        "\(part.name) [unknown to kubetables, \(part.data.count) bytes]"
    }

    /// The words of a rule behind its chain.
    private func words(_ rule: Rule) -> String {
        String(rule.saveText(chain: "x", family: decoder.family).dropFirst("-A x".count))
    }

    private static let protocolNames: [UInt16: String] = [
        1: "icmp", 2: "igmp", 4: "ipencap", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp",
        136: "udplite",
    ]
}
