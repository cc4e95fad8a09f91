// SPDX-License-Identifier: Apache-2.0

/// Where a server listens.
package enum ListenPlace: Sendable, Hashable {
    /// At an address and TCP port.
    case address(ListenAddress)
    /// At the path of a Unix socket, which clients of this machine reach only.
    case socket(path: String)

    var isSocket: Bool { if case .socket = self { true } else { false } }
}

extension ListenPlace: CustomStringConvertible {
    /// `ADDRESS:PORT`, or the path.
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .socket(let path): path
        }
    }
}
