import KubernetesObjects
import NetworkTypes
import RuleCompiler
import XTables

/// Readers of option values, for flags and configuration files alike.
public enum OptionParsing {
    /// Reads a list of addresses, such as the node's.
    public static func addresses(_ texts: [String], option: String) throws(OptionError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for text in texts {
            guard let address = IPAddress(text) else {
                throw OptionError(option, "“\(text)” is no IP address; give addresses separated by commas")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// Reads the cluster's pod ranges: one, or one of each family.
    public static func clusterCIDRs(_ texts: [String], option: String) throws(OptionError) -> [CIDR] {
        let ranges = try self.ranges(texts, option: option)
        guard Set(ranges.map(\.family)).count == ranges.count else {
            throw OptionError(
                option, "at most one range of each IP family can be given, as in 10.244.0.0/16,fd00:10::/56")
        }
        return ranges
    }

    /// Reads on which addresses node ports answer: ranges, or the word `primary`.
    public static func nodePortAddresses(_ texts: [String], option: String) throws(OptionError) -> NodePortAddresses {
        if texts == ["primary"] { return .primary }
        if texts.contains("primary") {
            throw OptionError(option, "“primary” stands alone; it cannot be combined with ranges")
        }
        return .ranges(try ranges(texts, option: option))
    }

    /// Reads labels written as `KEY=VALUE`.
    public static func labels(_ texts: [String], option: String) throws(OptionError) -> [String: String] {
        var labels: [String: String] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw OptionError(option, "“\(text)” is no label; write KEY=VALUE, separated by commas")
            }
            labels[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return labels
    }

    /// Reads yes or no in any of the spellings that Go's `strconv.ParseBool` takes.
    public static func boolean(_ text: String, option: String) throws(OptionError) -> Bool {
        switch text {
        case "true", "1", "t", "T", "TRUE", "True": true
        case "false", "0", "f", "F", "FALSE", "False": false
        default: throw OptionError(option, "“\(text)” is neither true nor false")
        }
    }

    /// Checks the number of a bit of the packet mark.
    public static func masqueradeBit(_ bit: Int, option: String) throws(OptionError) -> Int {
        guard (0...31).contains(bit) else {
            throw OptionError(option, "\(bit) is no bit of a packet mark; it must be from 0 to 31")
        }
        return bit
    }

    /// Checks a number of connections.
    public static func count(_ count: Int, option: String) throws(OptionError) -> Int {
        guard (0...Int(Int32.max)).contains(count) else {
            throw OptionError(option, "\(count) is no number of connections; it must be from 0 to \(Int32.max)")
        }
        return count
    }

    /// Reads the name of a node as kube-proxy does: in lower case, without blanks around it.
    public static func hostname(_ text: String, option: String) throws(OptionError) -> String {
        let name = String(text.lowercased().drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        guard !name.isEmpty else { throw OptionError(option, "is empty; it must be the name of a Node") }
        return name
    }

    /// Reads a duration, not negative.
    public static func duration(_ text: String, option: String) throws(OptionError) -> Duration {
        guard let duration = DurationText.parse(text), duration >= .zero else {
            throw OptionError(option, "“\(text)” is not \(DurationText.need)")
        }
        return duration
    }

    /// Checks the name of an interface, of which `reserved` bytes are needed for a wildcard.
    public static func interfaceName(
        _ name: String, option: String, reserved: Int = 0
    ) throws(OptionError) -> String {
        let limit = InterfaceMatch.maximumLength - reserved
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }
        guard (1...limit).contains(name.utf8.count), isPlain, !name.hasSuffix("+") else {
            throw OptionError(
                option, "“\(name)” is no interface name; it must have 1 to \(limit) bytes, no blank, no /")
        }
        return name
    }

    private static func ranges(_ texts: [String], option: String) throws(OptionError) -> [CIDR] {
        var ranges: [CIDR] = []
        for text in texts {
            guard let range = CIDR(text) else {
                throw OptionError(
                    option, "“\(text)” is no range of addresses; write ADDRESS/LENGTH, as in 10.244.0.0/16")
            }
            ranges.append(range)
        }
        return ranges
    }

    /// Cuts a list at its commas; blanks around items and empty items are dropped.
    public static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { item in
            String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
