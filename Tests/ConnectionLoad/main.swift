// SPDX-License-Identifier: Apache-2.0

// Opens thousands of TCP connections and answers them, in the network namespace it was started in.
//
// One process does all, since a process for each connection is more than a machine of two cores can start in a second.

import Glibc

let usage = """
    usage: connection-load serve PORT NAME                          answers each request with NAME
           connection-load open ADDRESS:PORT RATE SECONDS PATIENCE  opens RATE connections in a second, each of which waits
                                                                    for PATIENCE seconds, and prints what became of them
           connection-load hold ADDRESS:PORT COUNT                  opens connections and keeps them; with SIGUSR1 each of them
                                                                    is used again, and it is printed how many still work
    """

/// Ends the program with a message.
func fail(_ message: String) -> Never {
    print(message)
    exit(1)
}

/// Prints a line at once, for those who wait for it.
func report(_ text: String) {
    print(text)
    fflush(nil)
}

/// Each connection is a file, and a process may have a thousand of them unless it asks for more.
func allowManyFiles() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { fail("no limit of files") }
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { fail("cannot open many files") }
}

signal(SIGPIPE, SIG_IGN)
allowManyFiles()
var arguments = CommandLine.arguments.dropFirst()
let command = arguments.popFirst()
switch (command, arguments.count) {
case ("serve", 2):
    guard let port = UInt16(arguments.removeFirst()), let name = arguments.first else { fail(usage) }
    Server(port: port, name: name).run()
case ("open", 4):
    guard let destination = Destination(arguments.removeFirst()) else { fail(usage) }
    let numbers = arguments.compactMap { Double($0) }
    guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 }) else { fail(usage) }
    var client = OpeningClient(to: destination, rate: numbers[0], patience: .seconds(numbers[2]))
    client.run(for: numbers[1])
case ("hold", 2):
    guard let destination = Destination(arguments.removeFirst()), let count = arguments.first.flatMap({ Int($0) })
    else {
        fail(usage)
    }
    HoldingClient(to: destination).run(count)
default:
    fail(usage)
}
