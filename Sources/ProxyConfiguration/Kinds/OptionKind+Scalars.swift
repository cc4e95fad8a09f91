// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects
import Messages

extension OptionKind<String> {
    /// Any text.
    static func text(_ valueName: String) -> OptionKind {
        textual(OptionSyntax(valueName), { text, _ in text }, text: { $0 })
    }

    /// One of a few words.
    ///
    /// - Parameter noun: what a word stands for, for the message about any other.
    static func choice(_ valueName: String, _ words: [String], noun: String) -> OptionKind {
        textual(
            OptionSyntax(valueName, choices: words),
            { text, name throws(OptionError) in
                guard words.contains(text) else { throw .unsupported(name, noun, text, supported: words) }
                return text
            }, text: { $0 })
    }

    /// The name of a node.
    static var nodeName: OptionKind {
        textual(
            OptionSyntax("name"),
            { text, name throws(OptionError) in try OptionParsing.nodeName(text, option: name) }, text: { $0 })
    }

    /// A size such as `1Mi`, in files also as a number.
    static var quantity: OptionKind {
        let text = textual(
            OptionSyntax("size"),
            { text, name throws(OptionError) in try OptionParsing.quantity(text, option: name) }, text: { $0 })
        return OptionKind(
            syntax: text.syntax, parse: text.parse,
            read: { fields, value in
                if case .integer(let number) = value { String(number) } else { text.read(&fields, value) }
            }, document: text.document, unset: text.unset)
    }
}

extension OptionKind<Bool> {
    static var boolean: OptionKind {
        OptionKind(
            syntax: OptionSyntax("true|false", .boolean, choices: ["true", "false"]),
            parse: { text, name throws(OptionError) in try OptionParsing.boolean(text, option: name) },
            read: { fields, value in fields.boolean(value) }, document: { .bool($0) }, unset: .bool(false))
    }
}

extension OptionKind<Int> {
    /// A whole number in a range.
    ///
    /// - Parameters:
    ///   - noun: what the number is, for messages.
    ///   - zeroMeansDefault: whether 0 in a file stands for the default.
    static func integer(
        _ valueName: String, noun: String, _ range: ClosedRange<Int>, zeroMeansDefault: Bool = false
    ) -> OptionKind {
        let check: @Sendable (Int, String) throws(OptionError) -> Int = { number, name throws(OptionError) in
            guard range.contains(number) else {
                throw OptionError(
                    name, "invalid \(noun) \(number): must be from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        return OptionKind(
            syntax: OptionSyntax(valueName),
            parse: { text, name throws(OptionError) in
                guard let number = GoNumber.integer(text).map({ Int($0) }) else {
                    throw OptionError(name, "invalid \(noun) \(MessageText.quoted(text)): must be a whole number")
                }
                return try check(number, name)
            },
            read: { fields, value in
                guard let number = fields.integer(value), number != 0 || !zeroMeansDefault else { return nil }
                return fields.checked { () throws(OptionError) in try check(Int(number), "") }
            }, document: { .integer(Int64($0)) }, unset: .null)
    }

    /// The number of a bit of the packet mark.
    static var markBit: OptionKind { integer("0-31", noun: "bit", 0...31) }

    static var connectionCount: OptionKind {
        integer("number", noun: "number of connections", 0...Int(Int32.max))
    }
}

extension OptionKind<Double> {
    /// A number, of which 0 in a file stands for the default.
    static var number: OptionKind {
        OptionKind(
            syntax: OptionSyntax("number"),
            parse: { text, name throws(OptionError) in
                guard let number = GoNumber.decimal(text) else {
                    throw OptionError(name, "invalid number \(MessageText.quoted(text))")
                }
                return number
            },
            read: { fields, value in
                if case .double(let number) = value { return number }
                return fields.integer(value).flatMap { $0 == 0 ? nil : Double($0) }
            },
            document: { Int64(exactly: $0).map(DocumentValue.integer) ?? .double($0) }, unset: .null)
    }
}

extension OptionKind<Duration> {
    /// A duration, not negative.
    ///
    /// - Parameter zeroMeansDefault: whether zero in a file stands for the default.
    static func duration(zeroMeansDefault: Bool = false) -> OptionKind {
        OptionKind(
            syntax: OptionSyntax("duration"),
            parse: { text, name throws(OptionError) in try OptionParsing.duration(text, option: name) },
            read: { fields, value in
                fields.duration(value).flatMap { $0 == .zero && zeroMeansDefault ? nil : $0 }
            }, document: { .string(DurationText.text($0)) }, unset: .string("0s"))
    }

    /// A duration in a range; a file that has 0 means it.
    static func duration(in range: ClosedRange<Duration>) -> OptionKind {
        let duration = duration()
        let check: @Sendable (Duration, String) throws(OptionError) -> Duration = { value, name throws(OptionError) in
            guard range.contains(value) else {
                throw OptionError(
                    name,
                    "invalid duration \(DurationText.text(value)): must be from \(DurationText.text(range.lowerBound)) "
                        + "to \(DurationText.text(range.upperBound))")
            }
            return value
        }
        return OptionKind(
            syntax: duration.syntax,
            parse: { text, name throws(OptionError) in
                try check(OptionParsing.duration(text, option: name), name)
            },
            read: { fields, value in
                guard let value = duration.read(&fields, value) else { return nil }
                return fields.checked { () throws(OptionError) in try check(value, "") }
            }, document: duration.document, unset: duration.unset)
    }

    /// A duration that files may have as a number of nanoseconds.
    static var durationOrNanoseconds: OptionKind {
        let duration = duration(zeroMeansDefault: true)
        return OptionKind(
            syntax: duration.syntax, parse: duration.parse,
            read: { fields, value in
                guard case .integer(let nanoseconds) = value else { return duration.read(&fields, value) }
                guard nanoseconds >= 0 else {
                    fields.error("invalid duration \(nanoseconds): must not be negative")
                    return nil
                }
                return nanoseconds == 0 ? nil : .nanoseconds(nanoseconds)
            }, document: duration.document, unset: duration.unset)
    }
}
