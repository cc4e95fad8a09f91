// SPDX-License-Identifier: Apache-2.0

import Foundation
import SoakSupport
import Synchronization
import TestSupport

/// Every fault of an API server that the test server knows, in random sequence, with clients: no rule of a Service that is
/// always there is ever withdrawn, and what the program holds of memory and descriptors stays flat.
///
/// The parts are those of the soak test (Tests/SoakSupport).
struct APIFaults {
    static let name = "api"
    /// Faults in ten minutes; each takes a second, one that never answers a minute.
    private static let goal = 300

    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    func run() -> [Outcome] {
        var faults = Outcome(part: Self.name, what: "faults of the API server", goal: plan.goal(Self.goal))
        var withdrawals = Outcome(part: Self.name, what: "checks of stable rules", goal: plan.goal(1000))
        var resources = Outcome(part: Self.name, what: "samples of the process", goal: plan.goal(400))
        do {
            try run(&faults, &withdrawals, &resources)
        } catch {
            faults.fault("\(error)")
        }
        return [faults, withdrawals, resources]
    }

    private func run(_ faults: inout Outcome, _ withdrawals: inout Outcome, _ resources: inout Outcome) throws {
        // At the end it may take a minute until the last fault is over.
        let seconds = max(5, plan.seconds - min(60, plan.seconds / 3))
        let soak = try Soak(seed: plan.seed, faults: plan.seconds >= Self.longEnoughForAll ? .all : .passing)
        let clients = try soak.startClients(seconds: seconds)
        let watch = ProcessWatch(StableRules(soak), process: soak.program.identifier)
        watch.start()
        let steps = try soak.churn(until: .now + .seconds(seconds))
        watch.stop()

        faults.tried = steps.faults
        var connections = 0
        for client in clients {
            let result = try client.finish()
            connections += result.succeeded
            if !result.failures.isEmpty { faults.fault("\(client.description): \(result.failures.prefix(5))") }
        }
        let difference = try soak.finalDifference(limit: .seconds(150))
        if !difference.isEmpty { faults.fault("not in sync at the end: \(difference)") }
        if try !soak.foreignRulesAreThere() { faults.fault("a foreign rule is gone") }
        faults.notes = ["\(steps.changes) changes", "\(steps.drifts) foreign edits", "\(connections) connections"]

        let seen = watch.seen
        withdrawals.tried = seen.checks
        for missing in seen.missing { withdrawals.fault("withdrawn: \(missing)") }
        withdrawals.notes = ["cluster IPs and node ports"]
        resources.tried = seen.samples.count
        for growth in seen.growth { resources.fault(growth) }
        resources.notes = seen.notes
        soak.program.signal(SIGTERM)
        let status = try soak.program.wait()
        if status != 0 { faults.fault("the program ended with \(status)") }
    }

    /// Faults that last a minute make no sense in less.
    private static let longEnoughForAll = 120
}

/// Looks at the rules and at the process again and again, on a thread of its own.
private final class ProcessWatch: Sendable {
    struct Sample {
        let residentKilobytes: Int
        let descriptors: Int
    }

    struct Seen {
        var checks = 0
        var missing: [String] = []
        var samples: [Sample] = []
    }

    private let rules: StableRules
    private let process: pid_t
    private let state = Mutex(Seen())
    private let isStopped = Mutex(false)
    private let group = DispatchGroup()

    private static let pause: UInt32 = 200_000

    init(_ rules: StableRules, process: pid_t) {
        self.rules = rules
        self.process = process
    }

    func start() {
        group.enter()
        let thread = Thread { [self] in
            while !isStopped.withLock({ $0 }) {
                look()
                usleep(Self.pause)
            }
            group.leave()
        }
        thread.start()
    }

    func stop() {
        isStopped.withLock { $0 = true }
        group.wait()
    }

    var seen: Seen { state.withLock { $0 } }

    private func look() {
        let missing = (try? rules.missing()) ?? ["the rules could not be read"]
        let sample = Sample(process)
        state.withLock { seen in
            seen.checks += 1
            seen.missing += missing
            if let sample { seen.samples.append(sample) }
        }
    }
}

extension ProcessWatch.Sample {
    fileprivate init?(_ process: pid_t) {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let resident = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        else { return nil }
        self.init(residentKilobytes: resident, descriptors: descriptors.count)
    }
}

extension ProcessWatch.Seen {
    /// The last third may have this much more than the first, on average: what the allocator keeps, and a connection or two.
    private static let descriptorAllowance = 8.0
    private static let kilobyteAllowance = 20_000.0

    private func thirds(_ value: (ProcessWatch.Sample) -> Int) -> (first: Double, last: Double) {
        let third = max(1, samples.count / 3)
        func mean(_ part: some Collection<ProcessWatch.Sample>) -> Double {
            part.isEmpty ? 0 : Double(part.reduce(0) { $0 + value($1) }) / Double(part.count)
        }
        return (mean(samples.prefix(third)), mean(samples.suffix(third)))
    }

    fileprivate var growth: [String] {
        let memory = thirds(\.residentKilobytes)
        let descriptors = thirds(\.descriptors)
        var found: [String] = []
        if memory.last > memory.first + Self.kilobyteAllowance {
            found.append("resident memory grew from \(Int(memory.first)) to \(Int(memory.last)) kB")
        }
        if descriptors.last > descriptors.first + Self.descriptorAllowance {
            found.append("descriptors grew from \(Int(descriptors.first)) to \(Int(descriptors.last))")
        }
        return found
    }

    fileprivate var notes: [String] {
        let memory = thirds(\.residentKilobytes)
        let descriptors = thirds(\.descriptors)
        return [
            "resident \(Int(memory.first) >> 10) to \(Int(memory.last) >> 10) MB",
            "descriptors \(String(format: "%.1f to %.1f", descriptors.first, descriptors.last))",
        ]
    }
}
