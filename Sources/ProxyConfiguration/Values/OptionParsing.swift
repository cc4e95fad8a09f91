// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Messages
import NetworkTypes
import RuleCompiler
import XTables

/// Parsers of option values, for flags and configuration files alike; `option` is the name that errors give.
enum OptionParsing {
    static func addresses(_ texts: [String], option: String) throws(OptionError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for text in texts {
            guard let address = IPAddress(text) else {
                throw OptionError(
                    option, "invalid IP address \(MessageText.quoted(text)); separate several addresses with commas")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// The cluster's pod ranges: one, or one of each family.
    static func clusterCIDRs(_ texts: [String], option: String) throws(OptionError) -> [CIDR] {
        let ranges = try self.ranges(texts, option: option)
        guard Set(ranges.map(\.family)).count == ranges.count else {
            throw OptionError(
                option, "at most one CIDR of each IP family is allowed, for example 10.244.0.0/16,fd00:10::/56")
        }
        return ranges
    }

    /// The addresses that serve node ports: ranges, or the word `primary`.
    static func nodePortAddresses(_ texts: [String], option: String) throws(OptionError) -> NodePortAddresses {
        if texts == ["primary"] { return .primary }
        if texts.contains("primary") {
            throw OptionError(option, "\"primary\" cannot be combined with CIDRs")
        }
        return .ranges(try ranges(texts, option: option))
    }

    /// Pairs written as `KEY=VALUE`.
    static func pairs(
        _ texts: [String], noun: String, option: String
    ) throws(OptionError) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw OptionError(
                    option,
                    "invalid \(noun) \(MessageText.quoted(text)): must be KEY=VALUE; separate several with commas")
            }
            pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return pairs
    }

    /// True or false in any of the spellings that Go's `strconv.ParseBool` accepts.
    static func boolean(_ text: String, option: String) throws(OptionError) -> Bool {
        switch text {
        case "true", "1", "t", "T", "TRUE", "True": true
        case "false", "0", "f", "F", "FALSE", "False": false
        default: throw OptionError(option, "invalid value \(MessageText.quoted(text)): must be true or false")
        }
    }

    /// The name of a node as kube-proxy reads it: in lower case, without blanks around it.
    static func nodeName(_ text: String, option: String) throws(OptionError) -> String {
        let name = trimmed(text.lowercased())
        guard !name.isEmpty else { throw OptionError(option, "empty name: must be the name of a Node") }
        return name
    }

    /// A duration, not negative.
    static func duration(_ text: String, option: String) throws(OptionError) -> Duration {
        guard let duration = DurationText.parse(text), duration >= .zero else {
            throw OptionError(
                option, "invalid duration \(MessageText.quoted(text)): \(DurationText.requirement(missedBy: text))")
        }
        return duration
    }

    /// A quantity as Kubernetes writes it: a decimal number with a sign, a fraction and a suffix, each optional.
    ///
    /// Source: `ParseQuantity` of k8s.io/apimachinery/pkg/api/resource/quantity.go.
    static func quantity(_ text: String, option: String) throws(OptionError) -> String {
        // Each text has one way to match at most, so that a long one takes no longer than its length.
        let form = /[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?/
        guard text.wholeMatch(of: form) != nil else {
            throw OptionError(
                option, "invalid quantity \(MessageText.quoted(text)): must be a number such as 1048576 or 1Mi")
        }
        return text
    }

    /// The name of an interface, or what names begin with: a prefix is a byte shorter, for the `+` behind it in a rule.
    ///
    /// The kernel has no interface with `/`, `:` or a blank in its name, nor `.` and `..` (`dev_valid_name` of
    /// net/core/dev.c). It has any with quotes, `\`, `!` and a final `+`, but iptables-restore reads these as something
    /// else. Characters beyond ASCII it has as well; in rules and messages one cannot see which of those that look alike
    /// is meant.
    static func interfaceName(
        _ name: String, option: String, isPrefix: Bool = false
    ) throws(OptionError) -> String {
        let limit = InterfaceMatch.maximumLength - (isPrefix ? 1 : 0)
        let isPlain = name.utf8.allSatisfy { (0x21...0x7e).contains($0) && !#"/:"'\"#.utf8.contains($0) }
        guard (1...limit).contains(name.utf8.count), isPlain, !name.hasSuffix("+") else {
            throw OptionError(
                option,
                "invalid interface name \(MessageText.quoted(name)): must have 1–\(limit) printable ASCII characters, "
                    + "without blanks, quotes, \\, /, : and final +")
        }
        guard isPrefix || ![".", "..", "!"].contains(name) else {
            throw OptionError(option, "invalid interface name \(MessageText.quoted(name)): must not be ., .. or !")
        }
        return name
    }

    private static func ranges(_ texts: [String], option: String) throws(OptionError) -> [CIDR] {
        var ranges: [CIDR] = []
        for text in texts {
            guard let range = CIDR(text) else {
                throw OptionError(
                    option, "invalid CIDR \(MessageText.quoted(text)): \(CIDR.requirement(missedBy: text))")
            }
            ranges.append(range)
        }
        return ranges
    }

    /// Splits a list at its commas; blanks around items and empty items are dropped.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
