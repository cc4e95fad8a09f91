// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A thread for calls that block: the kernel's tables, the lock, the connection tracking table.
///
/// Swift's own threads are few and must not be kept waiting.
package struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// - Parameter label: for debuggers.
    package init(label: String) { queue = DispatchQueue(label: label) }

    /// Runs `body` on the thread and waits for it without blocking.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
