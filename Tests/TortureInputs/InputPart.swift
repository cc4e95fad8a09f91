// SPDX-License-Identifier: Apache-2.0

/// A kind of input, what reads it, and what must hold for what comes of it.
protocol InputPart {
    /// Inputs to begin with.
    var seeds: [[UInt8]] { get }
    /// Words that mutations put in.
    var vocabulary: [[UInt8]] { get }
    /// Whether inputs are bytes and not text.
    var isBinary: Bool { get }
    /// Reads an input, and checks what came of it.
    ///
    /// - Throws: ``Finding`` for what must not be.
    func run(_ input: [UInt8]) throws(Finding) -> Behaviour
}

extension InputPart {
    var isBinary: Bool { false }
}

/// What reading an input did: which inputs behave anew is what guides the mutations.
struct Behaviour {
    /// Whether something was made of it.
    var isAccepted = false
    /// Hashes of the messages, of the forms of rules and the like.
    private(set) var features: [UInt64] = []

    /// Adds a text with its numbers and quoted parts left out.
    mutating func add(_ text: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var isQuoted = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            if isQuoted || isDigit { continue }
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        features.append(hash)
    }

    /// Adds a number as it is.
    mutating func add(_ number: Int) { features.append(UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15) }
}

/// The parts by the name that the command line has for them.
enum InputParts {
    static let names = [
        "yaml", "json", "configuration", "kubeconfig", "list", "watch", "save", "entry", "table",
    ]

    static func make(_ name: String, fixtures: String) -> (any InputPart)? {
        let corpus = Corpus(folder: fixtures)
        return switch name {
        case "yaml": ManifestPart(.yaml, corpus)
        case "json": ManifestPart(.json, corpus)
        case "configuration": ConfigurationPart(corpus)
        case "kubeconfig": KubeconfigPart()
        case "list": AnswerPart(.list, corpus)
        case "watch": AnswerPart(.watch, corpus)
        case "save": SaveTextPart(corpus)
        case "entry": EntryPart()
        case "table": TablePart()
        default: nil
        }
    }
}
