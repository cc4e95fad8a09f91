// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Host
import Proxy
import Synchronization
import SystemPackage

/// Acts on the signals to a running program, on a thread of its own that nothing else can keep waiting.
///
/// They come through a pipe, from the first line of `main` on, so that none is lost before it is known which command this is.
/// Only while the dynamic loader is at work, a few milliseconds, do they end the program, which has done nothing then. (To
/// hold them back and wait for them, with `sigwait`, does not work: in `dispatch_main` the main thread takes every signal.)
final class SignalWatch: Sendable {
    /// The signals that `run` acts on.
    private static let numbers = [SIGHUP, SIGINT, SIGTERM]

    /// How long after a request to end the program may take for what can be cut off.
    private static let endLimit = Duration.milliseconds(500)
    private static let pauseInMicroseconds: UInt32 = 5000

    /// Ends waits, and keeps commits from beginning.
    let stop = StopRequest()
    /// The requests to reload since the start, of which several at a time count as one.
    let reloads: AsyncStream<Void>
    private let reload: AsyncStream<Void>.Continuation
    private let shutdown = Mutex<(@Sendable () -> Void)?>(nil)

    /// The pipe from the handler to the thread.
    ///
    /// Without descriptors nothing else works either; then signals keep their effect.
    private static let pipe = try? FileDescriptor.pipe(options: .closeOnExec)

    /// Begins to act: until ``onStop(_:)``, a request to end ends the program at once.
    init() {
        (reloads, reload) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard let pipe = Self.pipe else { return }
        let thread = Thread { self.act(on: pipe.readEnd) }
        thread.name = "signals"
        thread.start()
    }

    // MARK: Before the command is known

    /// What signals did before ``collect()``; whoever started the program may have let it ignore some (`nohup`).
    private static let former: [(number: Int32, action: sigaction)] = {
        guard pipe != nil else { return [] }
        return numbers.map { number in
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let error = errno
                var byte = UInt8(truncatingIfNeeded: number)
                if let pipe = SignalWatch.pipe { _ = Glibc.write(pipe.writeEnd.rawValue, &byte, 1) }
                errno = error
            }
            action.sa_flags = Int32(SA_RESTART)
            var former = sigaction()
            sigaction(number, &action, &former)
            return (number, former)
        }
    }()

    /// Collects signals until a command acts on them or releases them.
    static func collect() { _ = former }

    /// Gives signals the effect that they had before, those that were collected as well.
    static func release() {
        for (number, var action) in former { sigaction(number, &action, nil) }
        guard let pipe else { return }
        var state = pollfd(fd: pipe.readEnd.rawValue, events: Int16(POLLIN), revents: 0)
        // To the process: this thread may be one of libdispatch's, which hold signals back.
        while poll(&state, 1, 0) > 0, let number = nextNumber(pipe.readEnd) { kill(getpid(), number) }
    }

    private static func nextNumber(_ pipe: FileDescriptor) -> Int32? {
        var byte: UInt8 = 0
        let count = try? withUnsafeMutableBytes(of: &byte) { try pipe.read(into: $0) }
        return count == 1 ? Int32(byte) : nil
    }

    // MARK: While run is at work

    /// Sets what begins an orderly end.
    ///
    /// What is not over soon after is cut off, a commit aside.
    func onStop(_ action: @escaping @Sendable () -> Void) {
        shutdown.withLock { $0 = action }
        if stop.isMade { action() }
    }

    private func act(on pipe: FileDescriptor) {
        while let number = Self.nextNumber(pipe) {
            if number == SIGHUP { reload.yield() } else { end() }
        }
    }

    private func end() {
        stop.make()
        guard let action = shutdown.withLock(\.self) else { Self.exitAtOnce() }
        action()
        let deadline = ContinuousClock.now + Self.endLimit
        while ContinuousClock.now < deadline || stop.hasWork { usleep(Self.pauseInMicroseconds) }
        Self.exitAtOnce()
    }

    /// Without the functions of atexit, since other threads are still at work.
    private static func exitAtOnce() -> Never {
        LogWriter.standardError.flush(limit: LogWriter.endLimit)
        _exit(EXIT_SUCCESS)
    }
}
