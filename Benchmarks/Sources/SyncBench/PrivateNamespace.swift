// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Keeps this program away from the machine's own tables.
enum PrivateNamespace {
    /// Names the network namespace that is the machine's, as `readlink /proc/self/ns/net` prints it.
    static let machineVariable = "SYNC_BENCH_MACHINE_NAMESPACE"

    /// Makes sure that whoever started this said which namespace is the machine's, and that this is another one.
    static func require() throws(BenchError) {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/self/ns/net", &buffer, buffer.count - 1)
        guard length > 0, let machine = getenv(machineVariable), strcmp(machine, buffer) != 0 else {
            throw BenchError(
                "this is not a network namespace of its own; start it as Benchmarks/run does: "
                    + "\(machineVariable)=$(readlink /proc/self/ns/net) unshare --net SyncBench …")
        }
    }
}
