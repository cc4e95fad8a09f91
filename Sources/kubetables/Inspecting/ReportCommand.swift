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
    /// The machine that manifests, or a cluster, are compared with; `nil` if that is not wanted.
    var machine: (any InspectedMachine)? { get }
}

extension ReportCommand {
    var machine: (any InspectedMachine)? { nil }

    func run() async throws {
        if source.paths.isEmpty, !source.readsCluster {
            try await RunningProgram(source.running).print(inquiry, report.form)
        } else {
            let read = try await OfflineState(source, node)
            var state = read.state
            state.machine = machine
            let status = try print(state)
            if read.hasErrors { throw ExitCode.badInput }
            if status != 0 { throw ExitCode(Int32(status)) }
        }
    }

    /// - Returns: the exit status of the report.
    private func print(_ state: InspectedState) throws -> Int {
        let answer: any Report
        do throws(InquiryFailure) {
            answer = try inquiry.report(on: state)
        } catch {
            throw Console.failure("\(error)", error.exitCode)
        }
        var failure: (any Error)?
        var isEmpty = true
        try report.form.write(answer) { text in
            guard failure == nil else { return }
            isEmpty = isEmpty && text.isEmpty
            do { try Console.write(Array(text.utf8)) } catch { failure = error }
        }
        if let failure { throw failure }
        if isEmpty, let note = inquiry.emptyNote { Console.printToStandardError(note) }
        return answer.exitStatus
    }
}

extension InquiryFailure {
    var exitCode: ExitCode {
        switch self {
        case .notFound: .badInput
        case .invalid: .wrongUsage
        case .notPermitted: .notPermitted
        case .unavailable: .noAnswer
        }
    }
}
