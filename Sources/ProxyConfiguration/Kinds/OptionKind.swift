// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// How the values of an option are written on the command line, for help and completion.
package struct OptionSyntax: Sendable, Hashable {
    package enum Repetition: Sendable, Hashable {
        /// One value; the last one counts.
        case single
        /// One value, or none for `true`.
        case boolean
        /// Values separated by commas, in any number of flags.
        case list
    }

    /// The placeholder for the value, such as `duration`.
    package let valueName: String
    package let repetition: Repetition
    /// All possible values, if they are few.
    package let choices: [String]

    init(_ valueName: String, _ repetition: Repetition = .single, choices: [String] = []) {
        self.valueName = valueName
        self.repetition = repetition
        self.choices = choices
    }
}

/// The type of an option: how its values are read from flags and files, and written to files.
struct OptionKind<Value: Sendable>: Sendable {
    let syntax: OptionSyntax
    /// Reads a flag's text, for the flag of that name; `nil` for a text that leaves the option unset.
    let parse: @Sendable (String, String) throws(OptionError) -> Value?
    /// Reads a file's value; `nil` for one that leaves the option unset, or is wrong: the reader has the error then.
    let read: @Sendable (inout FieldReader, DocumentValue) -> Value?
    /// The value as a file has it.
    let document: @Sendable (Value) -> DocumentValue
    /// What a file has if the option is not set.
    let unset: DocumentValue
}

extension OptionKind {
    /// Values that are text in files, too.
    ///
    /// - Parameters:
    ///   - parse: reads a text that is not empty, for the option of that name.
    ///   - text: the text that `parse` would read as this value.
    static func textual(
        _ syntax: OptionSyntax, _ parse: @escaping @Sendable (String, String) throws(OptionError) -> Value,
        text: @escaping @Sendable (Value) -> String
    ) -> OptionKind {
        OptionKind(
            syntax: syntax,
            parse: { text, name throws(OptionError) in text.isEmpty ? nil : try parse(text, name) },
            read: { fields, value in
                guard let text = fields.text(value), !text.isEmpty else { return nil }
                return fields.checked { () throws(OptionError) in try parse(text, "") }
            },
            document: { .string(text($0)) }, unset: .string(""))
    }

    /// The same values, in the form that a file has.
    var asDocumentValue: OptionKind<DocumentValue> {
        OptionKind<DocumentValue>(
            syntax: syntax, parse: { text, name throws(OptionError) in try parse(text, name).map(document) },
            read: { fields, value in read(&fields, value).map(document) }, document: { $0 }, unset: unset)
    }
}

extension FieldReader {
    /// The result of `body`; its error becomes one of the field.
    mutating func checked<Value>(_ body: () throws(OptionError) -> Value) -> Value? {
        do throws(OptionError) {
            return try body()
        } catch {
            self.error(error.reason)
            return nil
        }
    }
}
