// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// Checks that the pages of a list lead to its end.
struct ListProgress {
    /// More than the largest clusters have (Kubernetes is made for 10,000 Services and 150,000 pods).
    private static let objectLimit = 500_000
    /// A server may send a page without objects when a selector excludes all of them, but not for ever.
    private static let fruitlessLimit = 20

    private var continuations: Set<String> = []
    private(set) var names: Set<ObjectName> = []
    private var fruitlessPages = 0

    /// Takes note of a page.
    ///
    /// - Returns: whether the page brought nothing new, so that the next one must not be asked for at once.
    /// - Throws: ``APIFailure/invalidAnswer(_:)`` if there is no end in sight.
    mutating func add(_ page: ResourceDecoder.Page) throws(APIFailure) -> Bool {
        let known = names.count
        names.formUnion(page.objects.lazy.map(\.name))
        names.formUnion(page.unreadable.lazy.map(\.name))
        guard names.count <= Self.objectLimit else {
            throw .invalidAnswer("a list of more than \(Self.objectLimit) objects")
        }
        guard !page.continuation.isEmpty else { return false }
        guard continuations.insert(page.continuation).inserted else {
            throw .invalidAnswer("pages of a list without an end: a continue token came twice")
        }
        guard names.count == known else {
            fruitlessPages = 0
            return false
        }
        fruitlessPages += 1
        guard fruitlessPages < Self.fruitlessLimit else {
            throw .invalidAnswer("pages of a list without an end: \(fruitlessPages) in a row without a new object")
        }
        return true
    }
}
