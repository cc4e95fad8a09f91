// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite("A program that is run for its output") struct HostProgramTests {
    @Test("gets its arguments as they are, and its output is read to the end")
    func output() throws {
        #expect(try HostProgram("printf", ["%s|", "a b", "$HOME", "*"]).output() == "a b|$HOME|*|")
        let long = try HostProgram("head", ["-c", "300000", "/dev/zero"]).output()
        #expect(long.utf8.count == 300_000)
    }

    @Test("may fail: what it printed counts, and what it complains about is nowhere")
    func failure() throws {
        #expect(try HostProgram("sh", ["-c", "echo half; echo trouble >&2; exit 3"]).output() == "half\n")
    }

    @Test("that is not there is an error of its own")
    func missing() {
        let program = "no-such-program-of-kubetables"
        #expect(throws: HostProgram.Failure.notStarted(program: program, .noSuchFileOrDirectory)) {
            try HostProgram(program, []).output()
        }
        let failure = HostProgram.Failure.notStarted(program: program, .noSuchFileOrDirectory)
        #expect("\(failure)" == "\(program) cannot be started: No such file or directory (ENOENT)")
    }

    @Test("that does not end is killed at the deadline with all that it has started", arguments: [true, false])
    func overdue(keepsOutputOpen: Bool) throws {
        let folder = try TemporaryFolder()
        // Each of the two would live for ten minutes, and notes its number; the shell ignores what asks it to end.
        let redirection = keepsOutputOpen ? "" : "exec >&-; "
        let script =
            "\(redirection)trap '' TERM; echo $$ >\(folder.path)/leader; sleep 600 & "
            + "echo $! >\(folder.path)/member; wait"
        let program = HostProgram("sh", ["-c", script], limit: .seconds(1))
        let clock = ContinuousClock()
        var failure: HostProgram.Failure?
        let time = clock.measure {
            do throws(HostProgram.Failure) { _ = try program.output() } catch { failure = error }
        }
        #expect(time < .seconds(5))
        if keepsOutputOpen {
            #expect(failure == .overdue(program: "sh", limit: .seconds(1)))
            #expect(failure?.description == "sh did not finish within 1 s")
        }
        for name in ["leader", "member"] {
            let text = try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
            let identifier = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(isGone(identifier), "\(name)")
        }
    }

    @Test("is killed at once when this process is to end")
    func stopped() {
        let stop = StopRequest()
        stop.make()
        let time = ContinuousClock().measure {
            #expect(throws: HostProgram.Failure.stopped(program: "sleep")) {
                try HostProgram("sleep", ["600"], limit: .seconds(60)).output(stop: stop)
            }
        }
        #expect(time < .seconds(10))
    }

    /// Whether a process has ended; whoever inherits it may take a moment to collect it.
    private func isGone(_ identifier: pid_t) -> Bool {
        for _ in 0..<1000 {
            let status = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
            if status.isEmpty || status.contains(") Z ") { return true }
            usleep(2000)
        }
        return false
    }
}

@Suite("Texts of the system's errors") struct ErrnoTextTests {
    @Test("have the text and the name, or the number where there is no name")
    func texts() {
        #expect(Errno.invalidArgument.text == "Invalid argument (EINVAL)")
        #expect(Errno(rawValue: ENOPROTOOPT).text == "Protocol not available (ENOPROTOOPT)")
        #expect(Errno(rawValue: EAGAIN).text == "Resource temporarily unavailable (EAGAIN)")
        #expect(Errno(rawValue: 9999).text == "Unknown error 9999 (errno 9999)")
    }
}
