// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Inspection
import Messages
import Proxy

/// The pages below `/v1/`: reports, in the form that the client asks for.
///
/// | parameter | meaning |
/// | --- | --- |
/// | `output` | `table`, `wide`, `json` or `yaml` |
/// | `color` | `always` for text with colours, `never` |
///
/// The others are those of the inquiry; what is none of them is refused. A report is made on a thread of its own; the loop hands over references only.
package struct ReportPages: Sendable {
    /// The header with the version of the program: without it, an answer is that of another program, or of an older version.
    package static let versionHeader = "Kubetables-Version"
    /// The header with the exit status of the command that prints the report, if it is not 0.
    package static let statusHeader = "Kubetables-Exit-Status"
    private static let pictureType = "image/svg+xml"
    /// A picture that is opened by itself has its own style, and nothing in it runs.
    private static let picturePolicy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

    private struct NoRules: Error, CustomStringConvertible {
        let description = "no rules yet: Services and endpoints are not known"
    }

    private let state: @Sendable (InquiryNeeds) async -> InspectedState
    private let version: String
    private let onRelease: @Sendable () -> Void
    private let queue = BlockingQueue(label: "kubetables.reports")
    private let room = ReportRoom()

    /// - Parameters:
    ///   - version: the version of this program.
    ///   - state: the state now, with what is needed of it.
    ///   - onRelease: called when a large report is no longer in memory.
    package init(
        version: String, state: @escaping @Sendable (InquiryNeeds) async -> InspectedState,
        onRelease: @escaping @Sendable () -> Void = {}
    ) {
        self.version = version
        self.state = state
        self.onRelease = onRelease
    }

    /// Whether a path is one of these pages.
    package func has(_ path: String) -> Bool { Self.inquiry(path) != nil }

    /// The answer: 400 for an inquiry that makes no sense, 404 for one about something unknown, 403 for what this program may not
    /// read, and 503 for what it cannot read now.
    package func answer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        guard let type = Self.inquiry(query.path) else { return .notFound }
        let parameters = InquiryParameters(query.parameters.map { .init(name: $0.name, value: $0.value) })
        var answer: HTTPAnswer
        do {
            try parameters.check(type.parameterNames + ReportOutput.parameterNames)
            answer = try await self.answer(type.init(parameters), ReportOutput(parameters))
        } catch let failure as InquiryFailure {
            answer = .text(MessageText.line("\(failure)") + "\n", status: failure.status)
        } catch {
            answer = .text(MessageText.line("\(error)") + "\n", status: 503)
        }
        answer.headers.append((Self.versionHeader, version))
        return answer
    }

    private static func inquiry(_ path: String) -> (any Inquiry.Type)? { Inquiries.all.first { $0.path == path } }

    private func answer(_ inquiry: any Inquiry, _ output: ReportOutput) async throws -> HTTPAnswer {
        let needs = type(of: inquiry).needs
        let state = await state(needs)
        guard !state.compilations.isEmpty || !needs.contains(.rules) else { throw NoRules() }
        let answer = try await queue.run { Result { try Self.answer(inquiry, output, state) } }.get()
        return answer.content.isLarge ? room.admit(answer, onRelease: onRelease) : answer
    }

    private static func answer(
        _ inquiry: any Inquiry, _ output: ReportOutput, _ state: InspectedState
    ) throws -> HTTPAnswer {
        var page = PageContent()
        let report = try inquiry.report(on: state)
        try output.write(report) { page.append($0) }
        let type = output.contentType(of: report)
        var answer = HTTPAnswer(contentType: type, page)
        if report.exitStatus != 0 { answer.headers.append((statusHeader, "\(report.exitStatus)")) }
        if type == pictureType { answer.headers.append(("Content-Security-Policy", picturePolicy)) }
        return answer
    }
}

extension InquiryFailure {
    fileprivate var status: Int {
        switch self {
        case .invalid: 400
        case .notPermitted: 403
        case .notFound: 404
        case .unavailable: 503
        }
    }
}
