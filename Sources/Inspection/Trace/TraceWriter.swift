// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import XTables

/// Puts the ways of a packet into the words of a report.
struct TraceWriter {
    private let tracer: Tracer
    private let owners: RuleOwners
    private let network: NodeNetwork
    private let clients: [ChainName: [IPAddress: RecentClient]]
    /// The chains of service ports that choose by a hash of the client's address.
    private let hashingChains: Set<ChainName>
    /// One way for each outcome and what it assumes, with the share of all ways to it.
    private let ways: [(branch: EvaluatedBranch, share: Share)]
    /// How many steps all ways have in common.
    private let commonLength: Int
    private var items: [AddressPort: EndpointItem] = [:]

    init(
        _ tracer: Tracer, _ evaluation: Evaluation, _ network: NodeNetwork,
        clients: [ChainName: [IPAddress: RecentClient]]
    ) {
        self.tracer = tracer
        self.network = network
        owners = RuleOwners(tracer.desired)
        self.clients = clients
        hashingChains = Set(
            tracer.compilation.servicePorts.filter { $0.balance == .sourceHash }.flatMap { $0.ownChains(in: .nat) })
        var ways: [(branch: EvaluatedBranch, share: Share)] = []
        for outcome in evaluation.outcomes {
            let branch = evaluation.branches.first {
                $0.outcome == outcome.outcome && $0.assumptions == outcome.assumptions
            }
            if let branch { ways.append((branch, outcome.share)) }
        }
        self.ways = ways
        let first = evaluation.branches.first?.path ?? []
        commonLength = evaluation.branches.dropFirst().reduce(first.count) { length, branch in
            zip(first.prefix(length), branch.path).prefix { $0 == $1 }.count
        }
        items = endpointItems()
    }

    private var family: IPFamily { tracer.compilation.family }

    var commonHops: [TraceHop] { ways.first.map { Array(hops($0.branch.path).prefix(commonLength)) } ?? [] }

    var outcomes: [TraceOutcome] { ways.map { outcome($0.branch, $0.share) } }

    private func hops(_ path: [PathStep]) -> [TraceHop] {
        path.indices.map { hop(path[$0], next: $0 + 1 < path.count ? path[$0 + 1] : nil) }
    }

    private func hop(_ step: PathStep, next: PathStep?) -> TraceHop {
        let origin = owners.origin(of: step)
        return TraceHop(
            hook: step.hook.rawValue, table: step.table.rawValue, chain: step.chain.description,
            position: step.position, depth: step.depth,
            rule: step.rule?.text(chain: step.chain, family: family) ?? "policy DROP",
            service: origin?.servicePort?.description, isForeign: origin == nil,
            isFruitless: step.isJump && !(next?.isBehind(step) ?? false))
    }

    // MARK: Outcomes

    private func outcome(_ branch: EvaluatedBranch, _ share: Share) -> TraceOutcome {
        let (verdict, detail) = branch.outcome.verdict.words
        var outcome = TraceOutcome(
            verdict: verdict, detail: detail, fraction: share.fraction, share: share.approximation,
            conditions: branch.assumptions.map(\.words), isMasqueraded: false,
            hops: Array(hops(branch.path).dropFirst(commonLength)))
        addEndpoint(branch, to: &outcome)
        addSource(branch.outcome.source, to: &outcome)
        outcome.affinity = affinity(branch)
        if branch.outcome.verdict == .unroutable { outcome.detail = obstacle(branch) }
        return outcome
    }

    /// Why the kernel routes the packet nowhere.
    private func obstacle(_ branch: EvaluatedBranch) -> String {
        let traced = tracer.traced
        let destination = branch.outcome.newDestination?.address ?? traced.destination.address
        if traced.source.isLoopback || destination.isLoopback {
            return "loopback addresses are for packets inside of this node"
        }
        let hasRoute =
            network.isLocal(destination) || (network.routes?.contains { $0.range.contains(destination) } ?? true)
        if !hasRoute { return "no route to \(destination)" }
        if network.isLocal(traced.source) { return "its source \(traced.source) is an address of this node" }
        return "no route to \(destination), because this node does not forward packets (ip_forward is 0)"
    }

    private func addEndpoint(_ branch: EvaluatedBranch, to outcome: inout TraceOutcome) {
        guard let endpoint = branch.outcome.newDestination else { return }
        outcome.endpoint = endpoint.description
        outcome.service = servicePort(of: branch)?.description
        let item = items[endpoint]
        outcome.pod = item?.pod
        outcome.node = item?.node
    }

    /// The service port that the last rule of one on the way was made for.
    private func servicePort(of branch: EvaluatedBranch) -> ServicePortOrigin? {
        branch.path.lazy.reversed().compactMap { owners.origin(of: $0)?.servicePort }.first
    }

