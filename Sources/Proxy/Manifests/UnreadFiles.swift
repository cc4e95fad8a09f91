// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// The files that could never be read completely: rules in the kernel may be theirs.
///
/// That one can be read now, or is gone, must last as well before it counts: it may be replaced at this moment. It is a value.
struct UnreadFiles {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        var errors: [Diagnostic]
        /// Since when it has no errors; `nil` as long as it has.
        var goodSince: Instant?
    }

    private let delay: Duration
    private var entries: [String: Entry] = [:]

    init(delay: Duration) { self.delay = delay }

    /// Takes over the errors that there are now, by path.
    mutating func update(_ errors: [String: [Diagnostic]], at now: Instant) {
        for (path, errors) in errors { entries[path] = Entry(errors: errors) }
        for (path, entry) in entries where errors[path] == nil {
            guard let goodSince = entry.goodSince else {
                entries[path]?.goodSince = delay > .zero ? now : nil
                if delay <= .zero { entries[path] = nil }
                continue
            }
            if goodSince + delay <= now { entries[path] = nil }
        }
    }

    /// Begins the time anew: nobody could look.
    mutating func postpone(to now: Instant) {
        for (path, entry) in entries where entry.goodSince != nil { entries[path]?.goodSince = now }
    }

    /// When the next file counts as read; `nil` if none waits for it.
    var nextExpiry: Instant? { entries.values.compactMap(\.goodSince).min().map { $0 + delay } }

    /// What was wrong with them when it was read last, by path.
    var errors: [Diagnostic] { entries.sorted { $0.key < $1.key }.flatMap(\.value.errors) }
}
