// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Prints figures as a table that fits a terminal and is Markdown as well.
struct Report {
    let figures: [Figure]

    /// Prints everything.
    ///
    /// - Returns: whether no goal is missed.
    func printed() -> Bool {
        let rows = [["what", "kubetables", "compared with", "ratio", "goal", "verdict"]] + figures.map(Self.row)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (index, row) in rows.enumerated() {
            print(Self.line(zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }))
            if index == 0 { print(Self.line(widths.map { String(repeating: "-", count: $0) })) }
        }
        let details = figures.compactMap { figure in figure.details.map { "\(figure.title): \($0)" } }
        if !details.isEmpty { print("\nWhere the time went:\n" + details.map { "  " + $0 }.joined(separator: "\n")) }
        return figures.allSatisfy { $0.verdict != .missed }
    }

    private static func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }

    private static func row(_ figure: Figure) -> [String] {
        let reference = figure.reference
        return [
            figure.title, text(figure.ours, figure.unit),
            reference.map { "\($0.name): \(text($0.samples, figure.unit))" } ?? "",
            reference.map { _ in String(format: "%.2f", figure.value) } ?? "",
            figure.goal.map { "≤ " + (reference == nil ? text($0, figure.unit) : String(format: "%.2f", $0)) } ?? "",
            figure.verdict.rawValue,
        ]
    }

    /// The minimum and, if there are several samples, the median.
    private static func text(_ samples: Samples, _ unit: Figure.Unit) -> String {
        let minimum = text(samples.minimum, unit)
        return samples.count == 1 ? minimum : "\(minimum) (\(text(samples.median, unit)))"
    }

    static func text(_ value: Double, _ unit: Figure.Unit) -> String {
        switch unit {
        case .bytes: String(format: "%.0f MB", value / 1e6)
        case .entries: String(format: "%.0f", value)
        case .seconds where value < 0.001: String(format: "%.1f µs", value * 1e6)
        case .seconds where value < 0.1: String(format: "%.2f ms", value * 1e3)
        case .seconds: String(format: "%.3f s", value)
        }
    }
}
