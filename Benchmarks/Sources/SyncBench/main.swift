// SPDX-License-Identifier: Apache-2.0

// Measures syncs with the kernel side by side with what other programs need for the same, and reports whether the goals are
// reached. Benchmarks/run calls it, in a network namespace of its own.
//
//     SyncBench compare DIRECTORY          measure syncs; files go to a directory
//     SyncBench packets DIRECTORY          measure first packets of connections; files go to a directory
//     SyncBench figures DIRECTORY          judge what CompilerBenchmarks measured, from its exported samples
//     SyncBench state SERVICES             print the objects of a cluster as JSON (used by compare, as all of these)
//     SyncBench rules SERVICES             print their rules as text for iptables-restore
//     SyncBench sync SERVICES LOCK         make the kernel hold these rules
//     SyncBench change SERVICES LOCK       change one endpoint
//     SyncBench change-back SERVICES LOCK  change it back
//     SyncBench cleanup LOCK               remove all rules
//     SyncBench connect ADDRESS:PORT PORT  open connections, from a source port upwards
//
// SERVICES is a number N, or NxE with another number of endpoints for each than 10. N:no-affinity is a cluster without session
// affinity, N:much-affinity one where a fifth of the Services has it; N:flat lays the rules out flat. The words can be put
// together: NxE:flat:no-affinity.
//
// exit: 0 done, and all goals reached; 1 a goal is missed; 64 wrong usage; 70 something else went wrong
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
let usage = """
    usage: SyncBench compare|packets|figures DIRECTORY | state|rules N | sync|change|change-back N LOCK | cleanup LOCK \
    | connect ADDRESS:PORT PORT
    """

do {
    switch (arguments.first, arguments.dropFirst().first, arguments.count) {
    case ("compare", let directory?, 2):
        let figures = try SideBySide(directory: directory).measure()
        exit(Report(figures: figures).printed() ? 0 : 1)
    case ("packets", let directory?, 2):
        let figures = try SideBySide(directory: directory).measureFirstPackets()
        exit(Report(figures: figures).printed() ? 0 : 1)
    case ("figures", let directory?, 2):
        exit(Report(figures: try CompilerFigures.read(from: directory)).printed() ? 0 : 1)
    case ("state", let size?, 2):
        try Worker(size).printState()
    case ("rules", let size?, 2):
        try Worker(size).printRules()
    case ("sync", let size?, 3):
        try Worker(size, lock: arguments[2]).synchronize()
    case ("change", let size?, 3):
        try Worker(size, lock: arguments[2]).change(back: false)
    case ("change-back", let size?, 3):
        try Worker(size, lock: arguments[2]).change(back: true)
    case ("cleanup", let lock?, 2):
        try Worker("0", lock: lock).cleanUp()
    case ("connect", let place?, 3):
        try ConnectionTimes(to: place, fromPort: arguments[2]).print()
    default:
        throw BenchError(usage, exitCode: 64)
    }
} catch let error as BenchError {
    note("SyncBench: \(error.message)")
    exit(error.exitCode)
} catch {
    note("SyncBench: \(error)")
    exit(70)
}
