// SPDX-License-Identifier: Apache-2.0

// Runs parts of the kernel tests in the network namespace it was started in: `ip netns exec NAME kernel-tables-probe …`.
//
// A namespace belongs to a thread and Swift tasks hop threads, so a test cannot enter one itself.
import Glibc
import KernelTables
import KernelTablesSuite
import NetworkTypes
import XTables

/// Ends the program with a message.
func fail(_ message: String) -> Never {
    print(message)
    exit(1)
}

let arguments = CommandLine.arguments.dropFirst()
guard let command = arguments.first, let familyName = arguments.dropFirst().first,
    let family = IPFamily(rawValue: familyName)
else {
    let commands = "suite|bytes|churn|settled|apply|cleanup|race|counters|save"
    fail("usage: kernel-tables-probe \(commands) ipv4|ipv6 [LOCK-FILE] [NUMBER]")
}
let rest = Array(arguments.dropFirst(2))
let lock = XTablesLock(path: rest.first ?? "/nonexistent/lock", limit: .seconds(60))

do {
    switch command {
    case "suite":
        let failures = StoreSuite.checks.flatMap { $0.run(LibiptcStore(), family: family) }
        for failure in failures { print(failure) }
        exit(failures.isEmpty ? 0 : 1)
    case "bytes":
        try ByteComparison(family: family).run()
    case "churn":
        try Churn(family: family, lock: lock).run()
    case "settled":
        try Churn(family: family, lock: lock).expectSettled()
    case "apply":
        let report = try Syncer(lock: lock).apply(Churn(family: family, lock: lock).state(Int(rest.last ?? "") ?? 0))
        print(report.hasChanges ? "changed" : "unchanged")
    case "cleanup":
        _ = try Syncer(lock: lock).cleanup(family)
    case "race":
        try Churn(family: family, lock: lock).race(rounds: Int(rest.last ?? "") ?? 50)
    case "counters":
        for table in Table.allCases {
            for (chain, counters) in try CounterReader().readAll(table, family: family) {
                print("\(table.rawValue) \(chain) [\(counters.packets):\(counters.bytes)]")
            }
        }
    case "save":
        for table in Table.allCases { print(try RulesetReader().read(table, family: family).text(counters: true)) }
    default:
        fail("no command \(command)")
    }
} catch {
    fail("\(error)")
}
