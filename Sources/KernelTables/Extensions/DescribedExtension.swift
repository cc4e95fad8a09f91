import NetworkTypes
import XTables

/// A match that can be put into the words of iptables-save, whoever wrote it.
protocol DescribedMatch: KernelExtension {
    /// The data in words, and in what it asks of a packet; `nil` if something in it is not understood.
    static func describe(_ data: ExtensionData) -> MatchDescription?
}

/// A target that can be put into the words of iptables-save, whoever wrote it.
protocol DescribedTarget: KernelExtension {
    /// The data in words, and what it does to a packet; `nil` if something in it is not understood.
    static func describe(_ data: ExtensionData) -> TargetDescription?
}

/// What a match's data means.
struct MatchDescription {
    /// Name and options, as iptables-save prints them behind `-m`.
    var text: SaveWords
    var conditions: PacketConditions = .undecidable
}

/// What a target's data means.
struct TargetDescription {
    /// Name and options, as iptables-save prints them behind `-j`.
    var text: SaveWords
    var effect: TargetEffect
}

/// The extensions that are understood in foreign rules, besides those of our language.
enum DescribedExtensions {
    private static let matches: [any DescribedMatch.Type] = []
    private static let targets: [any DescribedTarget.Type] = []

    private static let matchesByName = Dictionary(grouping: matches) { "\($0.signature.name)" }
    private static let targetsByName = Dictionary(grouping: targets) { "\($0.signature.name)" }

    static func describe(match part: EntryParts.Extension, _ data: ExtensionData) -> MatchDescription? {
        matchesByName[part.name]?.first { $0.signature.isSignature(of: part, family: data.family) }?.describe(data)
    }

    static func describe(target part: EntryParts.Extension, _ data: ExtensionData) -> TargetDescription? {
        targetsByName[part.name]?.first { $0.signature.isSignature(of: part, family: data.family) }?.describe(data)
    }
}

/// Words of iptables-save, put together one by one.
struct SaveWords: CustomStringConvertible, ExpressibleByStringLiteral {
    private(set) var description: String

    init(stringLiteral name: String) { description = name }

    /// Appends an option, with `!` before it or not, and its value if it has one.
    mutating func add(_ option: String, _ value: String? = nil, isInverted: Bool = false) {
        if isInverted { description += " !" }
        description += " \(option)"
        if let value { description += " \(value)" }
    }
}
