// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Where clients reached a Service by UDP.
package enum UDPFrontEnd: Hashable, Sendable {
    /// At an address of the Service and its port.
    case address(AddressPort)
    /// At this port of all addresses where node ports answer.
    case nodePort(UInt16)
}
