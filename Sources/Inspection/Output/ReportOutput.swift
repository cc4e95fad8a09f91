// SPDX-License-Identifier: Apache-2.0

import Documents

/// The form of a report.
package enum ReportFormat: String, Sendable, CaseIterable {
    /// For people; tables fit a terminal.
    case table
    /// For people, with all columns and whole texts.
    case wide
    /// JSON, one item of a list on each line.
    case json
    /// YAML.
    case yaml
}

/// Writes reports in one form.
package struct ReportOutput: Sendable, Hashable {
    package var format: ReportFormat
    /// Whether text for people has colours.
    package var hasColors: Bool

    package init(_ format: ReportFormat = .table, hasColors: Bool = false) {
        self.format = format
        self.hasColors = hasColors
    }

    /// Whether it is text for people.
    package var isText: Bool { format == .table || format == .wide }

    /// How text for people is written.
    package var style: ReportStyle { ReportStyle(isWide: format == .wide, hasColors: hasColors) }

    static let plainText = "text/plain; charset=utf-8"

    /// The content type of a report for HTTP.
    package func contentType(of report: any Report) -> String {
        switch format {
        case .table, .wide: report.textType
        case .json: "application/json"
        case .yaml: "application/yaml"
        }
    }

    /// Writes a report, in pieces of any length.
    package func write(_ report: any Report, _ body: (String) -> Void) throws {
        switch format {
        case .table, .wide:
            report.writeText(style) { body(TextStyle.printable($0, style) + "\n") }
        case .json: try write(report, as: JSONLines(), body)
        case .yaml: try write(report, as: YAMLLines(), body)
        }
    }

    /// Writes a list item by item: all of it as one document would take hundreds of megabytes.
    private func write(_ report: any Report, as form: some ReportForm, _ body: (String) -> Void) throws {
        guard let list = report as? any ListReport else {
            return body(form.text(try DocumentValue(encoding: report)))
        }
        try write(list, as: form, body)
    }

    private func write(_ list: some ListReport, as form: some ReportForm, _ body: (String) -> Void) throws {
        body(form.beginning(kind: list.kind, apiVersion: list.apiVersion, isEmpty: list.items.isEmpty))
        for (index, item) in list.items.enumerated() {
            body(try form.item(item, isLast: index == list.items.count - 1))
        }
        body(form.end(isEmpty: list.items.isEmpty))
    }
}

extension ReportOutput {
    /// Reads the form from the parameters `output` and `color` of a request.
    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        let name = parameters["output"] ?? ReportFormat.table.rawValue
        guard let format = ReportFormat(rawValue: name) else {
            let names = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("unsupported output \"\(name)\" (supported: \(names))")
        }
        self.init(format, hasColors: try parameters.word("color", of: ["never", "always"]) == "always")
    }

    /// The names of these parameters.
    package static let parameterNames = ["output", "color"]

    /// The parameters of a request for this form.
    package var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append("output", format.rawValue)
        if hasColors { parameters.append("color", "always") }
        return parameters
    }
}
