// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A program on a terminal of its own, which a test types on and reads: its standard streams, and what controls it.
public final class TerminalProcess {
    // `TIOCSPTLCK` and `TIOCGPTN` (asm-generic/ioctls.h): what unlockpt and ptsname do, which are not imported.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private let master: Int32
    private let child: pid_t
    private var bytes: [UInt8] = []
    private var status: Int32?

    /// Starts a program found by PATH.
    ///
    /// - Parameter environment: variables that it gets besides those of this process, or instead of them.
    public init(_ command: [String], environment: [String: String] = [:]) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, ioctl(master, Self.setLock, &unlocked) == 0, ioctl(master, Self.getNumber, &number) == 0
        else { throw ProcessFailure(description: "no terminal can be made: \(String(cString: strerror(errno)))") }
        let path = "/dev/pts/\(number)"
        do {
            child = try Subprocess.spawn(
                command, standardStreams: [path, path, path], environment: environment, onTerminal: true)
        } catch {
            close(master)
            throw error
        }
    }

    deinit {
        if status == nil {
            kill(child, SIGKILL)
            _ = try? Subprocess.wait(for: child)
        }
        close(master)
    }

    /// What the terminal shows so far, what was typed included.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Sends the program a signal.
    public func signal(_ number: Int32) { kill(child, number) }

    /// Whether the terminal collects lines, shows what is typed, and makes signals of Ctrl-C and its like, as for a shell.
    public var isOrdinary: Bool {
        var settings = termios()
        let flags = tcflag_t(ICANON | ECHO | ISIG)
        return tcgetattr(master, &settings) == 0 && settings.c_lflag & flags == flags
    }

    /// Sets the size, of which the program learns by a signal.
    public func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Types a text; `\u{3}` is Ctrl-C, `\u{4}` Ctrl-D.
    public func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard write(master, bytes, bytes.count) == bytes.count else {
            throw ProcessFailure(description: "cannot type: \(String(cString: strerror(errno)))")
        }
    }

    /// Waits until the terminal shows a text, up to a limit.
    ///
    /// - Parameter marker: a text that must be before it; `nil` for the beginning.
    /// - Throws: ``ProcessFailure`` with what it shows instead.
    public func waitForText(_ expected: String, after marker: String? = nil, limit: Duration = .seconds(15)) throws {
        let deadline = ContinuousClock.now + limit
        func isShown() -> Bool {
            let text = text
            guard let marker else { return text.contains(expected) }
            return text.range(of: marker).map { text[$0.upperBound...].contains(expected) } ?? false
        }
        while !isShown() {
            guard readMore(), ContinuousClock.now < deadline else {
                throw ProcessFailure(description: "\"\(expected)\" is not shown, but: \(text.debugDescription)")
            }
        }
    }

    /// Waits for its end, with all that it writes; gives back the exit code, or 128 and the signal's number.
    public func wait(limit: Duration = .seconds(15)) throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while readMore() {
            guard ContinuousClock.now < deadline else {
                throw ProcessFailure(description: "does not end, but: \(text.debugDescription)")
            }
        }
        let found = try status ?? Subprocess.wait(for: child)
        status = found
        return found
    }

    /// Reads what comes within a moment; whether there may be more, since the other side is still open.
    private func readMore() -> Bool {
        var event = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, 100) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 4096)
        // EIO: nobody has the terminal open any longer.
        let count = read(master, &buffer, buffer.count)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        return true
    }
}
