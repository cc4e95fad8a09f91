// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Glibc
import NetworkTypes
import ServiceModel
import SystemPackage

/// Prints what becomes of the connections to Services in a time, and the processor time that it took.
struct ConnectionWatcher {
    private let source = NetlinkConnections()
    private var frontEnds: [IPFamily: WatchedFrontEnds] = [:]
    private var pending: PendingConnections
    private let deletes: Bool
    private var counts: [String: Int] = [:]

    /// - Parameter deletes: whether the flows of connections that are due are deleted.
    init(_ snapshots: [ServiceSnapshot], nodePortAddresses: [IPAddress], timeout: Duration, deletes: Bool) {
        for snapshot in snapshots {
            var watched = WatchedFrontEnds()
            for (service, entries) in Dictionary(grouping: snapshot.servicePorts, by: \.servicePort.name.serviceName) {
                watched.update(service, entries)
            }
            watched.nodePortAddresses = Set(nodePortAddresses)
            frontEnds[snapshot.family] = watched
        }
        pending = PendingConnections(timeout: timeout)
        self.deletes = deletes
    }

    mutating func run(for time: Duration) throws {
        let clock = ContinuousClock()
        let end = clock.now + time
        let listener = try source.listen()
        let before = Self.processorTime
        report("watching")
        while clock.now < end {
            let batch = try listener.receive(until: min(end, pending.nextDue ?? end))
            if batch.isIncomplete { report("incomplete") }
            for event in batch.events { take(event, clock.now) }
            try check(pending.due(at: clock.now))
        }
        for (text, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(text): \(count)") }
        print("cpu \((Self.processorTime - before) / .milliseconds(1)) ms")
    }

    private static var processorTime: Duration {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(.zero) { sum, time in
            sum + .seconds(time.tv_sec) + .microseconds(time.tv_usec)
        }
    }

    private mutating func take(_ event: ConnectionEvent, _ now: ContinuousClock.Instant) {
        switch event {
        case .began(let flow):
            guard let servicePort = frontEnds[flow.family]?.servicePort(of: flow) else { return count("foreign", nil) }
            pending.begin(.init(flow, of: servicePort), at: now)
            count("began", flow)
        case .answered(let flow):
            if pending.settle(flow) != nil { count("answered", flow) }
        case .refused(let flow):
            if pending.settle(flow) != nil { count("refused", flow) }
        case .deleted(let flow):
            if pending.settle(flow) != nil { count("deleted", flow) }
        }
    }

    private mutating func check(_ due: [PendingConnections.Connection]) throws {
        for family in IPFamily.allCases {
            let checks = due.filter { $0.flow.family == family }.map {
                ConnectionCheck($0.flow, deletesUnanswered: deletes)
            }
            for (check, outcome) in zip(checks, try source.check(checks, family)) {
                count("due, \(Self.text(outcome))", check.flow)
            }
        }
    }

    private static func text(_ outcome: ConnectionOutcome) -> String {
        switch outcome {
        case .found(let phase): "\(phase)"
        case .deleted: "deleted"
        case .refused(let failure): "\(failure)"
        }
    }

    private mutating func count(_ what: String, _ flow: Flow?) {
        counts[flow.map { "\(what) \($0.original.destination) by \($0.reply.source)" } ?? what, default: 0] += 1
    }

    private func report(_ text: String) {
        _ = try? FileDescriptor.standardOutput.writeAll((text + "\n").utf8)
    }
}
