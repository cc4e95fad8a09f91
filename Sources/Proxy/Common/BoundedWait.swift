// SPDX-License-Identifier: Apache-2.0

/// Waits that a server can afford: a loop that hangs must not keep a page from being answered.
package enum BoundedWait {
    /// Does something, and waits until it is done, but no longer than `limit`; it goes on then.
    package static func run(atMost limit: Duration, _ body: @escaping @Sendable () async -> Void) async {
        let (ends, end) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        Task {
            await body()
            end.yield()
        }
        let clock = Task {
            try? await Task.sleep(for: limit)
            end.yield()
        }
        for await _ in ends { break }
        clock.cancel()
    }
}
