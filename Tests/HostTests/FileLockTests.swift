// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Host

@Suite("The holder of a file's lock") struct FileLockTests {
    private let folder: TemporaryFolder
    private let path: String
    private let name: String

    init() throws {
        folder = try TemporaryFolder()
        path = try folder.write("xtables.lock", "")
        var status = stat()
        try #require(stat(path, &status) == 0)
        name = LinuxHost.lockName(of: status)
    }

    private func holder(_ locks: String) throws -> FileLockHolder? {
        try folder.write("proc/locks", locks)
        return LinuxHost(root: folder.path).fileLockHolder(path: path)
    }

    @Test("is found by device and inode, among other locks and those who wait")
    func found() throws {
        try folder.write("proc/77/comm", "iptables-restor\n")
        let locks = """
            1: POSIX  ADVISORY  WRITE 5 \(name) 0 EOF
            2: FLOCK  ADVISORY  WRITE 6 \(name)1 0 EOF
            3: FLOCK  ADVISORY  WRITE 77 \(name) 0 EOF
            3: -> FLOCK  ADVISORY  WRITE 78 \(name) 0 EOF

            """
        let found = try holder(locks)
        #expect(found == FileLockHolder(process: 77, command: "iptables-restor"))
        #expect(found.map { "\($0)" } == "iptables-restor (process 77)")
    }

    @Test("may have ended, or be called what it likes")
    func names() throws {
        let lock = "1: FLOCK  ADVISORY  WRITE 77 \(name) 0 EOF\n"
        #expect(try holder(lock) == FileLockHolder(process: 77, command: nil))
        try folder.write("proc/77/comm", "a\u{1B}[2J\nb\n")
        #expect(try holder(lock) == FileLockHolder(process: 77, command: "a [2J b"))
    }

    @Test("is not known without /proc/locks or a line in it")
    func unknown() throws {
        #expect(LinuxHost(root: folder.path).fileLockHolder(path: path) == nil)
        #expect(try holder("") == nil)
        #expect(LinuxHost(root: folder.path).fileLockHolder(path: path + "/none") == nil)
    }

    @Test("devices are numbered as the kernel prints them")
    func devices() {
        var status = stat()
        status.st_dev = 0x0000_0000_0010_0823
        status.st_ino = 42
        #expect(LinuxHost.lockName(of: status) == "08:123:42")
    }
}
