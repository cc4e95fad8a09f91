// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A client that keeps connections open, and uses them again later.
struct HoldingClient {
    private let destination: Destination

    init(to destination: Destination) { self.destination = destination }

    /// Opens so many connections, waits for SIGUSR1, uses each of them again, and prints how many the same server answers.
    func run(_ count: Int) {
        var awaited = sigset_t()
        sigemptyset(&awaited)
        sigaddset(&awaited, SIGUSR1)
        sigprocmask(SIG_BLOCK, &awaited, nil)

        var connections: [(descriptor: Int32, name: String)] = []
        for number in 1...count {
            guard let descriptor = destination.connect(waits: true), let name = Self.ask(descriptor) else {
                fail("connection \(number) failed: \(String(cString: strerror(errno)))")
            }
            connections.append((descriptor, name))
        }
        report("held \(count)")
        var signal: Int32 = 0
        sigwait(&awaited, &signal)
        report("kept \(connections.count { Self.ask($0.descriptor) == $0.name })")
    }

    /// The name of the server at the other end; `nil` if there is no answer.
    private static func ask(_ descriptor: Int32) -> String? {
        guard descriptor.sendText(Exchange.request(keepsOpen: true)) else { return nil }
        var answer = ""
        while Exchange.name(in: answer) == nil {
            guard let more = descriptor.receiveText(), !more.isEmpty else { return nil }
            answer += more
        }
        return Exchange.name(in: answer)
    }
}
