// SPDX-License-Identifier: Apache-2.0

import Messages

/// The screen of `top`: made of a report and the size of the terminal, and of nothing else.
package struct TopScreen: Sendable {
    /// The size of a terminal.
    package struct Size: Sendable, Hashable {
        package var columns: Int
        package var rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    /// The lines above the table's rows: title, summary, an empty line, and the table's heading.
    private static let headCount = 4

    private let title: String
    private let hasColors: Bool
    private let emptyNote: String?

    /// - Parameters:
    ///   - title: what is shown, how often and in what order.
    ///   - emptyNote: stands below it if there is nothing to show.
    package init(title: String, hasColors: Bool, emptyNote: String? = nil) {
        self.title = title
        self.hasColors = hasColors
        self.emptyNote = emptyNote
    }

    /// How many items a screen has room for.
    package static func room(_ size: Size) -> Int { max(0, size.rows - headCount) }

    /// The lines of the screen: at most as many as it has rows, none longer than it has columns.
    ///
    /// - Parameter problem: why there is no newer report; `nil` if this one is the newest.
    package func lines(_ report: any TopReport, problem: String? = nil, _ size: Size) -> [String] {
        let style = ReportStyle(hasColors: hasColors)
        var summary = report.totals.items == 0 ? emptyNote ?? report.summary : report.summary
        let (shown, all) = (report.shownCount, report.totals.items)
        if shown < all { summary += "; \(shown) of \(all) shown" }
        var lines = [
            TextStyle.heading.apply(to: title.cut(to: size.columns), style),
            problem.map { TextStyle.bad.apply(to: MessageText.line($0).cut(to: size.columns), style) }
                ?? MessageText.line(summary).cut(to: size.columns),
            "",
        ]
        lines += table(report, size, style)
        return lines.prefix(max(0, size.rows)).map { TextStyle.printable($0, style) }
    }

    /// The table; without colours where the terminal is narrower than its narrowest form, so that it can be cut.
    private func table(_ report: any TopReport, _ size: Size, _ style: ReportStyle) -> [String] {
        var plain: [String] = []
        report.table.write(ReportStyle(), width: size.columns) { plain.append($0) }
        guard plain.allSatisfy({ $0.width <= size.columns }) else { return plain.map { $0.cut(to: size.columns) } }
        guard hasColors else { return plain }
        var colored: [String] = []
        report.table.write(style, width: size.columns) { colored.append($0) }
        return colored
    }
}
