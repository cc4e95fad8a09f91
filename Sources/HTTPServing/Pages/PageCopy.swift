// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The one copy of a large page, and the connections that it is being sent to.
///
/// It lives as long as a connection holds it: the memory of a page is bounded by that of one copy, however many clients
/// ask for it and do not read.
package final class PageCopy: Sendable {
    private struct Reader {
        let channel: any Channel
        let server: Connections
        /// When the client last took a piece.
        var lastProgress: ContinuousClock.Instant

        func close() {
            server.note(.unreadAnswer)
            channel.close(promise: nil)
        }
    }

    package let answer: HTTPAnswer
    let created = ContinuousClock.now
    private let limit: Int
    private let onRelease: @Sendable () -> Void
    private let readers = Mutex<[ObjectIdentifier: Reader]>([:])

    /// A client that takes nothing for this long makes way for another one.
    private static let stallTime = Duration.seconds(2)

    /// - Parameters:
    ///   - limit: the number of clients that it is sent to at a time.
    ///   - onRelease: called when no client needs it any longer.
    package init(_ answer: HTTPAnswer, limit: Int, onRelease: @escaping @Sendable () -> Void) {
        self.answer = answer
        self.limit = limit
        self.onRelease = onRelease
    }

    deinit { onRelease() }

    /// Whether no further client may get it unless another one makes way.
    var isFull: Bool { readers.withLock { $0.count >= limit } }

    /// The answer to a client for which there is no room.
    var refusal: HTTPAnswer { .tooManyReaders(limit: limit) }

    /// Begins to send the page to a client, if need be in place of one that does not read.
    ///
    /// - Returns: whether there is room.
    func begin(_ channel: any Channel, of server: Connections) -> Bool {
        let now = ContinuousClock.now
        let (isAdmitted, surplus) = readers.withLock { readers -> (Bool, Reader?) in
            var surplus: Reader?
            if readers.count >= limit {
                guard let slowest = readers.min(by: { $0.value.lastProgress < $1.value.lastProgress }),
                    now - slowest.value.lastProgress > Self.stallTime
                else { return (false, nil) }
                surplus = readers.removeValue(forKey: slowest.key)
            }
            readers[ObjectIdentifier(channel)] = Reader(channel: channel, server: server, lastProgress: now)
            return (true, surplus)
        }
        surplus?.close()
        return isAdmitted
    }

    func advance(_ channel: any Channel) {
        readers.withLock { $0[ObjectIdentifier(channel)]?.lastProgress = .now }
    }

    func end(_ channel: any Channel) { readers.withLock { $0[ObjectIdentifier(channel)] = nil } }

    /// Closes the connections of clients that take nothing.
    ///
    /// - Returns: whether there are any.
    package func closeStalledReaders() -> Bool {
        let now = ContinuousClock.now
        return closeReaders { now - $0.lastProgress > Self.stallTime }
    }

    /// Closes the connections that it is being sent to.
    func closeReaders() { _ = closeReaders { _ in true } }

    private func closeReaders(_ isEnded: (Reader) -> Bool) -> Bool {
        let ended = readers.withLock { readers in
            let ended = readers.filter { isEnded($0.value) }
            for key in ended.keys { readers[key] = nil }
            return ended.values
        }
        for reader in ended { reader.close() }
        return !ended.isEmpty
    }
}

extension HTTPAnswer {
    /// The answer to a client for which there is no room.
    ///
    /// - Parameter limit: the number of clients that get a page at a time.
    static func tooManyReaders(limit: Int) -> HTTPAnswer {
        .tooManyReaders("\(limit) clients are reading this page already, which is the most at a time; try again later")
    }
}
