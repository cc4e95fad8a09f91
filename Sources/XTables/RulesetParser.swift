// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes

/// Why a text is no ruleset in the language of ``Rule``.
public struct RulesetSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the line, from 1.
    public let line: Int
    /// What is wrong with it, and what would be right.
    public let reason: String

    /// `line N: reason`.
    public var description: String { "line \(line): \(reason)" }
}

extension Ruleset {
    /// Reads iptables-save text that has only rules of the kinds that ``Rule`` knows.
    ///
    /// For tests and for tools that work on files: rules in a kernel are read from its entries, never from text.
    ///
    /// Counters, `#` lines and policies are passed over; rules of built-in chains become jumps. The text of
    /// ``Ruleset/text(_:)`` in format ``RulesetTextFormat/save`` gives back the same ruleset.
    ///
    /// - Throws: ``RulesetSyntaxError`` for text that is none of this.
    public init(saveText text: some StringProtocol, family: IPFamily) throws(RulesetSyntaxError) {
        var parser = RulesetParser(family: family)
        // Split by bytes: a line end is one byte, and grapheme breaking would cost most of the time.
        for (index, line) in String(text).utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            parser.lineNumber = index + 1
            try parser.read(Substring(line))
        }
        self = try parser.finish()
    }
}

/// Reads iptables-save text line by line.
private struct RulesetParser {
    let family: IPFamily
    var lineNumber = 0
    private var finished: [TableRules] = []
    private var table: Table?
    private var jumps: [BuiltInChain: [Rule]] = [:]
    private var chains: [Chain] = []
    private var chainIndex: [ChainName: Int] = [:]

    init(family: IPFamily) { self.family = family }

    mutating func read(_ line: Substring) throws(RulesetSyntaxError) {
        switch line.utf8.first {
        case nil, UInt8(ascii: "#"): return
        case UInt8(ascii: "*"): try beginTable(line.dropFirst())
        case UInt8(ascii: ":"): try declareChain(line.dropFirst())
        default:
            if line == "COMMIT" { try endTable() } else { try addRule(line) }
        }
    }

    mutating func finish() throws(RulesetSyntaxError) -> Ruleset {
        if let table { throw error("the table \(table.rawValue) does not end with COMMIT") }
        return Ruleset(
            family: family, tables: Table.allCases.flatMap { table in finished.filter { $0.table == table } })
    }

    func error(_ reason: String) -> RulesetSyntaxError { RulesetSyntaxError(line: lineNumber, reason: reason) }

    private mutating func beginTable(_ name: Substring) throws(RulesetSyntaxError) {
        guard table == nil else { throw error("a table begins before the last one ended with COMMIT") }
        guard let new = Table(rawValue: String(name)) else {
            throw error(
                "unsupported table \(MessageText.quoted(name)) (supported: \(Table.allCases.map(\.rawValue).joined(separator: ", ")))"
            )
        }
        guard !finished.contains(where: { $0.table == new }) else { throw error("the table \(name) is there twice") }
        table = new
        jumps = [:]
        chains = []
        chainIndex = [:]
    }

    private mutating func endTable() throws(RulesetSyntaxError) {
        guard let ended = table else { throw error("COMMIT outside of a table") }
        finished.append(TableRules(table: ended, jumps: jumps, chains: chains))
        table = nil
    }

    private mutating func declareChain(_ text: Substring) throws(RulesetSyntaxError) {
        guard let table else { throw error("a chain is declared outside of a table") }
        let label = text.prefix { $0 != " " }
        if let builtIn = BuiltInChain(rawValue: String(label)), table.builtInChains.contains(builtIn) { return }
        guard let name = ChainName(saveWord: label) else {
            throw error("invalid chain name \(MessageText.quoted(label)): \(ChainName.saveWordRequirement)")
        }
        guard chainIndex[name] == nil else {
            throw error("the chain \(MessageText.escaped(name.description)) is declared twice")
        }
        chainIndex[name] = chains.count
        chains.append(Chain(name: name))
    }

    private mutating func addRule(_ line: Substring) throws(RulesetSyntaxError) {
        guard let table else { throw error("a rule outside of a table") }
        var text = line
        if text.first == "[", let counters = text.firstIndex(of: "]") { text = text[text.index(after: counters)...] }
        guard var words = SaveTextWords(text) else { throw error("a quoted word does not end") }
        guard words.take("-A"), let label = words.take() else { throw error("a rule must begin with -A CHAIN") }

        var parser = RuleParser(words: words, family: family, line: lineNumber)
        let rule = try parser.parse()
        if let builtIn = BuiltInChain(rawValue: label), table.builtInChains.contains(builtIn) {
            jumps[builtIn, default: []].append(rule)
        } else if let name = ChainName(saveWord: label), let index = chainIndex[name] {
            chains[index].rules.append(rule)
        } else {
            throw error("the chain \(MessageText.escaped(label)) was not declared")
        }
    }
}
