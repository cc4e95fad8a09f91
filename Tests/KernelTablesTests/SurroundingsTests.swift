import Foundation
import KernelTables
import KernelTablesSuite
import NetworkTypes
import Testing
import XTables

@Suite("The lock and what else is on the machine")
struct SurroundingsTests {
    private func temporaryPath() -> String { "/tmp/kubetables-test-\(UInt64.random(in: 0 ... .max))" }

    /// Somebody else who holds a lock: `flock` belongs to the opened file, so it need not be another process.
    private final class Holder: Sendable {
        private let descriptor: Int32

        init(_ path: String) throws {
            descriptor = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0o600)
            try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
        }

        func letGo() { close(descriptor) }
    }

    @Test("the lock is waited for, and the wait is reported")
    func waits() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let holder = try Holder(path)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.3)
            holder.letGo()
        }
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: path, limit: .seconds(60)))
        #expect(try syncer.cleanup(.ipv4).phases.lockWait > .milliseconds(50))
    }

    @Test("the lock is made as iptables makes it, and given back")
    func givenBack() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        for _ in 0..<3 {
            _ = try Syncer(store: MemoryStore(), lock: XTablesLock(path: path, limit: .zero)).cleanup(.ipv4)
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("the lock is given up after the limit")
    func givesUp() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let holder = try Holder(path)
        defer { holder.letGo() }
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: path, limit: .milliseconds(100)))
        #expect { try syncer.cleanup(.ipv4) } throws: { error in
            guard case .lock(.busy(path: path, waited: let waited)) = error as? SyncError else { return false }
            return waited >= .milliseconds(100) && "\(error)".contains("was not free within 0.")
        }
    }

    @Test("a lock that cannot be made is an error of its own")
    func unusable() {
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: "/nonexistent/lock"))
        #expect(throws: SyncError.lock(.unusable(path: "/nonexistent/lock", errorNumber: ENOENT))) {
            try syncer.cleanup(.ipv4)
        }
    }

    @Test("full lists of recent addresses are found")
    func recentLists() throws {
        let directory = temporaryPath()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (name, count) in [("KUBE-SEP-FULL", 3), ("KUBE-SEP-ROOM", 2), ("KUBE-SEP-EMPTY", 0)] {
            let lines = String(repeating: "src=10.0.0.1 ttl: 64 last_seen: 1 oldest_pkt: 1 1\n", count: count)
            try lines.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        }
        try "3\n".write(toFile: "\(directory)/.total", atomically: true, encoding: .utf8)
        #expect(RecentLists.capacity(parameterPath: "\(directory)/.total") == 3)
        #expect(RecentLists.capacity(parameterPath: "\(directory)/none") == RecentLists.defaultCapacity)
        #expect(RecentLists.fullLists(directory: directory, capacity: 3) == ["KUBE-SEP-FULL"])
        #expect(RecentLists.count(in: "KUBE-SEP-ROOM", directory: directory) == 2)
        #expect(RecentLists.count(in: "KUBE-SEP-NONE", directory: directory) == nil)
    }
}
