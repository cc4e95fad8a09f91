// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import TestSupport
import XTables

/// A process that changes the nat table without the lock, in the network namespace it was started in: it reads the table,
/// waits for a moment or until somebody has changed it, and commits what it has read with a rule of its own more or less.
enum LocklessWriter {
    static let command = "write-without-lock"
    /// The line that it prints when it has read the table and waits.
    static let readLine = "the table is read"

    /// How often it waits until the table has changed before it commits.
    enum Waits: String {
        case sometimes
        case always
    }

    /// What it did, as it prints it.
    struct Counts {
        var rounds = 0
        /// Commits that replaced a table that was changed after it had been read.
        var overwrote = 0
        /// Commits that the kernel refused, since the number of entries had changed.
        var refused = 0

        init() {}

        /// Reads what it printed; the last line counts.
        init?(_ text: String) {
            let numbers = text.split(separator: "\n").last?.split(separator: " ").compactMap { Int($0) } ?? []
            guard numbers.count == 3 else { return nil }
            (rounds, overwrote, refused) = (numbers[0], numbers[1], numbers[2])
        }

        var text: String { "\(rounds) \(overwrote) \(refused)" }
    }

    /// - Parameter arguments: a seed, how many commits, and when it waits.
    static func main(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, let seed = UInt64(arguments[0]), let rounds = Int(arguments[1]),
            let waits = Waits(rawValue: arguments[2])
        else { return 64 }
        var generator = SeededGenerator(seed: seed)
        var counts = Counts()
        do {
            for _ in 0..<rounds {
                let waits = waits == .always || generator.chance(10)
                try write(waits: waits, pause: UInt32.random(in: 0...2000, using: &generator), &counts)
                counts.rounds += 1
            }
        } catch {
            print("\(error)")
            return 1
        }
        print(counts.text)
        return 0
    }

    private static let pollPause: UInt32 = 200
    private static let longestWait: Duration = .seconds(2)

    /// Prints a line at once: standard output is a file, which has a buffer.
    private static func report(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func write(waits: Bool, pause: UInt32, _ counts: inout Counts) throws {
        let store = LibiptcStore()
        let transaction = try store.open(.nat, family: .ipv4)
        let old = try fingerprint()
        if waits {
            report(readLine)
            let deadline = ContinuousClock.now + longestWait
            while try fingerprint() == old, ContinuousClock.now < deadline { usleep(pollPause) }
        } else {
            usleep(pause)
        }
        let own = Rule(matches: [.comment("written without the lock")])
        let entry = try EntryCodec.entry(of: own, family: .ipv4)
        var ownPlace: Int?
        var index = 0
        "OUTPUT".withCString { chain in
            transaction.visitRules(of: chain) { found in
                let bytes = [UInt8](UnsafeRawBufferPointer(start: found.base, count: found.length))
                if let rule = try? EntryCodec.decode(
                    bytes, targetName: String(cString: found.targetName), family: .ipv4),
                    rule == .known(own)
                {
                    ownPlace = index
                }
                index += 1
                return true
            }
        }
        let wasChanged = try fingerprint() != old
        do throws(KernelFailure) {
            if let ownPlace {
                try transaction.deleteRule(at: ownPlace, in: "OUTPUT")
            } else {
                let appended = entry.withUnsafeBytes { bytes in
                    Result { () throws(KernelFailure) in try transaction.append(bytes, to: "OUTPUT") }
                }
                try appended.get()
            }
            try transaction.commit()
            if wasChanged { counts.overwrote += 1 }
        } catch {
            // libiptc replaces the table in one call and adds the counters in another, which the kernel refuses with EINVAL
            // if the table has changed in between: the replacement is in force all the same.
            switch (error.operation, error.errorNumber) {
            case (.commit, EAGAIN): counts.refused += 1
            case (.commit, EINVAL): counts.overwrote += 1
            default: throw error
            }
        }
    }

    /// The table's rules as they are now, by a sum: its outline stays the same when an address changes.
    private static func fingerprint() throws -> Int {
        var hasher = Hasher()
        let transaction = try LibiptcStore().open(.nat, family: .ipv4)
        transaction.visitChains { name, _ in
            transaction.visitRules(of: name) { entry in
                hasher.combine(bytes: UnsafeRawBufferPointer(start: entry.base, count: entry.length))
                return true
            }
        }
        return hasher.finalize()
    }
}
