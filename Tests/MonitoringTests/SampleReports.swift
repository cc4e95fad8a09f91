// SPDX-License-Identifier: Apache-2.0

import Inspection
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// States that reports are made of.
enum SampleReports {
    /// Services `default/web-0`, `default/web-1` and so on without endpoints, with the rules for them.
    static func state(_ services: Int = 1, hasRules: Bool = true) -> InspectedState {
        let objects = ClusterObjects(
            (0..<services).map { number in
                var service = Service(name: ServiceName(name: "web-\(number)"))
                service.clusterAddress = .addresses([IPAddress(ipv4: 0x0a60_0001 + UInt32(number))])
                service.ports = [Service.Port(number: 80)]
                return .service(service)
            })
        let node = Node(name: "node-1")
        let compilation = Compilation(objects.snapshot(family: .ipv4), settings: CompilerSettings(node: node))
        return InspectedState(
            version: "1.2.3", source: "", node: node, objects: objects, compilations: hasRules ? [compilation] : [])
    }
}
