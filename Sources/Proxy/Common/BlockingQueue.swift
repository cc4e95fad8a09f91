import Dispatch

/// A thread for calls that block: the kernel's tables, the lock, the connection tracking table.
///
/// Swift's own threads are few and must not be kept waiting.
public struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// Makes a thread; the label is for debuggers.
    public init(label: String) { queue = DispatchQueue(label: label) }

    /// Runs `body` on the thread and waits for it without blocking.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
