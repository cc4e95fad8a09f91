// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Logging

/// The lock of the one program that keeps a node's rules in sync.
struct OwnerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file that a run locks as long as it keeps the rules of a network namespace. (default: in /run)",
            valueName: "path"),
        completion: .file())
    var ownerLockFile: String?

    /// The path of the file.
    var path: String { ownerLockFile ?? OwnerLock.defaultPath }

    /// Acquires the lock; a file that cannot be locked is only worth a warning, since a second program is rare.
    ///
    /// - Throws: `ExitCode.anotherProcess` if another run holds it.
    func acquire(_ logger: Logger) throws -> OwnerLock? {
        do throws(OwnerLock.Failure) {
            return try OwnerLock(path: path)
        } catch {
            guard case .held = error else {
                logger.warning("\(error); a second kubetables on this node would not be noticed")
                return nil
            }
            throw Console.failure("\(error): stop it first", .anotherProcess)
        }
    }

    /// What keeps the rules of this network namespace: the owner of the lock, a process or a port; in words.
    func runningProxies(_ host: some Host) -> [String] {
        let owner = OwnerLock.holder(path: path).map { ["\($0)"] } ?? []
        return owner + host.runningProxies.map(\.description)
    }
}
