// SPDX-License-Identifier: Apache-2.0

/// A program that seems to keep the rules of this network namespace in sync.
package enum RunningProxy: Hashable, Sendable {
    /// A process in this network namespace, by its name.
    case process(name: String, identifier: Int32)
    /// A port that proxies listen on, and something does: its process may be in another PID namespace.
    case port(UInt16)
}

extension RunningProxy: CustomStringConvertible {
    package var description: String {
        switch self {
        case .process(let name, let identifier): "\(name) (process \(identifier)) is running in this network namespace"
        case .port(let port): "another process listens on port \(port), which is that of a kube-proxy or kubetables,"
        }
    }
}