    /// What is known of the endpoints that the ways lead to.
    private func endpointItems() -> [AddressPort: EndpointItem] {
        let owning = Set(ways.compactMap { servicePort(of: $0.branch) })
        var items: [AddressPort: EndpointItem] = [:]
        for compiled in tracer.compilation.servicePorts where owning.contains(where: { $0.isOrigin(of: compiled) }) {
            // An item for each endpoint, in the same order.
            for (endpoint, item) in zip(compiled.selection.endpoints, tracer.state.endpointItems(compiled, family)) {
                items[endpoint.addressPort] = item
            }
        }
        return items
    }

    private func addSource(_ source: SourceTranslation, to outcome: inout TraceOutcome) {
        switch source {
        case .unchanged: break
        case .masqueraded(let address):
            outcome.isMasqueraded = true
            outcome.newSource = address?.description
        case .translated(let range):
            outcome.newSource =
                range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        case .known(let source): outcome.newSource = source.description
        }
    }

    private func affinity(_ branch: EvaluatedBranch) -> TraceOutcome.Affinity? {
        if let list = branch.outcome.pinned.first {
            let seconds = seconds(of: list, branch)
            let age = clients[list]?[tracer.traced.source]?.age
            let left = seconds.flatMap { seconds in age.map { seconds >= $0 ? seconds - $0 : 0 } }
            return .init(isPinned: true, seconds: seconds, secondsLeft: left)
        }
        if isChosenByHash(branch) { return .init(isPinned: true, isHashed: true) }
        guard let list = branch.outcome.remembered.first else { return nil }
        return .init(isPinned: false, seconds: seconds(of: list, branch))
    }

    /// Whether the client's address has chosen; also if the last endpoint is left, whose rule takes all clients.
    private func isChosenByHash(_ branch: EvaluatedBranch) -> Bool {
        if branch.path.contains(where: \.asksForClients) { return true }
        guard branch.outcome.newDestination != nil, !hashingChains.isEmpty else { return false }
        return branch.path.contains { $0.table == .nat && hashingChains.contains($0.chain) }
    }

    /// How long a list remembers: from the rule on the way that has asked it, else from its Service.
    private func seconds(of list: ChainName, _ branch: EvaluatedBranch) -> UInt32? {
        for case .known(let rule)? in branch.path.map(\.rule) {
            for case .recent(let recent) in rule.matches where recent.list == list {
                if case .check(let seconds) = recent.action { return seconds }
            }
        }
        let chain = tracer.compilation.servicePorts.first { $0.ownChains(in: .nat).contains(list) }
        guard case .clientIP(let seconds)? = chain?.servicePort.sessionAffinity else { return nil }
        return seconds
    }
}

extension PathStep {
    /// Whether it is a rule for some clients, by a hash of their address.
    fileprivate var asksForClients: Bool {
        guard case .known(let rule)? = rule else { return false }
        return rule.matches.contains { if case .clients = $0 { true } else { false } }
    }
}

extension ServicePortOrigin {
    fileprivate func isOrigin(of compiled: CompiledServicePort) -> Bool {
        let name = compiled.name
        return name.namespace == namespace && name.service == service && name.port == port
            && name.transport == transport
    }
}

extension Verdict {
    fileprivate var words: (name: String, detail: String?) {
        switch self {
        case .delivered: ("delivered", nil)
        case .sent(let interface): ("sent", interface)
        case .dropped: ("dropped", nil)
        case .rejected(let answer): ("rejected", answer)
        case .unroutable: ("unroutable", nil)
        case .handedOver(let target): ("handed-over", target)
        case .notUnderstood(let target): ("unknown", target)
        }
    }
}

extension PathStep {
    fileprivate var isJump: Bool {
        guard case .known(let rule)? = rule, case .jump? = rule.target else { return false }
        return true
    }

    /// Whether this is a rule of the chain that another one has led to.
    fileprivate func isBehind(_ other: PathStep) -> Bool {
        hook == other.hook && table == other.table && depth > other.depth
    }
}

extension Assumption {
    fileprivate var words: String { "if \(condition) \(isMet ? "matches" : "does not match") (\(chain)#\(position))" }
}

extension Share {
    /// The largest denominator of a fraction that people read.
    private static let largestDenominator = 1024
    /// Rules draw with multiples of 2⁻³¹, each rounded up or down; the draws of a chain together are off by less than this.
    private static let resolution = 0x1p-30

    /// The small fraction that the share is, as far as the kernel's numbers can express it; `nil` if there is none.
    var fraction: String? {
        let value = approximation
        for denominator in 1...Self.largestDenominator {
            let numerator = (value * Double(denominator)).rounded()
            guard abs(value - numerator / Double(denominator)) <= Self.resolution else { continue }
            guard numerator > 0 || isNone else { return nil }
            return denominator == 1 ? "\(Int(numerator))" : "\(Int(numerator))/\(denominator)"
        }
        return nil
    }
}
