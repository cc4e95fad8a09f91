// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// Objects that the manifests had and have no longer, or only in part: they count as gone when that has lasted.
///
/// Editors, rsync and mounts replace files in several steps: for a moment a file is missing, empty, or cut off behind any
/// line. What appears or changes counts at once, and so does an object that another file has now. It is a value.
struct ObjectDepartures {
    typealias Instant = ContinuousClock.Instant

    /// An object and the file that has it.
    struct Place {
        let object: KubernetesObject
        let path: String
    }

    private struct Departure {
        let place: Place
        var since: Instant
    }

    /// How long an object must be gone before it counts.
    let delay: Duration
    private var present: [ObjectKey: Place] = [:]
    private var departed: [ObjectKey: Departure] = [:]

    init(delay: Duration) { self.delay = delay }

    /// Takes over which objects the files have now.
    ///
    /// - Parameter truncated: the files that are cut off: an object that is another one in them is not changed, but cut off
    ///   as well.
    mutating func update(_ now: [ObjectKey: Place], truncated: Set<String>, at instant: Instant) {
        for (key, old) in present {
            let new = now[key]
            let isCut = new.map { truncated.contains($0.path) && $0.object != old.object } ?? true
            if isCut, departed[key] == nil { departed[key] = Departure(place: old, since: instant) }
        }
        for (key, departure) in departed {
            guard let new = now[key] else { continue }
            let isComplete = !truncated.contains(new.path) || new.object == departure.place.object
            if isComplete { departed[key] = nil }
        }
        present = now
    }

    /// Begins the time anew: nobody could look.
    mutating func postpone(to now: Instant) {
        for key in departed.keys { departed[key]?.since = now }
    }

    /// Forgets the objects whose time is over.
    ///
    /// - Returns: what files had of them, by path.
    mutating func expire(at now: Instant) -> [String: [ObjectKey]] {
        var expired: [String: [ObjectKey]] = [:]
        for (key, departure) in departed where departure.since + delay <= now {
            expired[departure.place.path, default: []].append(key)
            departed[key] = nil
        }
        return expired
    }

    /// When the next object counts as gone; `nil` if none is missing.
    var nextExpiry: Instant? { departed.values.map(\.since).min().map { $0 + delay } }

    /// Whether objects of a file are missing, and not long enough yet.
    func concern(_ path: String) -> Bool { departed.values.contains { $0.place.path == path } }

    /// The objects that still count although they are missing, or what they were before they were cut off.
    var objects: [ObjectKey: KubernetesObject] { departed.mapValues(\.place.object) }
}
