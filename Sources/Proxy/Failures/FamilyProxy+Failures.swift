// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import RuleCompiler
import ServiceModel

/// What failed connections change in the rules.
extension FamilyProxy {
    /// Takes over how endpoints that fail are treated; what is known of them stays.
    func setFailurePolicy(_ policy: FailurePolicy) async {
        guard policy != ledger.policy else { return }
        ledger.policy = policy
        await connections?.setAnswerTimeout(policy.answerTimeout)
        guard let compilation else { return }
        let before = Set(ledger.servicePortsWithEndpointsSetAside.map(\.serviceName))
        ledger.replace(compilation.servicePorts.map(\.entry))
        await watchEverything()
        await rejudge(before, isUrgent: false)
    }

    /// Follows the connections of all service ports whose endpoints are judged.
    func watchEverything() async {
        guard let connections, let compilation, watchesConnections || !ledger.isEmpty else { return }
        watchesConnections = !ledger.isEmpty
        var services: [ServiceName: [ServicePortEndpoints]] = [:]
        if !ledger.isEmpty {
            for servicePort in compilation.servicePorts where ledger.judges(servicePort.name) {
                services[servicePort.name.serviceName, default: []].append(servicePort.entry)
            }
        }
        await connections.replace(family, services, nodePortAddresses: nodePortAddresses)
    }

    /// Follows the connections of some Services as they are now.
    func watch(_ services: [(name: ServiceName, servicePorts: [ServicePortEndpoints])]) async {
        guard let connections, watchesConnections || !ledger.isEmpty else { return }
        watchesConnections = true
        let changed = services.map { service in
            (service.name, service.servicePorts.filter { ledger.judges($0.servicePort.name) })
        }
        await connections.update(family, Dictionary(changed) { _, last in last })
    }

    /// Takes over the addresses of the node's interfaces, which may change without other rules.
    func setLocalAddresses(_ addresses: [IPAddress]) async {
        guard addresses != localAddresses else { return }
        localAddresses = addresses
        await connections?.setNodePortAddresses(family, nodePortAddresses)
    }

    private var nodePortAddresses: Set<IPAddress> {
        Set(compilation?.nodePortAddresses ?? localAddresses.filter { $0.family == family })
    }

    /// Takes note of what became of connections.
    ///
    /// What that changes must not wait for other changes: a client sends its packet again after a second.
    func take(_ reports: [ConnectionWatch.Report]) async {
        let now = clock.now
        var failures: [EndpointFailures] = []
        var changed: Set<ServiceName> = []
        for report in reports {
            if case .failed(let failure) = report.outcome {
                failures.count(report, failure, isRetried: isRetried(report, failure))
            }
            guard let change = ledger.record(report.outcome, report.servicePort, report.endpoint, at: now) else {
                continue
            }
            announce(.init(servicePort: report.servicePort, endpoint: report.endpoint, change: change))
            changed.insert(report.servicePort.serviceName)
        }
        if !failures.isEmpty { observer.observe(.connectionsFailed(family, failures)) }
        await rejudge(changed, isUrgent: true)
    }

    /// Whether a connection that failed is balanced again.
    private func isRetried(_ report: ConnectionWatch.Report, _ failure: ConnectionFailure) -> Bool {
        switch failure {
        case .unanswered: report.isReleased
        case .refused: retrying(report.servicePort)?.selection.keepsRefusals(of: report.endpoint) ?? false
        }
    }

    /// Which of some unanswered connections are balanced again.
    ///
    /// Those of service ports with retry that may come to another endpoint which has not failed lately: without one, a late answer
    /// is better than none.
    func mayRelease(_ connections: [PendingConnections.Connection]) -> [Bool] {
        connections.map { connection in
            guard let compiled = retrying(connection.servicePort) else { return false }
            let isInternal = connection.flow.original.destination.address == compiled.servicePort.clusterIP
            let policy =
                isInternal
                ? compiled.servicePort.internalTrafficPolicy : compiled.servicePort.externalTrafficPolicy
            return compiled.selection.hasAlternative(to: connection.flow.reply.source, for: policy)
        }
    }

    /// A service port as its rules are; `nil` if its connections are not retried.
    private func retrying(_ name: ServicePortName) -> CompiledServicePort? {
        compilation?.servicePorts(of: name.serviceName).first { $0.name == name && $0.retriesConnections }
    }

    /// Lets endpoints have connections again whose time has come.
    func endJudgements() async {
        guard let expiry = ledger.nextExpiry, expiry <= clock.now else { return }
        let entries = ledger.expire(at: clock.now)
        for entry in entries { announce(entry) }
        await rejudge(Set(entries.map(\.servicePort.serviceName)), isUrgent: false)
    }

    private func announce(_ entry: EndpointLedger.Entry) {
        observer.observe(.endpointJudged(EndpointJudgement(family, entry)))
    }

    /// Compiles Services again with their endpoints judged as they are now.
    private func rejudge(_ services: Set<ServiceName>, isUrgent: Bool) async {
        var isChanged = false
        for service in services.sorted() {
            let judged = servicePorts(of: service).map(ledger.judged)
            if update(service, to: judged) { isChanged = true }
        }
        if isChanged { await queueChange(isUrgent: isUrgent) }
    }

    /// What the rules are made of, and how much longer the endpoints of each service port that are set aside stay so.
    var judgedCompilation: (Compilation?, [ServicePortName: [AddressPort: Duration]]) {
        (compilation, remainingTimes)
    }

    private var remainingTimes: [ServicePortName: [AddressPort: Duration]] {
        let now = clock.now
        let names = ledger.servicePortsWithEndpointsSetAside
        return Dictionary(uniqueKeysWithValues: names.map { ($0, ledger.remainingTimes($0, at: now)) })
    }
}

extension EndpointJudgement {
    fileprivate init(_ family: IPFamily, _ entry: EndpointLedger.Entry) {
        let kind: Kind =
            switch entry.change {
            case .avoided(let failure): .avoided(failure)
            case .ejected(let failures, let failure, let time): .ejected(failures: failures, failure, time)
            case .returned(let wasEjected): .returned(wasEjected: wasEjected)
            }
        self.init(family: family, servicePort: entry.servicePort, endpoint: entry.endpoint, kind: kind)
    }
}

extension [EndpointFailures] {
    fileprivate mutating func count(
        _ report: ConnectionWatch.Report, _ failure: ConnectionFailure, isRetried: Bool
    ) {
        let index =
            firstIndex {
                $0.servicePort == report.servicePort && $0.endpoint == report.endpoint && $0.failure == failure
            } ?? count
        if index == count {
            append(.init(servicePort: report.servicePort, endpoint: report.endpoint, failure: failure))
        }
        self[index].count += 1
        if isRetried { self[index].retried += 1 }
    }
}
