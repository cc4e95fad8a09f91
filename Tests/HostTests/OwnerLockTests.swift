// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite("The owner's lock") struct OwnerLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/owner.lock" }

    @Test("is held by one only, whom the next one can name")
    func holder() throws {
        #expect(OwnerLock.holder(path: path) == nil)
        do {
            let lock = try OwnerLock(path: path)
            defer { withExtendedLifetime(lock) {} }
            let held = OwnerLock.Failure.held(path: path, process: getpid())
            #expect(throws: held) { try OwnerLock(path: path) }
            #expect(OwnerLock.holder(path: path) == held)
        }
        #expect(OwnerLock.holder(path: path) == nil)
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = try OwnerLock(path: path)
    }

    @Test("is free where a process that was killed left its file")
    func leftFile() throws {
        try Data("4194304\n".utf8).write(to: URL(filePath: path))
        #expect(OwnerLock.holder(path: path) == nil)
        _ = try OwnerLock(path: path)
    }

    @Test("names what is wrong with its file")
    func unusable() {
        #expect(throws: OwnerLock.Failure.unusable(path: folder.path, .isDirectory)) {
            try OwnerLock(path: folder.path)
        }
        let failure = OwnerLock.Failure.unusable(path: "/x/y", .noSuchFileOrDirectory)
        #expect("\(failure)" == "cannot lock /x/y: No such file or directory (ENOENT)")
    }

    @Test("has a file of its own for each network namespace")
    func defaultPath() throws {
        var status = stat()
        try #require(stat("/proc/thread-self/ns/net", &status) == 0)
        let paths = ["/run/kubetables-\(status.st_ino).lock", "/run/kubetables/\(status.st_ino).lock"]
        #expect(paths.contains(OwnerLock.defaultPath))
    }
}
