// SPDX-License-Identifier: Apache-2.0

/// What became of each endpoint in one list of endpoints, in the order of the endpoints.
///
/// Kept once where it is the same for all, as it is for nearly every Service of a large cluster.
public struct EndpointVerdicts: Hashable, Sendable {
    // Verdicts that are all the same are always kept in the first form, so that equal lists have equal parts.
    private enum Form: Hashable, Sendable {
        case same(EndpointVerdict, count: Int)
        case each([EndpointVerdict])
    }

    private let form: Form

    /// The verdicts of all endpoints.
    public init(_ verdicts: [EndpointVerdict]) {
        if let first = verdicts.first, verdicts.allSatisfy({ $0 == first }) {
            form = .same(first, count: verdicts.count)
        } else {
            form = .each(verdicts)
        }
    }

    /// The same verdict for so many endpoints.
    public init(repeating verdict: EndpointVerdict, count: Int) {
        form = count > 0 ? .same(verdict, count: count) : .each([])
    }
}

extension EndpointVerdicts: RandomAccessCollection {
    /// The position of the first endpoint.
    public var startIndex: Int { 0 }

    /// The number of endpoints.
    public var endIndex: Int {
        switch form {
        case .same(_, let count): count
        case .each(let verdicts): verdicts.count
        }
    }

    /// The verdict of the endpoint at a position.
    ///
    /// - Precondition: there is such an endpoint.
    public subscript(position: Int) -> EndpointVerdict {
        switch form {
        case .same(let verdict, let count):
            precondition((0..<count).contains(position), "no such endpoint")
            return verdict
        case .each(let verdicts): return verdicts[position]
        }
    }
}

extension EndpointVerdicts: ExpressibleByArrayLiteral {
    /// The verdicts of all endpoints.
    public init(arrayLiteral verdicts: EndpointVerdict...) { self.init(verdicts) }
}
