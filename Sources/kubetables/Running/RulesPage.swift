import KernelTables
import NetworkTypes
import Proxy
import RuleCompiler
import XTables

/// The text of `/rules` or `/plan`: large on large nodes, so it is made on a thread of its own, one after the other.
///
/// Whoever asks for what is being made already gets that.
actor RulesPage {
    /// Makes the text about one family's rules.
    typealias Text = @Sendable (Ruleset) throws -> String

    /// Why there are no rules to show.
    private struct NothingWanted: Error, CustomStringConvertible {
        let description = "no rules yet: the Services and endpoints are not known"
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

    /// What shall be in the kernel, as iptables-save prints it.
    static let rules: Text = { "# \($0.family.kubernetesName)\n\($0.text())" }

    /// What would be changed in the kernel now.
    static let plan: Text = { rules in
        var text = ""
        let plan = try Syncer(lock: nil).plan(rules)
        PlanPrinter(format: .text, colors: .none).forEachLine(of: plan) { text += $0 + "\n" }
        return text
    }

    /// The text about all families.
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
            guard let compilation = await loop.compilation(family) else { return .failure(NothingWanted()) }
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
