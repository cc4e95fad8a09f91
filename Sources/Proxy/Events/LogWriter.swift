// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Writes the lines of a log to a file descriptor without ever keeping those waiting who log.
///
/// Whoever reads standard error may stall, and then a pipe is full. Lines wait here for a while; when too many do, further
/// ones are dropped and counted. As soon as the reader is back, the number of those is logged.
package final class LogWriter: Sendable {
    /// The log of this process.
    package static let standardError = LogWriter(.standardError)
    /// How many bytes of lines may wait: about a thousand lines, and four times what a pipe holds.
    package static let defaultCapacity = 1 << 18

    private struct State {
        var lines: [[UInt8]] = []
        var byteCount = 0
        var isWriting = false
        /// The lines that were dropped since that was last logged.
        var dropped = 0
        var droppedInAll = 0
        var onRecovery: (@Sendable (Int) -> Void)?
    }

    private let descriptor: FileDescriptor
    private let capacity: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "kubetables.log")

    /// - Parameters:
    ///   - descriptor: where the lines go.
    ///   - capacity: how many bytes of lines may wait.
    package init(_ descriptor: FileDescriptor, capacity: Int = defaultCapacity) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// How many lines were dropped since the start.
    package var droppedCount: Int { state.withLock(\.droppedInAll) }

    /// Sets what logs the number of dropped lines when the reader is back.
    package func onRecovery(_ report: @escaping @Sendable (Int) -> Void) { state.withLock { $0.onRecovery = report } }

    /// Writes a line, with its end, as soon as the reader lets it.
    package func write(_ line: String) {
        let mustStart = state.withLock { state in
            let bytes = Array(line.utf8)
            // One that is longer than all the room has to go through, too.
            guard state.lines.isEmpty || state.byteCount + bytes.count <= capacity else {
                state.dropped += 1
                state.droppedInAll += 1
                return false
            }
            state.lines.append(bytes)
            state.byteCount += bytes.count
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.writeAll() } }
    }

    /// Waits until all lines are written, but no longer than `limit`.
    ///
    /// - Returns: whether they are.
    @discardableResult
    package func flush(limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while state.withLock(\.isWriting) {
            guard ContinuousClock.now < deadline else { return false }
            usleep(Self.flushPauseInMicroseconds)
        }
        return true
    }

    private static let flushPauseInMicroseconds: UInt32 = 500

    // MARK: The thread that may be kept waiting

    private func writeAll() {
        while let line = nextLine() {
            // One call, so that lines of several processes do not mix.
            let isWritten = (try? line.withUnsafeBytes { try descriptor.writeAll($0) }) != nil
            finish(line, isWritten: isWritten)
        }
    }

    /// The line stays in the queue, and so takes up room, until it is written.
    private func nextLine() -> [UInt8]? {
        state.withLock { state in
            if state.lines.isEmpty { state.isWriting = false }
            return state.lines.first
        }
    }

    private func finish(_ line: [UInt8], isWritten: Bool) {
        let (dropped, report) = state.withLock { state -> (Int, (@Sendable (Int) -> Void)?) in
            state.lines.removeFirst()
            state.byteCount -= line.count
            if !isWritten { state.droppedInAll += 1 }
            guard isWritten, state.dropped > 0, state.byteCount < capacity / 2 else { return (0, nil) }
            defer { state.dropped = 0 }
            return (state.dropped, state.onRecovery)
        }
        if dropped > 0 { report?(dropped) }
    }
}
