// SPDX-License-Identifier: Apache-2.0

import CoverageCounters

/// Which edges of the code inputs have gone over, and how often: only in programs whose code was compiled with
/// `-sanitize=fuzzer` (KUBETABLES_COVERAGE=1 in Package.swift); otherwise there are no counters, and only ``Behaviour``
/// guides.
struct Coverage {
    private let counters: UnsafeMutablePointer<UInt8>?
    private let count: Int
    /// The classes of counts seen so far at each edge.
    private var seen: [UInt8]

    init() {
        counters = coverage_counters()
        count = counters == nil ? 0 : coverage_counter_count()
        seen = [UInt8](repeating: 0, count: count)
    }

    var isAvailable: Bool { count > 0 }
    /// The number of edges.
    var edgeCount: Int { count }
    /// The number of edges that were gone over.
    var coveredCount: Int { seen.count { $0 != 0 } }

    mutating func reset() {
        counters?.update(repeating: 0, count: count)
    }

    /// Whether the last input went where none did before, or more often; that is remembered.
    mutating func hasNews() -> Bool {
        guard let counters else { return false }
        var isNew = false
        seen.withUnsafeMutableBufferPointer { seen in
            var index = 0
            while index < count {
                // Most are zero: eight at a time.
                if index + 8 <= count,
                    UnsafeRawPointer(counters + index).loadUnaligned(as: UInt64.self) == 0
                {
                    index += 8
                    continue
                }
                let hits = Self.class(counters[index])
                if hits & ~seen[index] != 0 {
                    seen[index] |= hits
                    isNew = true
                }
                index += 1
            }
        }
        return isNew
    }

    /// As AFL groups them: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more.
    private static func `class`(_ count: UInt8) -> UInt8 {
        switch count {
        case 0: 0
        case 1: 1
        case 2: 2
        case 3: 4
        case 4...7: 8
        case 8...15: 16
        case 16...31: 32
        case 32...127: 64
        default: 128
        }
    }
}
