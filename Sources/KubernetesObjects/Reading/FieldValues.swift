// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes

/// The types of fields: each reads a value, or reports what would be right.
extension FieldReader {
    /// A text.
    package mutating func text(_ value: DocumentValue) -> String? {
        if case .string(let text) = value { return text }
        switch value {
        case .array, .object: error("must be a string, not \(value.summary)")
        default: error("must be a string, not \(value.summary); put it in quotes")
        }
        return nil
    }

    /// A whole number.
    package mutating func integer(_ value: DocumentValue) -> Int64? {
        switch value {
        case .integer(let number):
            return number
        // Also 80.0 and 8e1 are 80, as for kubectl.
        case .double(let number) where Int64(exactly: number) != nil:
            return Int64(exactly: number)
        case .string(let text) where Int64(text) != nil:
            error("must be a whole number, not \(value.summary); write it without quotes")
        // YAML takes a number that no computer can hold for a text.
        case .string(let text) where text.first?.isNumber == true && Double(text)?.isInfinite == true:
            error("must be a whole number; \(MessageText.escaped(text)) is too large")
        default:
            error("must be a whole number, not \(value.summary)")
        }
        return nil
    }

    /// True or false.
    package mutating func boolean(_ value: DocumentValue) -> Bool? {
        if case .bool(let boolean) = value { return boolean }
        error("must be true or false, not \(value.summary)")
        return nil
    }

    /// A mapping.
    package mutating func object(_ value: DocumentValue) -> DocumentObject? {
        if case .object(let object) = value { return object }
        error("must be a mapping, not \(value.summary)")
        return nil
    }

    /// A duration, not negative.
    package mutating func duration(_ value: DocumentValue) -> Duration? {
        if case .integer(let number) = value, number >= 0 {
            error("must be a duration with a unit, not \(value.summary); write \(number)s")
            return nil
        }
        guard let text = text(value) else { return nil }
        guard let duration = DurationText.parse(text), duration >= .zero else {
            error("invalid duration \(MessageText.quoted(text)): \(DurationText.requirement(missedBy: text))")
            return nil
        }
        return duration
    }

    /// A port, 1–65535.
    mutating func port(_ value: DocumentValue) -> UInt16? {
        guard let number = integer(value) else { return nil }
        guard let port = UInt16(exactly: number), port != 0 else {
            error("invalid port \(number): must be from 1 to 65535")
            return nil
        }
        return port
    }

    /// A port, 1–65535, or 0 for none: `nil` then.
    mutating func portOrZero(_ value: DocumentValue) -> UInt16? {
        guard let number = integer(value) else { return nil }
        guard let port = UInt16(exactly: number) else {
            error("invalid port \(number): must be from 1 to 65535, or 0 for none")
            return nil
        }
        return port == 0 ? nil : port
    }

    /// An address, read as kube-proxy does; a spelling that is not the canonical one is worth a warning.
    mutating func address(_ value: DocumentValue) -> IPAddress? {
        guard let text = text(value) else { return nil }
        guard let address = IPAddress(text) else {
            error("invalid IP address \(MessageText.quoted(text))")
            return nil
        }
        warnUnlessCanonical(text, readAs: address.description)
        return address
    }

    /// A range of addresses, read as kube-proxy does: blanks are trimmed, host bits and leading zeros dropped.
    mutating func range(_ value: DocumentValue) -> CIDR? {
        guard let text = text(value) else { return nil }
        guard let range = CIDR(text.trimmingBlanks) else {
            error("invalid CIDR \(MessageText.quoted(text)): \(CIDR.requirement(missedBy: text.trimmingBlanks))")
            return nil
        }
        warnUnlessCanonical(text, readAs: range.description)
        return range
    }

    /// Warns of a text whose canonical form is another.
    mutating func warnUnlessCanonical(_ text: String, readAs canonical: String) {
        if canonical != text { warning("\(MessageText.quoted(text)) is read as \(canonical); write it so") }
    }

    /// One of some names; the empty text stands for an absent field.
    package mutating func choice<Value>(_ value: DocumentValue, _ choices: KeyValuePairs<String, Value>) -> Value? {
        guard let text = text(value), !text.isEmpty else { return nil }
        if let choice = choices.first(where: { $0.key == text }) { return choice.value }
        let supported = choices.map(\.key).joined(separator: ", ")
        error("unsupported value \(MessageText.quoted(text)) (supported: \(supported))")
        return nil
    }

    /// A transport protocol.
    mutating func transport(_ value: DocumentValue) -> TransportProtocol? {
        choice(value, ["TCP": .tcp, "UDP": .udp, "SCTP": .sctp])
    }

    /// A DNS label (RFC 1123): the form of namespaces, of names of Services and of names of ports.
    mutating func label(_ value: DocumentValue) -> String? {
        guard let text = text(value) else { return nil }
        guard text.isDNSLabel else {
            error(
                "invalid DNS label \(MessageText.quoted(text)): must be 1 to 63 of the characters a-z, 0-9 and \"-\", "
                    + "beginning and ending with a letter or digit")
            return nil
        }
        return text
    }

    /// The name of a port: a DNS label, or empty.
    mutating func portName(_ value: DocumentValue) -> String? {
        value == .string("") ? "" : label(value)
    }

    /// A DNS subdomain (RFC 1123): the form of the names of most objects.
    mutating func subdomain(_ value: DocumentValue) -> String? {
        guard let text = text(value) else { return nil }
        guard text.isDNSSubdomain else {
            error(
                "invalid DNS name \(MessageText.quoted(text)): must be up to 253 of the characters a-z, 0-9, \"-\" "
                    + "and \".\", each part beginning and ending with a letter or digit")
            return nil
        }
        return text
    }
}

extension String {
    /// The text without blanks at its ends (Go's `strings.TrimSpace`).
    fileprivate var trimmingBlanks: Substring {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}

extension String {
    /// Whether the text is a DNS label: 1–63 characters.
    fileprivate var isDNSLabel: Bool { utf8.count <= 63 && Substring(self).utf8.isLabelOfAnyLength }

    /// Whether the text is a DNS subdomain: labels with dots between them, 253 characters in all.
    fileprivate var isDNSSubdomain: Bool {
        utf8.count <= 253
            && utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .allSatisfy(\.isLabelOfAnyLength)
    }
}

extension Substring.UTF8View {
    fileprivate var isLabelOfAnyLength: Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first, let last, isLetterOrDigit(first), isLetterOrDigit(last) else { return false }
        return allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
}
