// SPDX-License-Identifier: Apache-2.0

extension OptionKind where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
    /// One of the values of an enumeration, by their texts.
    ///
    /// - Parameter what: what is chosen, for help and messages.
    static func choice(_ what: String) -> OptionKind {
        let choices = Value.allCases.map(\.rawValue)
        return textual(
            OptionSyntax(what, choices: choices),
            { text, name throws(OptionError) in
                guard let value = Value(rawValue: text) else {
                    throw .unsupported(name, what, text, supported: choices)
                }
                return value
            }, text: \.rawValue)
    }
}
