// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import KernelTables
import NetworkTypes
import ProxyConfiguration
import RuleCompiler

/// Access to the kernel's tables.
struct KernelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How long to wait for the xtables lock; 0 tries once.", valueName: "seconds"))
    var lockWait = 5.0

    @Option(
        help: ArgumentHelp("The lock file that all programs with legacy tables share.", valueName: "path"),
        completion: .file())
    var lockFile = XTablesLock.defaultPath

    mutating func validate() throws {
        guard lockWait >= 0, lockWait <= Self.longestWait else {
            throw ValidationError("--lock-wait: invalid time \(lockWait): must be 0–86400 seconds")
        }
    }

    private static let longestWait = 86400.0

    /// The backend for an input and its options.
    func backend(_ input: CompilerInput) -> any RuleBackend {
        var backend = backend
        backend.keepsJumpsFirst = input.keepsJumpsFirst
        return backend
    }

    var backend: any RuleBackend { backend(stop: nil) }

    /// - Parameter stop: ends the wait for the lock, and keeps a commit from beginning.
    func backend(stop: StopRequest?) -> any RuleBackend {
        var lock = XTablesLock(path: lockFile, limit: .seconds(lockWait))
        lock.host = LinuxHost()
        var syncer = Self.backend(lock: lock)
        syncer.stop = stop
        return syncer
    }

    /// For commands that change nothing, and so need no lock.
    static var readOnlyBackend: any RuleBackend { backend(lock: nil) }

    private static func backend(lock: XTablesLock?) -> Syncer {
        Syncer(lock: lock, ownership: RuleLayoutKind.ownership)
    }
}
