// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import ProxyConfiguration
import RuleCompiler
import ServiceModel

/// The Services that a change of the kernel would take away, of one family or several.
struct RemovedServices {
    private let input: CompilerInput
    private var frontEnds: [RemovedFrontEnd] = []

    init(_ input: CompilerInput) { self.input = input }

    mutating func add(_ compilation: Compilation, _ backend: any RuleBackend) throws(SyncError) {
        frontEnds += try backend.removedFrontEnds(compilation.ruleset)
    }

    /// The names of the Services that are in force and not in the input, or the addresses of those without a name.
    var names: [String] {
        let known = Set(input.objects.services.keys.map(\.description))
        return Set(frontEnds.filter { $0.service.map { !known.contains($0) } ?? true }.map(\.description)).sorted()
    }
}
