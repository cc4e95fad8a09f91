// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What happens at a terminal whose screen a program has.
enum TerminalEvent: Sendable, Hashable {
    /// A key, or a byte of one that sends several.
    case key(UInt8)
    /// The screen must be drawn again.
    case redraw
    /// The terminal is gone.
    case closed

    /// The events from now on, read by a thread of its own: neither a slow answer nor a long computation delays a key.
    ///
    /// - Parameter notices: the end of the pipe that ``TerminalMode/enter()`` gave.
    static func stream(_ notices: Int32) -> AsyncStream<TerminalEvent> {
        let (events, event) = AsyncStream<TerminalEvent>.makeStream()
        let thread = Thread {
            while read(notices, event) {}
            event.finish()
        }
        thread.name = "terminal"
        thread.start()
        return events
    }

    /// Waits for the next events; whether there may be more.
    private static func read(_ notices: Int32, _ event: AsyncStream<TerminalEvent>.Continuation) -> Bool {
        var states = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: notices, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&states, nfds_t(states.count), -1) > 0 else { return true }
        if states[1].revents != 0, bytes(notices).count > 0 { event.yield(.redraw) }
        guard states[0].revents != 0 else { return true }
        let keys = bytes(STDIN_FILENO)
        for key in keys { event.yield(.key(key)) }
        if keys.isEmpty { event.yield(.closed) }
        return !keys.isEmpty
    }

    private static func bytes(_ descriptor: Int32) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return buffer[..<max(0, count)]
    }
}
