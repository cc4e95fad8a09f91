import KernelTables
import NetworkTypes
import Proxy
import RuleCompiler
import XTables

/// The text of `/rules` or `/plan`: large on large nodes, so it is made on a thread of its own, one at a time.
///
/// Requests that come while a text is being made share it.
actor RulesPage {
    /// Makes the text of one family's rules.
    typealias Text = @Sendable (Ruleset) throws -> String

    private struct NoRules: Error, CustomStringConvertible {
        let description = "no rules yet: Services and endpoints are not known"
    }

    private let loop: ProxyLoop
    private let families: [IPFamily]
    private let text: Text
    private let queue = BlockingQueue(label: "kubetables.pages")
    private var making: Task<Result<String, any Error>, Never>?

    init(_ loop: ProxyLoop, _ families: [IPFamily], _ text: @escaping Text) {
        self.loop = loop
        self.families = families
        self.text = text
    }

    /// The desired rules, as iptables-save text.
    static let rules: Text = { "# \($0.family.kubernetesName)\n\($0.text())" }

    /// The difference between the desired rules and the kernel.
    static let plan: Text = { rules in
        var text = ""
        let plan = try Syncer(lock: nil).plan(rules)
        PlanPrinter(format: .text, colors: .none).forEachLine(of: plan) { text += $0 + "\n" }
        return text
    }

    /// The text of all families.
    func get() async throws -> String {
        if let making { return try await making.value.get() }
        let task = Task { await make() }
        making = task
        let result = await task.value
        making = nil
        return try result.get()
    }

    private func make() async -> Result<String, any Error> {
        var whole = ""
        for family in families {
            guard let compilation = await loop.compilation(family) else { return .failure(NoRules()) }
            let part = await queue.run { [text] in
                defer { Memory.giveBack() }
                return Result { try text(compilation.ruleset) }
            }
            switch part {
            case .success(let text): whole += text
            case .failure: return part
            }
        }
        return .success(whole)
    }
}
