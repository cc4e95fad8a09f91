// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// What became of one parameter.
package struct TuningOutcome: Sendable, Hashable {
    /// What was done.
    package enum Result: Sendable, Hashable {
        /// Nothing: it had the value already, or for the hash size a greater one.
        case unchanged
        /// It has the value now.
        case set
        /// It has the value it had.
        case skipped(SkipReason)
    }

    /// Whether the parameter should be set by this process and could not be.
    package var isFailure: Bool {
        switch result {
        case .unchanged, .set, .skipped(.shared), .skipped(.limitNotReached): false
        case .skipped: true
        }
    }

    /// Why a parameter was left as it is, which never keeps Services from working.
    package enum SkipReason: Error, Sendable, Hashable {
        /// Nothing below /proc/sys, or /sys, can be written: usual in a container that is not privileged.
        case readOnly
        /// The process may not write it.
        case notPermitted
        /// The kernel has no such parameter, since the part that brings it is not loaded.
        case absent(provider: String)
        /// All network namespaces share the value, and this one may not set it.
        case shared
        /// The limit of connections is not what it should be, and so the hash size that goes with it is not needed.
        case limitNotReached
        /// Its file does not hold a number.
        case unreadable(String)
        /// The kernel refused for another reason.
        case refused(Errno)
    }

    package let parameter: KernelParameter
    /// The desired value.
    package let wanted: Int
    /// The value it had; `nil` if that could not be read.
    package let previous: Int?
    /// What was done.
    package let result: Result

    package init(_ parameter: KernelParameter, wanted: Int, previous: Int?, _ result: Result) {
        self.parameter = parameter
        self.wanted = wanted
        self.previous = previous
        self.result = result
    }
}

extension TuningOutcome: CustomStringConvertible {
    /// One line for a log, for example
    /// `net.netfilter.nf_conntrack_udp_timeout: left at 30 (wanted 60): the file system is read-only; …`.
    package var description: String {
        switch result {
        case .unchanged: "\(parameter): already \(previous ?? wanted)"
        case .set: "\(parameter): set to \(wanted)\(previous.map { ", was \($0)" } ?? "")"
        case .skipped(let reason):
            "\(parameter): \(previous.map { "left at \($0)" } ?? "not set") (wanted \(wanted)): \(reason)"
        }
    }
}

extension TuningOutcome.SkipReason: CustomStringConvertible {
    /// What is in the way, and what to do about it.
    package var description: String {
        switch self {
        case .readOnly: "the file system is read-only; set it on the host, or run privileged"
        case .notPermitted: "not permitted; run as root of the host"
        case .absent(let provider): "the kernel does not have it, \(provider) is not loaded"
        case .shared: "only the machine's first network namespace may set it"
        case .limitNotReached: "\(KernelParameter.connectionLimit) could not be set either"
        case .unreadable(let text): "its value is not a number: \(text)"
        case .refused(let error): error.text
        }
    }
}
