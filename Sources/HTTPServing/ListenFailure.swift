// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Why a server cannot listen on an address.
package struct ListenFailure: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Another process listens there (EADDRINUSE).
        case portInUse
        /// The machine has no such address (EADDRNOTAVAIL).
        case noSuchAddress
        /// The process lacks the right to listen there (EACCES, EPERM).
        case notPermitted
        /// The process has no descriptors left for it (EMFILE, ENFILE).
        case noDescriptors
        /// Anything else, as a text for people.
        case other(String)
    }

    package let address: ListenAddress
    package let reason: Reason

    package init(_ address: ListenAddress, _ reason: Reason) {
        self.address = address
        self.reason = reason
    }

    init(_ address: ListenAddress, _ error: Errno) {
        let reason: Reason =
            switch error {
            case .addressInUse: .portInUse
            case .addressNotAvailable: .noSuchAddress
            case .permissionDenied, .notPermitted: .notPermitted
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem: .noDescriptors
            default: .other("\(error)")
            }
        self.init(address, reason)
    }
}

extension ListenFailure: CustomStringConvertible {
    /// One line: the address, the cause, and what to do.
    package var description: String {
        let text =
            switch reason {
            case .portInUse:
                "the port is already in use: stop the process that listens on it (ss -ltnp shows it), or choose another "
                    + "address or port"
            case .noSuchAddress:
                "this machine has no such address: choose one that `ip address` shows"
            case .notPermitted:
                "not permitted: choose a port above 1023, or run with the capability CAP_NET_BIND_SERVICE"
            case .noDescriptors:
                "no descriptors are left: raise the limit of open files (LimitNOFILE of the systemd unit, ulimit -n)"
            case .other(let text): text
            }
        return "cannot listen on \(address): \(text)"
    }
}
