// SPDX-License-Identifier: Apache-2.0

import Messages

/// The answer to an inquiry: a value that is written as JSON, as YAML and as text.
///
/// Its JSON is stable: members may be added within ``ReportVersion/current``, but none is renamed, removed or given another
/// meaning.
package protocol Report: Sendable, Codable {
    /// The version of the report's members; ``ReportVersion/current``.
    var apiVersion: String { get }
    /// What kind of report it is, for example `ServiceList`.
    var kind: String { get }

    /// The exit status of the command that prints the report; 0 unless the report is a verdict.
    var exitStatus: Int { get }

    /// The content type of the text for people.
    var textType: String { get }

    /// Writes the report for people, line by line.
    func writeText(_ style: ReportStyle, _ line: (String) -> Void)
}

extension Report {
    package var exitStatus: Int { 0 }

    package var textType: String { ReportOutput.plainText }
}

/// A report that is a list, which may be long: it is written item by item.
package protocol ListReport: Report {
    associatedtype Item: Codable

    var items: [Item] { get }
}

/// The version of all reports.
package enum ReportVersion {
    package static let current = "kubetables/v1"
}

/// How a report for people is written.
package struct ReportStyle: Sendable, Hashable {
    /// Whether tables may be as wide as they like, and have all columns.
    package var isWide: Bool
    /// Whether colours are used.
    package var hasColors: Bool

    package init(isWide: Bool = false, hasColors: Bool = false) {
        self.isWide = isWide
        self.hasColors = hasColors
    }

    /// The columns of a terminal that a table fits, unless it is wide.
    package static let width = 100

    /// A name outside of a table: escaped and cut, so that it can be measured, and one that is thousands of characters long hides
    /// nothing else.
    func name(_ text: String) -> String { isWide ? MessageText.line(text) : MessageText.escaped(text) }

    /// A text that may take the rest of a line: escaped, and cut to so many columns unless all is shown.
    func text(_ text: String, width: Int) -> String {
        let text = MessageText.line(text)
        return isWide ? text : text.cut(to: width)
    }
}
