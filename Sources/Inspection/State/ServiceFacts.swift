// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// What is known to be wrong with Services, found by their names.
struct ServiceFacts {
    /// The errors of Services that cannot be used as they are now.
    let invalidObjects: [ServiceName: [String]]
    /// The warnings about Services that are used.
    let warnings: [ServiceName: [String]]
    private let conflicts: [ServiceName: [ServiceConflict]]
    private let loop: LoopState?
    private let objects: ClusterObjects
    private let compilations: [Compilation]

    init(_ state: InspectedState) {
        invalidObjects = Self.messages(state.invalidObjects)
        warnings = Self.messages(state.objectWarnings)
        conflicts = Dictionary(grouping: state.conflicts, by: \.loser.service)
        loop = state.loop
        objects = state.objects
        compilations = state.compilations
    }

    /// What is wrong with Services, of all that is wrong.
    private static func messages(_ diagnostics: [Diagnostic]) -> [ServiceName: [String]] {
        var messages: [ServiceName: [String]] = [:]
        for diagnostic in diagnostics where diagnostic.kind == KubernetesObject.Kind.service.rawValue {
            guard let name = diagnostic.name else { continue }
            let field = diagnostic.field.isEmpty ? "" : "\(diagnostic.field): "
            messages[ServiceName(name), default: []].append(field + diagnostic.message)
        }
        return messages
    }

    /// Whether rules are made for a Service.
    func hasRules(_ service: ServiceName) -> Bool {
        compilations.contains { !$0.servicePorts(of: service).isEmpty }
    }

    /// The states of a service port in a family, the worst first, and what is behind them.
    func judge(_ compiled: CompiledServicePort, _ family: IPFamily) -> (states: [ServiceState], messages: [String]) {
        let name = compiled.name
        var found: [(ServiceState, [String])] = []
        if let errors = invalidObjects[name.serviceName] { found.append((.invalid, errors)) }
        let unsupported = unsupportedFeatures(of: name, family)
        if !unsupported.isEmpty { found.append((.unsupported, unsupported)) }
        let conflicts = conflicts(of: name, family).map(\.message)
        if !conflicts.isEmpty { found.append((.conflict, conflicts)) }
        if let drift = recentDrift(of: name, family) { found.append((.drifted, [drift])) }
        if !compiled.selection.hasUsableEndpoints {
            found.append((.noEndpoints, [noEndpoints(of: compiled, family)]))
        } else if compiled.servicePort.usesLocalEndpoints, compiled.selection.outcome(.local) == .dropped {
            let policy = compiled.servicePort.internalTrafficPolicy == .local ? "internal" : "external"
            let text = "no endpoint on this node, and the \(policy) traffic policy is Local: connections are dropped"
            found.append((.noLocalEndpoints, [text]))
        }
        if compiled.selection.usesFailingEndpoints {
            found.append((.failing, ["all endpoints failed lately: connections go to them, since no other is left"]))
        }
        guard !found.isEmpty else { return ([.ok], []) }
        return (found.map(\.0), found.flatMap(\.1))
    }

    /// The conflicts that a service port loses in a family.
    func conflicts(of name: ServicePortName, _ family: IPFamily) -> [ServiceConflict] {
        guard let all = conflicts[name.serviceName] else { return [] }
        return all.filter { conflict in
            let isOfFamily = conflict.claim.address.map { $0.family == family } ?? true
            return switch conflict.loser {
            case .servicePort(let loser): loser == name && isOfFamily
            case .healthCheck: true
            }
        }
    }

    private func unsupportedFeatures(of name: ServicePortName, _ family: IPFamily) -> [String] {
        guard let features = loop?.families[family]?.unsupported, !features.isEmpty else { return [] }
        return features.filter { $0.affected.contains(name.description) }.map {
            "the kernel refused \($0.feature): \($0.consequence)"
        }
    }

    private func recentDrift(of name: ServicePortName, _ family: IPFamily) -> String? {
        guard let loop, let times = loop.families[family]?.driftTimes, !times.isEmpty,
            let time = times[name.description],
            time.duration(to: loop.time) < .seconds(ServiceState.driftMemory)
        else { return nil }
        return "another process changed the rules at \(time)"
    }

    private func noEndpoints(of compiled: CompiledServicePort, _ family: IPFamily) -> String {
        let selection = compiled.selection
        if !selection.endpoints.isEmpty { return "none of \(selection.endpoints.count) known endpoints can answer" }
        return objects.causesOfNoEndpoints(compiled.name, family).first ?? "no endpoints"
    }
}

extension ClusterObjects {
    /// Why no endpoint is known for a service port, as far as objects show it.
    func causesOfNoEndpoints(_ name: ServicePortName, _ family: IPFamily) -> [String] {
        guard !lacksEndpointObjects(of: name.serviceName) else {
            return [
                "no EndpointSlice has the label \(Self.serviceNameLabel): \(name.service) in namespace \(name.namespace)"
            ]
        }
        return unusedSlices(for: name, family: family).map(\.description)
    }
}
