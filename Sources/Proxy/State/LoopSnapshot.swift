// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel

/// What the loop knows at one moment, for reports that are made elsewhere: it shares its parts with the loop until they change.
package struct LoopSnapshot: Sendable {
    /// The objects as the sources have reported them.
    package let objects: ClusterObjects
    /// What several Services claim.
    package let conflicts: [ServiceConflict]
    /// The node that rules are for.
    package let node: Node
    /// The rules that follow from the objects, of each family that has some.
    package let compilations: [Compilation]
    /// How much longer endpoints are avoided or ejected, of each family.
    package let remainingTimes: [IPFamily: [ServicePortName: [AddressPort: Duration]]]
}

extension ProxyLoop {
    /// What the loop knows now.
    ///
    /// The loop is not kept waiting: each of its actors hands over references, one after the other. A change that arrives
    /// meanwhile may be in the objects and not yet in the rules of a family.
    package nonisolated var snapshot: LoopSnapshot {
        get async {
            let (objects, conflicts, node) = await known
            var compilations: [Compilation] = []
            var remainingTimes: [IPFamily: [ServicePortName: [AddressPort: Duration]]] = [:]
            for family in families {
                let (compilation, times) = await family.judgedCompilation
                if let compilation { compilations.append(compilation) }
                remainingTimes[family.family] = times
            }
            return LoopSnapshot(
                objects: objects, conflicts: conflicts, node: node, compilations: compilations,
                remainingTimes: remainingTimes)
        }
    }

    private var known: (ClusterObjects, [ServiceConflict], Node) {
        (state.objects, state.conflicts, settings?.node ?? Node(name: nodeName))
    }
}
