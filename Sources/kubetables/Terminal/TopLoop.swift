// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Inspection

/// The screen of `top`, refreshed until a key ends it.
struct TopLoop {
    private enum Step: Sendable {
        case answer(any TopReport)
        /// No answer came; the screen keeps the last one.
        case noAnswer(ProgramFailure)
        case failed(any Error)
        case terminal(TerminalEvent)
    }

    let source: TopSource
    let screen: TopScreen
    let interval: Duration

    private enum Key {
        static let ends: Set<UInt8> = [UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x03]
        /// Ctrl-Z: the terminal passes it on as a key, like Ctrl-C.
        static let stop: UInt8 = 0x1a
    }

    /// Shows the screen; the first answer comes before it, so that an error is an ordinary message.
    func run() async throws {
        var report: any TopReport
        do {
            report = try await source.fetch(limit: TopScreen.room(Self.size), onOtherVersion: Console.note)
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
        guard let notices = TerminalMode.enter() else {
            throw Console.failure("cannot set the terminal: \(String(cString: strerror(errno)))", .outputFailed)
        }
        defer { TerminalMode.leave() }
        let (steps, step) = AsyncStream<Step>.makeStream()
        let watching = Task { for await event in TerminalEvent.stream(notices) { step.yield(.terminal(event)) } }
        let asking = Task { await ask { step.yield($0) } }
        defer {
            watching.cancel()
            asking.cancel()
        }
        var problem: String?
        try draw(report, problem)
        for await step in steps {
            switch step {
            case .answer(let newer):
                report = newer
                problem = nil
            case .noAnswer(let failure): problem = failure.message
            case .failed(let error): throw error
            case .terminal(.key(let key)) where Key.ends.contains(key): return
            case .terminal(.key(Key.stop)):
                kill(0, SIGTSTP)
                continue
            case .terminal(.key): continue
            case .terminal(.redraw): break
            case .terminal(.closed): return
            }
            try draw(report, problem)
        }
    }

    /// Asks again and again; waits in between, so that a slow program is not asked more often than it answers.
    private func ask(_ deliver: @Sendable (Step) -> Void) async {
        while (try? await Task.sleep(for: interval)) != nil {
            do {
                deliver(.answer(try await source.fetch(limit: TopScreen.room(Self.size))))
            } catch let failure as ProgramFailure {
                deliver(.noAnswer(failure))
            } catch {
                deliver(.failed(error))
            }
        }
    }

    private static var size: TopScreen.Size {
        let (columns, rows) = TerminalMode.size
        return TopScreen.Size(columns: columns, rows: rows)
    }

    /// Writes the whole screen at once, so that it does not flicker: each line, and what clears the rest of it.
    ///
    /// Threads that go on after a stop can be here before the screen is there again, which is a reason to draw of its own.
    private func draw(_ report: any TopReport, _ problem: String?) throws {
        guard TerminalMode.isOn else { return }
        let lines = screen.lines(report, problem: problem, Self.size).map { "\($0)\u{1b}[K" }
        try Console.write(Array("\u{1b}[H\(lines.joined(separator: "\r\n"))\u{1b}[J".utf8))
    }
}
