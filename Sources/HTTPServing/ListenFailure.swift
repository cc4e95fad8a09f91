import Glibc

/// Why a server cannot listen.
public struct ServerFailure: Error, Hashable, Sendable {
    /// What is in the way.
    public enum Reason: Hashable, Sendable {
        /// Another program listens there (EADDRINUSE).
        case portTaken
        /// The machine has no such address (EADDRNOTAVAIL).
        case noSuchAddress
        /// The process may not listen there (EACCES, EPERM).
        case notPermitted
        /// Something else, in words.
        case other(String)
    }

    /// Where it should listen.
    public let address: ListenAddress
    /// What is in the way.
    public let reason: Reason

    /// Makes a failure.
    public init(_ address: ListenAddress, _ reason: Reason) {
        self.address = address
        self.reason = reason
    }

    /// Sorts what the kernel answered.
    init(_ address: ListenAddress, errorNumber: Int32) {
        let reason: Reason =
            switch errorNumber {
            case EADDRINUSE: .portTaken
            case EADDRNOTAVAIL: .noSuchAddress
            case EACCES, EPERM: .notPermitted
            default: .other(strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)")
            }
        self.init(address, reason)
    }
}

extension ServerFailure: CustomStringConvertible {
    /// One line: where, what is in the way, and what to do.
    public var description: String {
        let text =
            switch reason {
            case .portTaken:
                "another program listens there: stop it (ss -ltnp shows it), or choose another address or port"
            case .noSuchAddress:
                "this machine has no such address: choose one that `ip address` shows"
            case .notPermitted:
                "not permitted: choose a port above 1023, or run with the capability CAP_NET_BIND_SERVICE"
            case .other(let text): text
            }
        return "cannot listen on \(address): \(text)"
    }
}
