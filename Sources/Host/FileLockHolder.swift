// SPDX-License-Identifier: Apache-2.0

/// The process that holds the lock of a file.
package struct FileLockHolder: Hashable, Sendable {
    /// The process that locked the file; a child of it may hold the lock by now.
    package let process: Int32
    /// The command of the process, of up to 15 bytes, as the kernel has it; `nil` if the process has ended.
    package let command: String?

    package init(process: Int32, command: String?) {
        self.process = process
        self.command = command
    }
}

extension FileLockHolder: CustomStringConvertible {
    package var description: String {
        command.map { "\($0) (process \(process))" } ?? "a child of process \(process), which has ended"
    }
}
