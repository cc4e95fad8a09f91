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
        /// When the client last took a piece.
        var lastProgress: ContinuousClock.Instant
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

    /// Begins to send the page to a client, if need be in place of one that does not read.
    ///
    /// - Returns: whether there is room.
    func begin(_ channel: any Channel) -> Bool {
        let now = ContinuousClock.now
        let (isAdmitted, surplus) = readers.withLock { readers -> (Bool, (any Channel)?) in
            var surplus: (any Channel)?
            if readers.count >= limit {
                guard let slowest = readers.min(by: { $0.value.lastProgress < $1.value.lastProgress }),
                    now - slowest.value.lastProgress > Self.stallTime
                else { return (false, nil) }
                surplus = readers.removeValue(forKey: slowest.key)?.channel
            }
            readers[ObjectIdentifier(channel)] = Reader(channel: channel, lastProgress: now)
            return (true, surplus)
        }
        surplus?.close(promise: nil)
        return isAdmitted
    }

    func advance(_ channel: any Channel) {
        readers.withLock { $0[ObjectIdentifier(channel)]?.lastProgress = .now }
    }

    func end(_ channel: any Channel) { readers.withLock { $0[ObjectIdentifier(channel)] = nil } }

    /// Closes the connections that it is being sent to.
    func closeReaders() {
        for reader in readers.withLock({ Array($0.values) }) { reader.channel.close(promise: nil) }
    }
}
