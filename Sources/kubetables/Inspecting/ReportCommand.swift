// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// A command that prints a report: about the running program of this node, or about manifests or a cluster that it reads.
protocol ReportCommand: AsyncParsableCommand {
    /// The form of the report.
    var report: ReportOptions { get }
    /// What the report is about.
    var source: InspectedSourceOptions { get }
    /// The node that rules are for, if no program is asked.
    var node: NodeOptions { get }
    /// What is asked.
    var inquiry: any Inquiry { get }
}

extension ReportCommand {
    func run() async throws {
        if source.paths.isEmpty, !source.readsCluster {
            try await RunningProgram(source.running).print(inquiry, report.form)
        } else {
            let read = try await OfflineState(source, node)
            try print(read.state)
            if read.hasErrors { throw ExitCode.badInput }
        }
    }

    private func print(_ state: InspectedState) throws {
        let answer: any Report
        do throws(InquiryFailure) {
            answer = try inquiry.report(on: state)
        } catch {
            throw Console.failure("\(error)", error.exitCode)
        }
        var failure: (any Error)?
        try report.form.write(answer) { text in
            guard failure == nil else { return }
            do { try Console.write(Array(text.utf8)) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

extension InquiryFailure {
    var exitCode: ExitCode {
        switch self {
        case .notFound: .badInput
        case .invalid: .wrongUsage
        }
    }
}
