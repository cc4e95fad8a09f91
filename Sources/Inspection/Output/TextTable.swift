// SPDX-License-Identifier: Apache-2.0

import Messages

/// A table for people: columns under headings, as kubectl prints them.
///
/// A table that is not wide fits ``ReportStyle/width``: columns without any value are left out, texts are cut, and if that is
/// not enough, the columns that matter least are left out as well.
package struct TextTable: Sendable {
    /// A column.
    package struct Column: Sendable {
        let heading: String
        /// The fewest characters that a text of this column is cut to; `nil` if it is never cut.
        var minimum: Int?
        /// Whether numbers stand below each other.
        var isRightAligned = false
        /// Whether the column is there in a wide table only.
        var isWideOnly = false
        /// Whether a wide table has something better.
        var isNarrowOnly = false
        /// The order in which columns are left out if the table does not fit, the highest number first; 0 for never.
        var surplusRank = 0
    }

    package struct Cell: Sendable {
        /// Escaped and of bounded length, so that what is measured is what is written.
        let text: String
        let style: TextStyle
        let width: Int

        init(_ text: String?, _ style: TextStyle = .plain) {
            self.style = style
            guard let text, !text.isEmpty else {
                self.text = TextTable.absent
                width = 1
                return
            }
            self.text = MessageText.line(text)
            width = self.text.width
        }
    }

    /// What stands where there is no value.
    static let absent = "-"

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row with a cell for each column.
    mutating func append(_ row: [Cell]) { rows.append(row) }

    mutating func reserveCapacity(_ count: Int) { rows.reserveCapacity(count) }

    /// Writes the heading and all rows, without a space at the end of a line.
    ///
    /// - Parameters:
    ///   - indentation: the columns that each line is indented by later.
    ///   - width: the columns that lines may have, with the indentation, unless the table is wide.
    func write(
        _ style: ReportStyle, indentation: Int = 0, width: Int = ReportStyle.width, _ line: (String) -> Void
    ) {
        let limit = width - indentation
        let layout = TableLayout(columns, natural: naturalWidths, isUsed: usedColumns, style, limit: limit)
        line(layout.line(columns.map { Cell($0.heading, .heading) }, style))
        for row in rows { line(layout.line(row, style)) }
    }

    private var naturalWidths: [Int] {
        var widths = columns.map(\.heading.count)
        for row in rows {
            for index in row.indices { widths[index] = max(widths[index], row[index].width) }
        }
        return widths
    }

    private var usedColumns: [Bool] {
        columns.indices.map { index in rows.contains { $0[index].text != Self.absent } }
    }
}

/// Which columns of a table are shown, and how wide.
private struct TableLayout {
    private struct Place {
        let index: Int
        let column: TextTable.Column
        var width: Int
    }

    private var places: [Place]
    private let gap = 2
    /// The bytes of most lines.
    private static let usualLength = 160

    init(_ columns: [TextTable.Column], natural: [Int], isUsed: [Bool], _ style: ReportStyle, limit: Int) {
        places = columns.indices.map { Place(index: $0, column: columns[$0], width: natural[$0]) }
        places.removeAll { style.isWide ? $0.column.isNarrowOnly : $0.column.isWideOnly }
        guard !style.isWide else { return }
        if width > limit { places.removeAll { !isUsed[$0.index] && $0.column.surplusRank > 0 } }
        while narrowestWidth > limit, let surplus = places.indices.max(by: rankIsLower),
            places[surplus].column.surplusRank > 0
        {
            places.remove(at: surplus)
        }
        while width > limit, let widest = widestThatCanBeCut { places[widest].width -= 1 }
    }

    private var width: Int { places.reduce(0) { $0 + $1.width } + gap * (places.count - 1) }

    private var narrowestWidth: Int {
        places.reduce(0) { $0 + Self.narrowest($1) } + gap * (places.count - 1)
    }

    /// A heading is never cut.
    private static func narrowest(_ place: Place) -> Int {
        guard let minimum = place.column.minimum else { return place.width }
        return min(place.width, max(minimum, place.column.heading.count))
    }

    private func rankIsLower(_ left: Int, _ right: Int) -> Bool {
        places[left].column.surplusRank < places[right].column.surplusRank
    }

    private var widestThatCanBeCut: Int? {
        places.indices.filter { places[$0].width > Self.narrowest(places[$0]) }.max {
            places[$0].width < places[$1].width
        }
    }

    private static let blanks = (0...64).map { String(repeating: " ", count: $0) }

    private static func append(_ spaces: Int, to line: inout String) {
        line += spaces < blanks.count ? blanks[spaces] : String(repeating: " ", count: spaces)
    }

    func line(_ row: [TextTable.Cell], _ style: ReportStyle) -> String {
        var line = ""
        line.reserveCapacity(Self.usualLength)
        var padding = 0
        for place in places {
            let cell = row[place.index]
            let isWhole = style.isWide || cell.width <= place.width
            let text = isWhole ? cell.text : cell.text.cut(to: place.width)
            let missing = max(0, place.width - cell.width)
            if place.column.isRightAligned { padding += missing }
            Self.append(padding, to: &line)
            line += cell.style.apply(to: text, style)
            padding = gap + (place.column.isRightAligned ? 0 : missing)
        }
        return line
    }
}

extension String {
    /// The columns that it takes on a terminal, where each of its characters takes one.
    var width: Int { isPlain ? utf8.count : count }

    /// The text, or its beginning and an ellipsis if it is longer than `width`.
    func cut(to width: Int) -> String { self.width <= width ? self : "\(prefix(max(0, width - 1)))…" }
}
