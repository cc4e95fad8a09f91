// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A program of the host that prints something and ends; run without a shell, and never waited for longer than agreed.
package struct HostProgram: Sendable {
    let name: String
    let arguments: [String]
    let limit: Duration

    /// - Parameters:
    ///   - name: the program, which PATH finds.
    ///   - arguments: its arguments, without its name.
    ///   - limit: after that time it is killed, with all processes of its group.
    package init(_ name: String, _ arguments: [String], limit: Duration = .seconds(2)) {
        self.name = name
        self.arguments = arguments
        self.limit = limit
    }

    /// Why there is no output.
    package enum Failure: Error, Hashable, Sendable {
        /// There is no such program, or the system would not start it.
        case notStarted(program: String, Errno)
        /// It did not end in time.
        case overdue(program: String, limit: Duration)
        /// This process is asked to end, and did not wait any longer.
        case stopped(program: String)
    }

    /// What the program prints on standard output, whatever its exit code is; standard error is discarded.
    ///
    /// Blocks the calling thread; the program runs in that thread's network namespace.
    ///
    /// - Parameter stop: ends the wait; the program is killed, as it is when the time is over.
    package func output(stop: StopRequest? = nil) throws(Failure) -> String {
        let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
        do throws(Errno) {
            pipe = try FileDescriptor.pipe(options: .closeOnExec)
        } catch {
            throw .notStarted(program: name, error)
        }
        defer { try? pipe.readEnd.close() }
        let deadline = ContinuousClock.now + limit
        let process: ChildProcess
        do throws(Errno) {
            defer { try? pipe.writeEnd.close() }
            process = try ChildProcess([name] + arguments, output: pipe.writeEnd)
        } catch {
            throw .notStarted(program: name, error)
        }
        defer { process.end(by: deadline, stop: stop) }
        guard let bytes = Self.bytes(from: pipe.readEnd, until: deadline, stop: stop) else {
            throw stop?.isMade == true ? .stopped(program: name) : .overdue(program: name, limit: limit)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything that comes before the other end is closed; `nil` if that lasts too long.
    private static func bytes(
        from descriptor: FileDescriptor, until deadline: ContinuousClock.Instant, stop: StopRequest?
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let left = Int((deadline - .now) / .milliseconds(1))
            guard left > 0, stop?.isMade != true else { return nil }
            var state = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&state, 1, Int32(min(left, longestPoll))) > 0 else { continue }
            guard let length = try? chunk.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), length > 0 else {
                return bytes
            }
            bytes += chunk[..<length]
        }
    }
}

/// How many milliseconds may pass before a request to stop is noticed.
private let longestPoll = 50

extension HostProgram.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notStarted(let program, let error): "\(program) cannot be started: \(error.text)"
        case .overdue(let program, let limit): "\(program) did not finish within \(limit.components.seconds) s"
        case .stopped(let program): "\(program) was ended together with this program"
        }
    }
}
