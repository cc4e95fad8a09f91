// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage

/// Sets the kernel's parameters that kube-proxy sets, each only if it differs.
///
/// What cannot be set is skipped with a reason, and nothing stops: rules work without it, and in a container that is not
/// privileged nothing can be set at all. /proc/sys/net shows the network namespace of the process. The parameters of
/// connection tracking exist once its module is loaded, at the latest when the first rules are committed.
package struct NodeTuning: Sendable {
    private let root: String
    private let processorCount: Int

    /// - Parameters:
    ///   - root: the directory that proc and sys are mounted in; another one than `/` imitates a machine.
    ///   - processorCount: the number of CPUs that the limit of connections is scaled by.
    package init(root: String = "/", processorCount: Int = onlineProcessorCount) {
        self.root = root
        self.processorCount = processorCount
    }

    /// The CPUs of the machine, whichever of them this process may use (kubernetes#99225).
    package static var onlineProcessorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Sets what `options` ask for, and reports what became of each parameter, in the order they were set.
    package func apply(_ options: TuningOptions) -> [TuningOutcome] {
        var outcomes: [TuningOutcome] = []
        if let limit = options.maximum(processorCount: processorCount) {
            let outcome = set(.connectionLimit, to: limit)
            outcomes += [outcome, fitHashSize(to: outcome)]
        }
        let timeouts: [(KernelParameter, Duration)] = [
            (.tcpEstablishedTimeout, options.tcpEstablishedTimeout),
            (.tcpCloseWaitTimeout, options.tcpCloseWaitTimeout),
            (.udpTimeout, options.udpTimeout),
            (.udpStreamTimeout, options.udpStreamTimeout),
        ]
        for (parameter, timeout) in timeouts where timeout >= .seconds(1) {
            outcomes.append(set(parameter, to: Int(timeout.components.seconds)))
        }
        if options.tcpBeLiberal { outcomes.append(set(.tcpBeLiberal, to: 1)) }
        if options.localhostNodePorts { outcomes.append(set(.routeLocalnet, to: 1)) }
        return outcomes
    }

    /// Sets how early the kernel ends this process when memory is short, -1000 (never) to 1000; children inherit it.
    package func setOutOfMemoryScore(_ score: Int) -> TuningOutcome { set(.outOfMemoryScore, to: score) }

    /// Lets this process have as many open files as it may, since each client of a server is one.
    ///
    /// The usual limit of 1024 is for programs that still call select(2), and any of these may raise it by itself.
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Makes the table of connections long enough for their limit, with four to a bucket; never makes it shorter.
    private func fitHashSize(to limit: TuningOutcome) -> TuningOutcome {
        let wanted = limit.wanted / Self.connectionsPerBucket
        if case .skipped = limit.result {
            let previous = try? read(.hashSize)
            return TuningOutcome(.hashSize, wanted: wanted, previous: previous, .skipped(.limitNotReached))
        }
        return set(.hashSize, to: wanted) { $0 >= wanted }
    }

    private static let connectionsPerBucket = 4

    private func set(_ parameter: KernelParameter, to wanted: Int) -> TuningOutcome {
        set(parameter, to: wanted) { $0 == wanted }
    }

    private func set(_ parameter: KernelParameter, to wanted: Int, unless suffices: (Int) -> Bool) -> TuningOutcome {
        var previous: Int?
        do throws(TuningOutcome.SkipReason) {
            let current = try read(parameter)
            previous = current
            if suffices(current) { return TuningOutcome(parameter, wanted: wanted, previous: current, .unchanged) }
            try write(parameter, wanted)
            return TuningOutcome(parameter, wanted: wanted, previous: current, .set)
        } catch {
            return TuningOutcome(parameter, wanted: wanted, previous: previous, .skipped(error))
        }
    }

    private func read(_ parameter: KernelParameter) throws(TuningOutcome.SkipReason) -> Int {
        let text: String
        do throws(Errno) {
            text = try file(parameter).text()
        } catch {
            throw Self.reason(error, parameter)
        }
        let word = text.prefix { !$0.isWhitespace }
        guard let number = Int(word) else { throw .unreadable(String(word)) }
        return number
    }

    private func write(_ parameter: KernelParameter, _ number: Int) throws(TuningOutcome.SkipReason) {
        do throws(Errno) {
            try file(parameter).write(String(number))
        } catch {
            throw Self.reason(error, parameter)
        }
    }

    private func file(_ parameter: KernelParameter) -> KernelFile {
        KernelFile(path: root.hasSuffix("/") ? root + parameter.path : "\(root)/\(parameter.path)")
    }

    private static func reason(_ error: Errno, _ parameter: KernelParameter) -> TuningOutcome.SkipReason {
        switch error {
        case .readOnlyFileSystem: .readOnly
        case .noSuchFileOrDirectory, .notDirectory: .absent(provider: parameter.provider)
        // In other namespaces the kernel makes the limit's file read-only, and refuses to change the hash size
        // (net/netfilter/nf_conntrack_standalone.c, nf_conntrack_core.c).
        case .permissionDenied where parameter.isShared, .notSupportedOnSocket where parameter.isShared: .shared
        case .permissionDenied, .notPermitted: .notPermitted
        default: .refused(error)
        }
    }
}
