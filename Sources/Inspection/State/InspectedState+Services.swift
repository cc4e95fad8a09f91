// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

extension InspectedState {
    /// The items of Services, in the order of namespace, name, port, protocol and family.
    func serviceItems(_ selection: ServiceSelection) -> [ServiceItem] {
        let facts = ServiceFacts(self)
        var items: [ServiceItem] = []
        for compilation in compilations {
            for compiled in compilation.servicePorts where selection.contains(compiled.name.serviceName) {
                items.append(item(compiled, compilation.family, facts))
            }
        }
        return (items + itemsWithoutRules(selection, facts)).sorted { $0.order < $1.order }
    }

    /// How many Services there are, and how many of their ports are in each state, as ``serviceItems(_:)`` has them.
    ///
    /// Most of an item is text, which takes longer to make than all else.
    var serviceCounts: (services: Int, states: [ServiceState: Int]) {
        let facts = ServiceFacts(self)
        var services: Set<ServiceName> = []
        var states: [ServiceState: Int] = [:]
        for compilation in compilations {
            for compiled in compilation.servicePorts {
                services.insert(compiled.name.serviceName)
                states[facts.judge(compiled, compilation.family).states[0], default: 0] += 1
            }
        }
        for item in itemsWithoutRules(ServiceSelection(), facts) {
            services.insert(ServiceName(namespace: item.namespace, name: item.name))
            states[item.state, default: 0] += 1
        }
        return (services.count, states)
    }

    /// Services that no rules are made for.
    private func itemsWithoutRules(_ selection: ServiceSelection, _ facts: ServiceFacts) -> [ServiceItem] {
        skippedItems(selection, facts) + invalidItems(selection, facts)
    }

    /// A port of a Service that rules are made for.
    func item(_ compiled: CompiledServicePort, _ family: IPFamily, _ facts: ServiceFacts) -> ServiceItem {
        let servicePort = compiled.servicePort
        let (states, messages) = facts.judge(compiled, family)
        var item = ServiceItem(compiled.name.serviceName, states: states, messages: messages)
        item.portName = compiled.name.port.isEmpty ? nil : compiled.name.port
        item.port = servicePort.port
        item.protocol = compiled.name.transport.kubernetesName
        item.ipFamily = family.kubernetesName
        item.type = objects.services[compiled.name.serviceName]?.type.rawValue
        item.clusterIP = servicePort.clusterIP.description
        item.nodePort = servicePort.nodePort
        item.externalIPs = servicePort.externalIPs.map(\.description)
        item.loadBalancerIPs = servicePort.loadBalancerVIPs.map(\.description)
        item.internalTrafficPolicy = servicePort.internalTrafficPolicy.rawValue
        if servicePort.isExternallyAccessible {
            item.externalTrafficPolicy = servicePort.externalTrafficPolicy.rawValue
        }
        switch (compiled.affinityMode, servicePort.sessionAffinity) {
        case (.recent, .clientIP(let timeout)): item.sessionAffinitySeconds = timeout
        case (.hash, _): item.sessionAffinityMode = AffinityMode.hash.rawValue
        default: break
        }
        if compiled.balance != .random, compiled.affinityMode != .hash { item.balance = compiled.balance.rawValue }
        if compiled.retriesConnections { item.retriesConnections = true }
        if (loop?.failurePolicy ?? .default).ejects(servicePort) { item.ejectsOutliers = true }
        item.endpoints = ServiceItem.EndpointCounts(compiled.selection)
        item.traffic = loop?.families[family]?.traffic?.counts(of: compiled.name)
        return item
    }

    /// Services without a rule in any family, although nothing is wrong with them.
    private func skippedItems(_ selection: ServiceSelection, _ facts: ServiceFacts) -> [ServiceItem] {
        let families = compilations.map(\.family)
        return objects.services.values.filter { selection.contains($0.name) }.flatMap { service -> [ServiceItem] in
            let reasons = families.compactMap { service.skipReason($0) }
            guard let reason = reasons.first, reasons.count == families.count else { return [] }
            let invalid = facts.invalidObjects[service.name] ?? []
            let states: [ServiceState] = invalid.isEmpty ? [.notProxied] : [.invalid, .notProxied]
            var item = ServiceItem(service.name, states: states, messages: invalid + ["\(reason)"])
            item.type = service.type.rawValue
            if reason == .headless { item.clusterIP = "None" }
            guard !service.ports.isEmpty else { return [item] }
            return service.ports.map { port in
                item.portName = port.name.isEmpty ? nil : port.name
                item.port = port.number
                item.protocol = port.transport.kubernetesName
                return item
            }
        }
    }

    /// Services that could never be read.
    private func invalidItems(_ selection: ServiceSelection, _ facts: ServiceFacts) -> [ServiceItem] {
        facts.invalidObjects.filter { selection.contains($0.key) && objects.services[$0.key] == nil }
            .filter { !facts.hasRules($0.key) }
            .map { ServiceItem($0.key, states: [.invalid], messages: $0.value) }
    }
}

extension ServiceItem {
    /// Text columns by their bytes, as ``ServicePortName`` is ordered.
    fileprivate var order: (String, String, String, String, String) {
        (namespace, name, portName ?? "", self.protocol ?? "", ipFamily ?? "")
    }
}

extension ServiceItem.EndpointCounts {
    init(_ selection: EndpointSelection) {
        known = selection.endpoints.count
        cluster = 0
        local = 0
        used = 0
        for index in selection.endpoints.indices {
            let isInCluster = selection.clusterVerdicts[index].isUsed
            let isInLocal = selection.localVerdicts[index].isUsed
            if isInCluster { cluster += 1 }
            if isInLocal { local += 1 }
            if isInCluster || isInLocal { used += 1 }
        }
    }
}
