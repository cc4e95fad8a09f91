// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// The form of a report, for the commands that print one.
struct ReportOptions: ParsableArguments {
    /// When text has colours.
    enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
        /// On a terminal, unless NO_COLOR is set.
        case auto
        case always
        case never
    }

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The form of the output: table fits 100 columns, wide has all columns and whole texts.",
            valueName: "table|wide|json|yaml"))
    var output = ReportFormat.table

    @Option(help: ArgumentHelp("Whether text has colours.", valueName: "auto|always|never"))
    var color = ColorChoice.auto

    var form: ReportOutput {
        let hasColors =
            switch color {
            case .auto: TerminalColors.standardOutput.isOn
            case .always: true
            case .never: false
            }
        return ReportOutput(output, hasColors: hasColors)
    }
}

extension ReportFormat: ExpressibleByArgument {}
