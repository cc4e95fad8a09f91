// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import XTables

/// What the machine adds to the state of the loop: asked only for reports that need it, since each answer is a reading.
package protocol InspectedMachine: Sendable {
    /// The interfaces, addresses and routes of the machine; without remembered clients.
    func network(_ family: IPFamily) -> NodeNetwork

    /// The tables that the kernel holds for a family now, with all foreign rules.
    ///
    /// - Throws: ``InquiryFailure/notPermitted(_:)``, ``InquiryFailure/unavailable(_:)``.
    func tables(_ family: IPFamily) throws(InquiryFailure) -> [TableContent]

    /// The clients in a list of xt_recent, and how long ago each was entered; `nil` if the list cannot be read.
    func recentClients(_ list: ChainName) -> [IPAddress: RecentClient]?

    /// The flows from a client to a destination that connection tracking knows.
    ///
    /// - Returns: `nil` if they cannot be listed.
    func flows(
        from source: IPAddress, port: UInt16?, to destination: AddressPort, _ transport: TransportProtocol
    ) -> [InspectedFlow]?

    /// How many chains nf_tables holds for a family: its rules see each packet too, and are in no table here.
    func nftablesChainCount(_ family: IPFamily) -> Int
}

/// A flow that connection tracking knows.
package struct InspectedFlow: Hashable, Sendable {
    /// The client, as it sends.
    package var source: AddressPort
    /// What answers: an endpoint, if the flow was translated.
    package var answeredBy: AddressPort
    /// What the answers are sent to: another address than the client's if the flow was masqueraded.
    package var answersTo: AddressPort

    package init(source: AddressPort, answeredBy: AddressPort, answersTo: AddressPort) {
        self.source = source
        self.answeredBy = answeredBy
        self.answersTo = answersTo
    }
}
