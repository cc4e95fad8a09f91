// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Host
import Inspection
import KernelTables
import Messages
import Monitoring
import NetworkTypes
import Proxy
import ProxyConfiguration

/// `/plan` with parameters: the differences as `plan` and `verify` print them.
struct PlanPage: Sendable {
    private let loop: ProxyLoop
    private let families: [IPFamily]
    private let queue = BlockingQueue(label: "kubetables.plan")

    init(_ loop: ProxyLoop, _ families: [IPFamily]) {
        self.loop = loop
        self.families = families
    }

    /// The answer; 400 for parameters that make no sense, 503 if nothing can be compared now.
    func answer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        var answer: HTTPAnswer
        do {
            answer = try await self.answer(
                PlanInquiry(InquiryParameters(query.parameters.map { .init(name: $0.name, value: $0.value) })))
        } catch let failure as InquiryFailure {
            answer = .text(MessageText.line("\(failure)") + "\n", status: 400)
        } catch {
            answer = .text(MessageText.line("\(error)") + "\n", status: Self.status(error))
        }
        answer.headers.append((ReportPages.versionHeader, kubetablesVersion))
        return answer
    }

    /// What this program may not read is no passing trouble.
    private static func status(_ error: any Error) -> Int {
        if case .notPermitted? = error as? SyncError { 403 } else { 503 }
    }

    private func answer(_ inquiry: PlanInquiry) async throws -> HTTPAnswer {
        let asked = inquiry.family.map { [$0] } ?? families
        guard asked.allSatisfy(families.contains) else {
            let served = families.map(\.rawValue).joined(separator: ", ")
            throw InquiryFailure.invalid(
                "the running program keeps no rules of \(asked[0].kubernetesName) in sync (supported: \(served))")
        }
        var plans: [JudgedPlan] = []
        for family in asked {
            guard let desired = await loop.desiredRules(family) else { throw RulesPage.NoRules() }
            let options = await loop.options
            plans.append(try await queue.run { Result { try RulesPage.compare(desired, options) } }.get())
        }
        return try await queue.run { [plans] in
            defer { Memory.giveBack() }
            return Result { try Self.page(plans, inquiry) }
        }.get()
    }

    private static func page(_ plans: [JudgedPlan], _ inquiry: PlanInquiry) throws -> HTTPAnswer {
        var page = PageContent()
        try inquiry.printer.forEachPiece(of: plans) { page.append($0) }
        var answer =
            inquiry.format == .json ? HTTPAnswer(contentType: "application/json", page) : HTTPAnswer.text(page)
        let status = inquiry.exitStatus(plans)
        if status != 0 { answer.headers.append((ReportPages.statusHeader, "\(status)")) }
        return answer
    }
}
