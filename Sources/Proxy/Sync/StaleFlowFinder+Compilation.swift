// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Host
import NetworkTypes
import RuleCompiler
import ServiceModel

extension StaleFlowFinder {
    /// Finds the flows that rules in force pass by.
    ///
    /// - Parameters:
    ///   - committed: what the rules in force were made of.
    ///   - former: service ports as they were, if they are gone or changed.
    ///   - formerFrontEnds: further ones of which no more is known.
    ///   - afterGap: whether rules were missing for a while, so that TCP connections may have begun without them.
    ///   - host: knows the addresses on which node ports answer, if they are not limited.
    package init(
        _ committed: Compilation, former: [ServicePort] = [], formerFrontEnds: Set<UDPFrontEnd> = [], afterGap: Bool,
        host: any Host
    ) {
        let servicePorts = committed.servicePorts.filter { servicePort in
            switch servicePort.name.transport {
            case .udp: true
            case .tcp: afterGap
            case .sctp: false
            }
        }
        let addresses =
            committed.nodePortAddresses ?? host.interfaceAddresses.filter { $0.family == committed.family }
        self.init(
            servicePorts.map(\.entry), former: former, formerFrontEnds: formerFrontEnds,
            nodePortAddresses: Set(addresses), afterGap: afterGap)
    }
}
