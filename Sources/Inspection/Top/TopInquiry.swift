// SPDX-License-Identifier: Apache-2.0

import ServiceModel

/// What the lists of `top` are sorted by.
package enum TopOrder: String, Sendable, Hashable, CaseIterable {
    /// Connections per second, most first.
    case connections
    /// Refused packets per second, most first; of service ports only.
    case refused
    /// Whether the share of connections deviates, and by how much; of endpoints only.
    case deviation
    /// Namespace, name, port.
    case name
}

/// What `top` lists, in what order, and how much of it.
package struct TopSelection: Sendable, Hashable {
    package var services: ServiceSelection
    package var order: TopOrder
    /// The number of items at most; `nil` for all of them.
    package var limit: Int?

    package init(_ services: ServiceSelection = ServiceSelection(), order: TopOrder = .connections, limit: Int? = nil) {
        self.services = services
        self.order = order
        self.limit = limit
    }

    static let parameterNames = ServiceSelection.parameterNames + ["sort", "limit"]

    /// Reads what a request asks for.
    ///
    /// - Parameter orders: those that the list can have.
    init(_ parameters: InquiryParameters, orders: [TopOrder]) throws(InquiryFailure) {
        self.init(ServiceSelection(parameters))
        if let text = parameters["sort"] {
            guard let order = TopOrder(rawValue: text), orders.contains(order) else {
                throw .invalid(
                    "unsupported sort=\(text) (supported: \(orders.map(\.rawValue).joined(separator: ", ")))")
            }
            self.order = order
        }
        if let text = parameters["limit"] {
            guard let number = Int(text), number >= 0 else { throw .invalid("invalid limit=\(text): write a number") }
            limit = number
        }
    }

    var parameters: InquiryParameters {
        var parameters = services.parameters
        parameters.append("sort", order.rawValue)
        parameters.append("limit", limit.map { "\($0)" })
        return parameters
    }
}

/// An inquiry of `top`.
package protocol TopInquiry: Inquiry {
    /// What the list can be sorted by.
    static var orders: [TopOrder] { get }

    var selection: TopSelection { get }

    init(_ selection: TopSelection)

    /// The list of what was selected, all of which is known.
    func list(_ state: InspectedState) -> any TopReport
}

extension TopInquiry {
    package var emptyNote: String? { selection.services.emptyNote("services") }

    package static var needs: InquiryNeeds { [.rules, .measuredTraffic] }
    package static var parameterNames: [String] { TopSelection.parameterNames }

    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        self.init(try TopSelection(parameters, orders: Self.orders))
    }

    package var parameters: InquiryParameters { selection.parameters }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        try selection.services.check(state.knownServices)
        return list(state)
    }
}

/// `top services`: the connections of service ports.
package struct TopServiceInquiry: TopInquiry {
    package static let path = "/v1/top/services"
    package static let orders: [TopOrder] = [.connections, .refused, .name]

    package let selection: TopSelection

    package init(_ selection: TopSelection) { self.selection = selection }

    package func list(_ state: InspectedState) -> any TopReport { TopServiceList(state, selection) }
}

/// `top endpoints`: the connections of endpoints, and what share each of them gets.
package struct TopEndpointInquiry: TopInquiry {
    package static let path = "/v1/top/endpoints"
    package static let orders: [TopOrder] = [.connections, .deviation, .name]

    package let selection: TopSelection

    package init(_ selection: TopSelection) { self.selection = selection }

    package func list(_ state: InspectedState) -> any TopReport { TopEndpointList(state, selection) }
}
