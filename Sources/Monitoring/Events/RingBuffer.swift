// SPDX-License-Identifier: Apache-2.0

/// The last elements of a sequence without end, in memory that grows with the first of them and then no more.
struct RingBuffer<Element> {
    private let capacity: Int
    private var storage: [Element] = []
    /// Where the oldest element is, once all places are taken.
    private var oldest = 0

    /// - Parameter capacity: how many elements are kept.
    init(capacity: Int) { self.capacity = capacity }

    /// Adds an element; if all places are taken, the oldest one goes.
    mutating func append(_ element: Element) {
        guard capacity > 0 else { return }
        if storage.count < capacity { return storage.append(element) }
        storage[oldest] = element
        oldest = (oldest + 1) % capacity
    }

    /// The elements for which `isWanted` holds, the oldest one first.
    func elements(where isWanted: (Element) -> Bool) -> [Element] {
        (storage[oldest...] + storage[..<oldest]).filter(isWanted)
    }
}
