// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import RuleCompiler
import ServiceModel

/// Everything that reports are made of, at one moment.
///
/// It shares its parts with the loop: taking it costs nothing, and reports are made of it elsewhere.
package struct InspectedState: Sendable {
    /// The version of the program that the state is from.
    package var version: String
    /// Where objects come from, for example `manifests=/etc/kubetables/manifests`.
    package var source: String
    /// The node that rules are for.
    package var node: Node
    /// The objects of the cluster; of those that are invalid now, the last good state.
    package var objects: ClusterObjects
    /// The rules that follow from them, for each family.
    package var compilations: [Compilation]
    /// What is wrong with objects and files that cannot be used.
    package var invalidObjects: [Diagnostic] = []
    /// What is odd about objects and files that are used.
    package var objectWarnings: [Diagnostic] = []
    /// What several Services claim.
    package var conflicts: [ServiceConflict] = []
    /// What only a running loop knows; `nil` for manifests, or a cluster, that a command has read.
    package var loop: LoopState?
    /// The machine that the rules are for; `nil` if it is another one, or unknown.
    package var machine: (any InspectedMachine)?

    package init(
        version: String, source: String, node: Node, objects: ClusterObjects, compilations: [Compilation]
    ) {
        self.version = version
        self.source = source
        self.node = node
        self.objects = objects
        self.compilations = compilations
    }
}
