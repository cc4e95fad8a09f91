// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import KernelTables
import KernelTablesSuite
import NetworkTypes
import Testing
import XTables

@Suite("The xtables lock")
struct XTablesLockTests {
    private func temporaryPath() -> String { "/tmp/kubetables-test-\(UInt64.random(in: 0 ... .max))" }

    /// Another holder of a lock: `flock` belongs to the opened file, so it need not be another process.
    private final class Holder: Sendable {
        private let descriptor: Int32

        init(_ path: String) throws {
            descriptor = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0o600)
            try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
        }

        func release() { close(descriptor) }
    }

    @Test("the lock is waited for, and the wait is reported")
    func waits() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let holder = try Holder(path)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.3)
            holder.release()
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
        defer { holder.release() }
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: path, limit: .milliseconds(100)))
        #expect { try syncer.cleanup(.ipv4) } throws: { error in
            guard case .lock(.busy(path: path, waited: let waited, holder: nil)) = error as? SyncError else {
                return false
            }
            return waited >= .milliseconds(100) && "\(error)".contains("was not free within 0.")
        }
    }

    @Test("who holds the lock is named")
    func holder() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let holder = try Holder(path)
        defer { holder.release() }
        let host = FakeHost()
        var lock = XTablesLock(path: path, limit: .zero)
        lock.host = host
        func message() -> String {
            do throws(SyncError) {
                _ = try Syncer(store: MemoryStore(), lock: lock).cleanup(.ipv4)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message().contains("was not free within 0.000 s; another program holds it"))
        host.setFileLockHolder(FileLockHolder(process: 4711, command: "firewalld"), path: path)
        #expect(message().contains("was not free within 0.000 s; firewalld (process 4711) holds it"))
        host.setFileLockHolder(FileLockHolder(process: 4711, command: nil), path: path)
        #expect(message().contains("; a child of process 4711, which has ended holds it"))
    }

    @Test("a stop ends the wait for the lock, and no commit begins after it")
    func stop() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let holder = try Holder(path)
        let store = MemoryStore()
        var syncer = Syncer(store: store, lock: XTablesLock(path: path, limit: .seconds(60)))
        let stop = StopRequest()
        syncer.stop = stop
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            stop.make()
        }
        let time = ContinuousClock().measure {
            #expect(throws: SyncError.lock(.stopped(path: path))) { try syncer.cleanup(.ipv4) }
        }
        #expect(time < .seconds(30))
        holder.release()
        #expect(throws: SyncError.stopped) { try syncer.cleanup(.ipv4) }
        #expect(!stop.hasWork)
    }

    @Test("what is no regular file is refused at once", arguments: ["FIFO", "device"])
    func otherFiles(kind: String) {
        let fifo = temporaryPath()
        defer { unlink(fifo) }
        #expect(mkfifo(fifo, 0o600) == 0)
        let path = kind == "FIFO" ? fifo : "/dev/null"
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: path))
        #expect(throws: SyncError.lock(.notRegularFile(path: path))) { try syncer.cleanup(.ipv4) }
        #expect(
            "\(SyncError.lock(.notRegularFile(path: "/x")))".contains(
                "/x cannot be used: it is not a regular file; name"))
    }

    @Test("a lock that cannot be made is an error of its own")
    func unusable() {
        let syncer = Syncer(store: MemoryStore(), lock: XTablesLock(path: "/nonexistent/lock"))
        #expect(throws: SyncError.lock(.unusable(path: "/nonexistent/lock", errorNumber: ENOENT))) {
            try syncer.cleanup(.ipv4)
        }
    }
}
