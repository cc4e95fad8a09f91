// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Synchronization

/// The large reports in memory: each is for one client, and there are few at a time, however slowly clients read them.
final class ReportRoom: Sendable {
    private struct Report {
        weak var copy: PageCopy?
    }

    private let reports = Mutex<[Report]>([])

    /// The number of large reports in memory at a time.
    private static let limit = 4

    /// The answer as long as its client reads it, if need be in place of one that is not read; a client too many is refused.
    ///
    /// - Parameter onRelease: called when it is no longer in memory.
    func admit(_ answer: HTTPAnswer, onRelease: @escaping @Sendable () -> Void) -> HTTPAnswer {
        reports.withLock { reports in
            reports.removeAll { $0.copy == nil }
            if reports.count >= Self.limit {
                guard let unread = reports.firstIndex(where: { $0.copy?.closeStalledReaders() == true }) else {
                    return .tooManyReaders(
                        "\(Self.limit) large reports are being read already, which is the most at a time; try again later"
                    )
                }
                reports.remove(at: unread)
            }
            let copy = PageCopy(answer, limit: 1, onRelease: onRelease)
            reports.append(Report(copy: copy))
            return copy.shared
        }
    }
}
