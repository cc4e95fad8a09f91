// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Glibc
import Host
import Inspection
import KernelTables
import NetworkTypes
import RuleEvaluation
import XTables

/// The machine that this process runs on, read for reports; nothing of it is changed.
package struct KernelMachine: InspectedMachine {
    private let host: LinuxHost
    private let backend: any RuleBackend
    private let flows: any FlowTable

    package init(
        _ backend: any RuleBackend, host: LinuxHost = LinuxHost(), flows: any FlowTable = NetlinkFlowTable()
    ) {
        self.backend = backend
        self.host = host
        self.flows = flows
    }

    package func network(_ family: IPFamily) -> NodeNetwork {
        let read = host.network(family)
        var network = NodeNetwork(
            localAddresses: [], interfaces: read.interfaces.map(NodeNetwork.Interface.init),
            routes: read.routes?.map(NodeNetwork.Route.init), recentClients: nil)
        network.isForwarding = read.isForwarding
        network.routesLoopbackAddresses = read.routesLoopbackAddresses
        return network
    }

    /// Reads only tables that the kernel has: a reading would create any other one.
    package func tables(_ family: IPFamily) throws(InquiryFailure) -> [TableContent] {
        let names = host.tableNames(family) ?? [Table.nat.rawValue, Table.filter.rawValue]
        var contents: [TableContent] = []
        for table in Table.allCases where names.contains(table.rawValue) {
            do throws(KernelFailure) {
                contents.append(try backend.read(table, family: family))
            } catch {
                throw InquiryFailure(error)
            }
        }
        return contents
    }

    package func recentClients(_ list: ChainName) -> [IPAddress: RecentClient]? {
        host.recentClients(list.description)?.mapValues { RecentClient(age: $0) }
    }

    package func flows(
        from source: IPAddress, port: UInt16?, to destination: AddressPort, _ transport: TransportProtocol
    ) -> [InspectedFlow]? {
        var found: [InspectedFlow] = []
        do throws(FlowTableFailure) {
            _ = try flows.visitFlows(source.family, [.all(transport)]) { flow in
                guard flow.original.destination == destination, flow.original.source.address == source,
                    port == nil || port == flow.original.source.port, found.count < Self.flowLimit
                else { return }
                found.append(
                    InspectedFlow(
                        source: flow.original.source, answeredBy: flow.reply.source,
                        answersTo: flow.reply.destination))
            }
        } catch {
            return nil
        }
        return found
    }

    /// More flows of one client to one destination than this are not listed.
    private static let flowLimit = 20

    package func nftablesChainCount(_ family: IPFamily) -> Int {
        (try? host.nftablesChains(family))?.count ?? 0
    }
}

extension InquiryFailure {
    fileprivate init(_ failure: KernelFailure) {
        switch failure.errorNumber {
        case EPERM, EACCES:
            self = .notPermitted("\(failure): reading the kernel's rules needs root or the capability NET_ADMIN")
        default: self = .unavailable("\(failure)")
        }
    }
}

extension NodeNetwork.Interface {
    fileprivate init(_ interface: HostNetwork.Interface) {
        self.init(
            interface.name, addresses: interface.addresses.map { .init($0.address, prefixLength: $0.prefixLength) })
    }
}

extension NodeNetwork.Route {
    fileprivate init(_ route: HostNetwork.Route) {
        self.init(route.range, interface: route.interface, gateway: route.gateway)
    }
}
