// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of a test's own, removed with the last reference.
public final class TemporaryFolder: Sendable {
    /// Its path.
    public let path: String

    /// Makes the folder.
    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "kubetables-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file as kubelets do, all at once; gives back its path.
    ///
    /// Programs are written by a program. A file that this process has open for writing is for a moment open in each
    /// child that another test starts, and Linux runs no file that is open for writing (ETXTBSY, execve(2)).
    @discardableResult
    public func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        guard mode & 0o111 == 0 else {
            let draft = try write("\(name).draft", text)
            defer { try? FileManager.default.removeItem(atPath: draft) }
            try Subprocess.check(["install", "-m", String(mode, radix: 8), draft, file])
            return file
        }
        try FileManager.default.createDirectory(
            at: URL(filePath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// What a file holds.
    public func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(name)")), as: UTF8.self)
    }

    /// Writes a shell script; gives back its path.
    public func script(_ name: String, _ body: String) throws -> String {
        try write(name, "#!/bin/sh\n\(body)\n", mode: 0o700)
    }
}
