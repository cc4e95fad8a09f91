// SPDX-License-Identifier: Apache-2.0

/// A page that may be large: it is made for one request at a time, and one copy of it is in memory at most.
///
/// - Requests that come while the page is being made, or within a second of it while it is still being sent, share the copy.
/// - A later request waits until the copy has been sent. Clients that have not read it after `patience` lose their
///   connection then, so that clients that do not read cannot keep others out. If all `readerLimit` of them are in use, those
///   that take nothing lose it after two seconds.
/// - No more than `readerLimit` clients get it at a time, and no more wait for it; others are answered 503 at once.
package actor SharedPage {
    package typealias Make = @Sendable () async throws -> HTTPAnswer

    private let readerLimit: Int
    private let patience: Duration
    private let onRelease: @Sendable () -> Void
    private let make: Make
    private weak var copy: PageCopy?
    private var making: Task<HTTPAnswer, any Error>?
    /// The number of requests that wait for the page that is being made.
    private var waitingCount = 0
    /// Whether the page was large when it was made last.
    private var isLarge = false

    private static let sharingTime = Duration.seconds(1)
    /// How often to check whether the copy has been sent.
    private static let pollPeriod = Duration.milliseconds(10)
    /// How long connections may take to close.
    private static let closingTime = Duration.seconds(1)

    package static let defaultReaderLimit = 16
    package static let defaultPatience = Duration.seconds(30)

    /// - Parameters:
    ///   - readerLimit: the number of clients that get a large page at a time.
    ///   - patience: how long clients may read the page while others wait for a new one.
    ///   - onRelease: called when a large page is no longer in memory.
    package init(
        readerLimit: Int = defaultReaderLimit, patience: Duration = defaultPatience,
        onRelease: @escaping @Sendable () -> Void = {}, make: @escaping Make
    ) {
        self.readerLimit = readerLimit
        self.patience = patience
        self.onRelease = onRelease
        self.make = make
    }

    package func answer() async throws -> HTTPAnswer {
        if let making {
            guard !isLarge || waitingCount < readerLimit else { return .tooManyReaders(limit: readerLimit) }
            return try await wait(for: making)
        }
        if let copy, .now - copy.created < Self.sharingTime { return copy.shared }
        let task = Task { try await newAnswer() }
        making = task
        defer { making = nil }
        return try await wait(for: task)
    }

    private func wait(for making: Task<HTTPAnswer, any Error>) async throws -> HTTPAnswer {
        waitingCount += 1
        defer { waitingCount -= 1 }
        return try await making.value
    }

    private func newAnswer() async throws -> HTTPAnswer {
        guard try await isReleased() else { return .tooManyReaders(limit: readerLimit) }
        let answer = try await make()
        isLarge = answer.content.isLarge
        guard isLarge else { return answer }
        let copy = PageCopy(answer, limit: readerLimit, onRelease: onRelease)
        self.copy = copy
        return copy.shared
    }

    /// Waits until nobody reads the last copy.
    ///
    /// - Returns: whether that is so; it is not if connections do not close in time.
    private func isReleased() async throws -> Bool {
        let deadline = ContinuousClock.now + patience
        var isCrowded = false
        while copy != nil {
            let now = ContinuousClock.now
            if now > deadline + Self.closingTime { return false }
            isCrowded = isCrowded || copy?.isFull == true
            if now > deadline { copy?.closeReaders() } else if isCrowded { _ = copy?.closeStalledReaders() }
            try await Task.sleep(for: Self.pollPeriod)
        }
        return true
    }
}

extension PageCopy {
    /// The answer that holds this copy in memory.
    package var shared: HTTPAnswer {
        var answer = answer
        answer.copy = self
        return answer
    }
}
