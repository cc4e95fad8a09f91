import Documents
import KubernetesObjects

/// How the values of an option are written on the command line, for help and completion.
public struct OptionSyntax: Sendable, Hashable {
    /// How often a flag can be given, and with what.
    public enum Repetition: Sendable, Hashable {
        /// With one value; the last one counts.
        case single
        /// With one value, or with none for `true`.
        case boolean
        /// With values separated by commas, as often as one likes.
        case list
    }

    /// What stands for the value, such as `duration`.
    public let valueName: String
    /// How often a flag can be given, and with what.
    public let repetition: Repetition
    /// The values there are, if they are few.
    public let choices: [String]

    init(_ valueName: String, _ repetition: Repetition = .single, choices: [String] = []) {
        self.valueName = valueName
        self.repetition = repetition
        self.choices = choices
    }
}

/// What values an option can have, and how they are read and written.
struct OptionKind<Value: Sendable>: Sendable {
    /// How they are written on the command line.
    let syntax: OptionSyntax
    /// Reads a flag's text, for the flag of that name; `nil` for a text that says nothing.
    let parse: @Sendable (String, String) throws(OptionError) -> Value?
    /// Reads a file's value; `nil` for one that says nothing, or that is wrong, which the reader is told then.
    let read: @Sendable (inout FieldReader, DocumentValue) -> Value?
    /// The value as a file has it.
    let document: @Sendable (Value) -> DocumentValue
    /// What a file has where nothing is said.
    let nothing: DocumentValue
}

extension OptionKind {
    /// Values that are texts in files too.
    ///
    /// - Parameters:
    ///   - parse: reads a text that is not empty, for the option of that name.
    ///   - text: the text that `parse` would read as this value.
    static func spelled(
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
            document: { .string(text($0)) }, nothing: .string(""))
    }

    /// The same values, kept as a file has them.
    var kept: OptionKind<DocumentValue> {
        OptionKind<DocumentValue>(
            syntax: syntax, parse: { text, name throws(OptionError) in try parse(text, name).map(document) },
            read: { fields, value in read(&fields, value).map(document) }, document: { $0 }, nothing: nothing)
    }
}

extension FieldReader {
    /// What `body` gives back; its error is told as one of the field.
    mutating func checked<Value>(_ body: () throws(OptionError) -> Value) -> Value? {
        do throws(OptionError) {
            return try body()
        } catch {
            self.error(error.reason)
            return nil
        }
    }
}
