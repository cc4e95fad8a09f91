// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The terminal while a screen is shown: no echo, keys one by one, the alternate screen, no cursor; and what restores it,
/// whatever ends or stops the program.
///
/// The handlers call nothing but what signal-safety(7) allows, and use nothing that is made at first use: ``enter()`` has
/// touched all of it before they are installed.
enum TerminalMode {
    /// What the handlers report, each as a byte in a pipe.
    enum Notice: UInt8 {
        /// The size may have changed.
        case resized = 1
        /// The program goes on after it was stopped; the terminal has its screen again.
        case continued = 2
    }

    /// Whether standard input and output are the same person's terminal.
    static var isTerminal: Bool { isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 }

    nonisolated(unsafe) private static var saved = termios()
    nonisolated(unsafe) private static var raw = termios()
    /// Whether the screen is shown: not before and after, nor while the program is stopped.
    nonisolated(unsafe) private(set) static var isOn = false
    /// The end of the pipe that handlers write to; -1 without a pipe.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    // Alternate screen (xterm, 1049), cursor (DECTCEM, 25), no line wrap (DECAWM, 7).
    private static let enterText: StaticString = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J"
    private static let leaveText: StaticString = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// What ends the program; it ends with that signal, after the terminal was restored.
    private static let endingSignals = [
        SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
    ]

    /// Shows the screen.
    ///
    /// - Returns: the end of a pipe from which ``Notice`` values can be read, or `nil` if the terminal cannot be set.
    static func enter() -> Int32? {
        var ends: [Int32] = [0, 0]
        guard tcgetattr(STDIN_FILENO, &saved) == 0, pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        writeEnd = ends[1]
        for number in endingSignals {
            handle(number) { number in
                TerminalMode.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        handle(SIGTSTP) { _ in TerminalMode.stop() }
        handle(SIGCONT) { _ in TerminalMode.goOn() }
        handle(SIGWINCH) { _ in TerminalMode.report(.resized) }
        show()
        return ends[0]
    }

    /// Restores the terminal, and the effects of signals.
    static func leave() {
        restore()
        for number in endingSignals + [SIGTSTP, SIGCONT, SIGWINCH] { signal(number, SIG_DFL) }
    }

    /// The size of the terminal; 80 columns and 24 rows if it has none.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    // MARK: In handlers too

    private static func show() {
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        write(enterText)
        isOn = true
    }

    private static func restore() {
        guard isOn else { return }
        isOn = false
        write(leaveText)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
    }

    /// Stops as without a handler, with the terminal restored; goes on here.
    private static func stop() {
        let error = errno
        restore()
        signal(SIGTSTP, SIG_DFL)
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTSTP)
        var former = sigset_t()
        pthread_sigmask(SIG_UNBLOCK, &mask, &former)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &former, nil)
        handle(SIGTSTP) { _ in TerminalMode.stop() }
        goOn()
        errno = error
    }

    /// Shows the screen again, also after SIGSTOP, when the shell may have set the terminal for itself.
    private static func goOn() {
        let error = errno
        show()
        report(.continued)
        errno = error
    }

    private static func report(_ notice: Notice) {
        let error = errno
        var byte = notice.rawValue
        _ = Glibc.write(writeEnd, &byte, 1)
        errno = error
    }

    private static func write(_ text: StaticString) {
        _ = Glibc.write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }
}
