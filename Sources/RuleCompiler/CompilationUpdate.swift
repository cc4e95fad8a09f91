// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

extension Compilation {
    /// Takes over all service ports of one Service, as they are now; none if the Service is gone or is skipped.
    ///
    /// Only its service ports are compiled, whatever the number of Services - unless the number of endpoints crosses
    /// ``largeClusterThreshold``, when every service port gets its comments or loses them.
    ///
    /// - Returns: the chains whose rules change; over several changes they may come to hold the same rules again.
    public mutating func updateService(
        _ service: ServiceName, to entries: [ServicePortEndpoints]
    ) -> TouchedChains {
        var desired: [ServicePortName: ServicePortEndpoints] = [:]
        for entry in entries { desired[entry.servicePort.name] = entry }
        let known = servicePorts(of: service).map(\.name)
        var touched: TouchedChains = [:]
        for servicePort in Set(known).union(desired.keys).sorted() {
            touched.merge(replace(servicePort, with: desired[servicePort])) { $0.union($1) }
        }
        return touched
    }

    /// The compiled service ports of one Service.
    public func servicePorts(of service: ServiceName) -> ArraySlice<CompiledServicePort> {
        servicePorts[range(of: service)]
    }

    /// Compiles a service port and puts it in its place; all others too if endpoint comments come or go.
    private mutating func replace(_ name: ServicePortName, with entry: ServicePortEndpoints?) -> TouchedChains {
        let index = position { $0 < name }
        let isKnown = index < servicePorts.count && servicePorts[index].name == name
        let old = isKnown ? servicePorts[index] : nil
        let wasLargeCluster = isLargeCluster
        endpointCount += (entry?.endpoints.count ?? 0) - (old?.selection.endpoints.count ?? 0)

        let new = entry.map(compile)
        switch (isKnown, new) {
        case (true, let new?): servicePorts[index] = new
        case (true, nil): servicePorts.remove(at: index)
        case (false, let new?): servicePorts.insert(new, at: index)
        case (false, nil): return [:]
        }
        var touched = layout.replace(old, by: new)
        if isLargeCluster != wasLargeCluster { touched.merge(recompileAll(except: name)) { $0.union($1) } }
        return touched
    }

    private mutating func recompileAll(except name: ServicePortName) -> TouchedChains {
        var touched: TouchedChains = [:]
        for index in servicePorts.indices where servicePorts[index].name != name {
            let new = compile(servicePorts[index].entry)
            touched.merge(layout.replace(servicePorts[index], by: new)) { $0.union($1) }
            servicePorts[index] = new
        }
        return touched
    }

    private func compile(_ entry: ServicePortEndpoints) -> CompiledServicePort {
        layout.compile(entry, isLargeCluster: isLargeCluster)
    }

    /// Where the service ports of a Service are.
    private func range(of service: ServiceName) -> Range<Int> {
        let start = position { $0.serviceName < service }
        let count = servicePorts[start...].prefix { $0.name.serviceName == service }.count
        return start..<start + count
    }

    /// The first place whose name is not `isBefore` the one looked for.
    private func position(_ isBefore: (ServicePortName) -> Bool) -> Int {
        var low = 0
        var high = servicePorts.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(servicePorts[middle].name) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
