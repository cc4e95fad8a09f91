// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import KernelTables
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel

/// The Services that a change of the kernel would take away, of one family or several.
struct RemovedServices {
    private let input: CompilerInput
    private var frontEndsByFamily: [IPFamily: [RemovedFrontEnd]] = [:]

    init(_ input: CompilerInput) { self.input = input }

    mutating func add(_ compilation: Compilation, _ backend: any RuleBackend) throws(SyncError) {
        frontEndsByFamily[compilation.family] = try backend.removedFrontEnds(compilation.ruleset)
    }

    /// The names of the Services that are in force and not in the input, or the addresses of those without a name.
    var names: [String] {
        let frontEnds = frontEndsByFamily.values.joined()
        let known = Set(input.objects.services.keys.map(\.description))
        // A Service with a node port has an address of its own, too.
        let gone = frontEnds.filter { $0.address != nil && $0.service.map { !known.contains($0) } ?? true }
        return Set(gone.map(\.description)).sorted()
    }

    /// Where clients reached Services by UDP that no rule answers at any more.
    func udpFrontEnds(_ family: IPFamily) -> Set<UDPFrontEnd> {
        Set(
            (frontEndsByFamily[family] ?? []).filter { $0.transport == .udp }.map { frontEnd in
                frontEnd.address.map { .address(AddressPort($0, frontEnd.port)) } ?? .nodePort(frontEnd.port)
            })
    }
}
