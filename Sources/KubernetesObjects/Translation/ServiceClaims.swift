// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// The addresses and ports that Services claim, each of which only one of them can have.
///
/// A change of a Service costs what the Service claims, however many others there are.
public struct ServiceClaims: Sendable {
    /// Something that a Service uses an address or port for; of several with one claim, the least gets the connections.
    private enum Claimant: Hashable, Comparable, Sendable {
        /// Connections to a service port: its rules come before anything that listens on the node.
        case servicePort(ServicePortName)
        /// Load balancers that ask for the health of a Service.
        case healthCheck(ServiceName)
    }

    /// The claimant that gets the connections, for each claim.
    private var winners: [ServiceConflict.Claim: Claimant] = [:]
    /// All claimants of each claim that has several, sorted.
    private var contested: [ServiceConflict.Claim: [Claimant]] = [:]

    /// No claims.
    public init() {}

    /// Adds what a Service claims.
    public mutating func insert(_ service: Service) {
        for (claim, claimant) in Self.claims(of: service) {
            guard let winner = winners[claim] else {
                winners[claim] = claimant
                continue
            }
            let all = (contested[claim] ?? [winner]) + [claimant]
            contested[claim] = all.sorted()
            winners[claim] = min(winner, claimant)
        }
    }

    /// Removes what a Service claims, which must be as it was when it was added.
    public mutating func remove(_ service: Service) {
        for (claim, claimant) in Self.claims(of: service) {
            guard var rest = contested[claim] else {
                winners[claim] = nil
                continue
            }
            rest.removeAll { $0 == claimant }
            winners[claim] = rest.first
            contested[claim] = rest.count > 1 ? rest : nil
        }
    }

    /// All conflicts, by the name of the Service that does not get what it claims.
    public var conflicts: [ServiceConflict] {
        contested.flatMap { claim, claimants in
            claimants.dropFirst().map { loser in
                ServiceConflict(claim: claim, loser: Self.party(loser), winner: Self.party(claimants[0]))
            }
        }.sorted()
    }

    private static func party(_ claimant: Claimant) -> ServiceConflict.Party {
        switch claimant {
        case .servicePort(let name): .servicePort(name)
        case .healthCheck(let name): .healthCheck(name)
        }
    }

    private struct Entry: Hashable {
        let claim: ServiceConflict.Claim
        let claimant: Claimant
    }

    /// What a Service claims, each of it once.
    private static func claims(of service: Service) -> [(claim: ServiceConflict.Claim, claimant: Claimant)] {
        var entries: Set<Entry> = []
        for family in IPFamily.allCases {
            for port in service.servicePorts(family) {
                let transport = port.name.transport
                let claimant = Claimant.servicePort(port.name)
                for address in [port.clusterIP] + port.externalIPs + port.loadBalancerVIPs {
                    let claim = ServiceConflict.Claim(address: address, port: port.port, transport: transport)
                    entries.insert(Entry(claim: claim, claimant: claimant))
                }
                if let nodePort = port.nodePort {
                    let claim = ServiceConflict.Claim(address: nil, port: nodePort, transport: transport)
                    entries.insert(Entry(claim: claim, claimant: claimant))
                }
                if let healthCheckNodePort = port.healthCheckNodePort {
                    let claim = ServiceConflict.Claim(address: nil, port: healthCheckNodePort, transport: .tcp)
                    entries.insert(Entry(claim: claim, claimant: .healthCheck(service.name)))
                }
            }
        }
        return entries.map { ($0.claim, $0.claimant) }
    }
}

extension ClusterObjects {
    /// What several Services claim.
    package var conflicts: [ServiceConflict] {
        var claims = ServiceClaims()
        for service in services.values { claims.insert(service) }
        return claims.conflicts
    }
}
