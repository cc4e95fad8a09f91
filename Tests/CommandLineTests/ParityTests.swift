// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import TestSupport
import Testing
import XTables

@testable import kubetables

/// What kube-proxy 1.36.2 left in a real kernel, compared with what we compile.
///
/// These rules are never rewritten.
@Suite struct ParityTests {
    @Test(arguments: Fixture.measured)
    func compileGivesTheMeasuredRules(fixture: Fixture) throws {
        let compilation = try fixture.explainingCompilation()
        let measured = try CanonicalRules(fixture.expected, family: compilation.family).text
        let compiled = CanonicalRules(compilation.ruleset).text
        let difference = SaveText.difference(measured, compiled)
        #expect(difference.isEmpty, "measured (-) and compiled (+):\n\(difference)")
    }

    @Test func theMeasurementsAreThere() {
        #expect(Fixture.measured.count >= 150)
    }
}

extension Fixture {
    /// What we compile, with the slices in the order that explains the measured rules best.
    func explainingCompilation() throws -> Compilation {
        let command = try CompileCommand.parse(["-f", objects] + options)
        let input = try CompilerInput(command.input, command.node, interfaces: .ofNode)
        let measured = try CanonicalRules(expected, family: command.ipFamily).text
        var compilation = input.compile(command.ipFamily)

        // Where slices contradict each other, kube-proxy's result depends on the order in which a Go map gives them.
        for service in input.objects.contradictoryServices(command.ipFamily) {
            let candidates = input.objects.orders(of: service, command.ipFamily).map { entries in
                var candidate = compilation
                _ = candidate.updateService(service, to: entries)
                return candidate
            }
            let lines = Set(measured.split(separator: "\n"))
            func distance(_ candidate: Compilation) -> Int {
                lines.symmetricDifference(candidate.ruleset.text().split(separator: "\n")).count
            }
            compilation = candidates.min { distance($0) < distance($1) } ?? compilation
        }
        return compilation
    }

    /// Service ports compiled with the options of the case, and another layout.
    func compilation(of entries: [ServicePortEndpoints], layout: RuleLayoutKind) throws -> Compilation {
        let command = try CompileCommand.parse(["-f", objects] + options)
        var settings = try CompilerInput(command.input, command.node, interfaces: .ofNode).settings
        settings.layout = layout
        settings.affinityMode = .recent
        return Compilation(ServiceSnapshot(family: command.ipFamily, servicePorts: entries), settings: settings)
    }
}

extension ClusterObjects {
    /// The Services of which two slices name one endpoint with different conditions.
    fileprivate func contradictoryServices(_ family: IPFamily) -> [ServiceName] {
        services.keys.filter { service in
            var known: [String: EndpointSlice.Member] = [:]
            return slices(of: service).contains { slice in
                guard slice.addressType == .addresses(family) else { return false }
                return slice.endpoints.contains { member in
                    let previous = known.updateValue(member, forKey: member.address.description)
                    return previous != nil && previous != member
                }
            }
        }.sorted()
    }

    /// The service ports of a Service as each order of its slices gives them.
    fileprivate func orders(of service: ServiceName, _ family: IPFamily) -> [[ServicePortEndpoints]] {
        let slices = slices(of: service).filter { $0.addressType == .addresses(family) }
        return permutations(slices).map { order in
            var objects = self
            for slice in slices { objects.remove(.endpointSlice, slice.name) }
            for (place, slice) in order.enumerated() {
                var renamed = slice
                renamed.name = ObjectName(namespace: slice.name.namespace, name: "\(place)")
                objects.insert(.endpointSlice(renamed))
            }
            return objects.servicePorts(of: service, family: family)
        }
    }
}

private func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.indices.flatMap { index in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(rest).map { [first] + $0 }
    }
}
