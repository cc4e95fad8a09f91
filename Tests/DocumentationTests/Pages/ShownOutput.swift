// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a page shows of what a command prints, in which `…` stands for whatever is there.
struct ShownOutput {
    private static let anything = "…"
    private let lines: [String]

    init(_ lines: some Sequence<String>) { self.lines = Array(lines) }

    /// Whether a command that printed this is shown rightly.
    func matches(_ printed: [String]) -> Bool { Self.match(lines[...], printed[...]) }

    /// What the page should show instead of what it shows: lines that are right but for what changes each time stay.
    func corrected(_ printed: [String]) -> [String] {
        if matches(printed) { return lines }
        let patterns = lines.filter { $0.contains(Self.anything) && $0 != Self.anything }
        return printed.map { line in patterns.first { Self.matches($0, line) } ?? line }
    }

    private static func match(_ shown: ArraySlice<String>, _ printed: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        if first == anything {
            return (printed.startIndex...printed.endIndex).contains { match(shown.dropFirst(), printed[$0...]) }
        }
        guard let line = printed.first, matches(first, line) else { return false }
        return match(shown.dropFirst(), printed.dropFirst())
    }

    /// Whether a line is as shown: all that stands between the gaps, in this order.
    private static func matches(_ shown: String, _ line: String) -> Bool {
        let pieces = shown.components(separatedBy: anything)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return shown == line }
        guard line.hasPrefix(first) else { return false }
        var rest = line.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.range(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
