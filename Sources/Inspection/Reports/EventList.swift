// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import ServiceModel

/// `events`: what happened on a node, the oldest event first.
package struct EventInquiry: Inquiry {
    package static let path = "/v1/events"
    package static let parameterNames: [String] = ["after", "since", "service"]
    package static let needs: InquiryNeeds = []

    /// Only events with a higher number.
    package var after: Int
    /// Only events of this moment and later ones.
    package var since: Timestamp?
    /// Only events of this Service; `nil` for all.
    package var service: ServiceName?

    package init(after: Int = 0, since: Timestamp? = nil, service: ServiceName? = nil) {
        self.after = after
        self.since = since
        self.service = service
    }

    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        self.init()
        if let text = parameters["after"] {
            guard let number = Int(text), number >= 0 else { throw .invalid("invalid after=\(text): write a number") }
            after = number
        }
        if let text = parameters["since"] {
            guard let time = Timestamp(text) else {
                throw .invalid("invalid since=\(text): write a time as 2026-11-24T02:54:12Z")
            }
            since = time
        }
        if let text = parameters["service"] {
            guard let name = ServiceName(text) else {
                throw .invalid("invalid service=\(text): write NAMESPACE/NAME")
            }
            service = name
        }
    }

    package var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        if after > 0 { parameters.append("after", "\(after)") }
        parameters.append("since", since?.description)
        parameters.append("service", service?.description)
        return parameters
    }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        guard let events = state.loop?.events else {
            throw .invalid("only a running program keeps events: leave out -f and --kubeconfig")
        }
        let found = events.events(self)
        if let service, after == 0, found.isEmpty { try check(service, events, state) }
        return EventList(items: found)
    }

    /// A Service that nothing is known of is most often a slip; one that is gone has events as long as they are kept.
    private func check(
        _ service: ServiceName, _ events: any KeptEvents, _ state: InspectedState
    ) throws(InquiryFailure) {
        let known = state.knownServices
        // Before the first list is complete, nothing is known of any.
        guard !state.compilations.isEmpty, !known.contains(service),
            events.events(EventInquiry(service: service)).isEmpty
        else { return }
        throw .notFound("\(UnknownService(service, known: known, remark: ", and no event of one is kept"))")
    }
}

/// The events that a program keeps.
package protocol KeptEvents: Sendable {
    /// Those that are asked for, the oldest first.
    func events(_ inquiry: EventInquiry) -> [NodeEvent]
}

extension ServiceName {
    /// Reads `NAMESPACE/NAME`; `nil` for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(namespace: String(parts[0]), name: String(parts[1]))
    }
}

/// What happened on a node.
package struct EventList: ListReport {
    package var apiVersion = ReportVersion.current
    package var kind = "EventList"
    package var items: [NodeEvent]

    package init(items: [NodeEvent]) { self.items = items }

    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        if items.isEmpty { return line("no events") }
        for event in items { event.writeText(style, line) }
    }
}

extension NodeEvent {
    /// A line for the event, and one for each of its details if the text is wide.
    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        var text = message
        if let latencyMilliseconds { text += ", \(latencyMilliseconds) ms after the change was seen" }
        let place = ipFamily.map { message.hasPrefix($0) ? "" : "\($0) " } ?? ""
        let name = kind.rawValue.padding(to: Self.kindWidth)
        let head = "\(time)  \(kind.style.apply(to: name, style))  "
        let beginning = time.count + 4 + Self.kindWidth
        line(head + style.text("\(place)\(text)", width: ReportStyle.width - beginning))
        guard style.isWide else { return }
        for detail in details ?? [] { line("    \(detail)") }
    }

    private static let kindWidth = Kind.allCases.map(\.rawValue.count).max() ?? 0
}

extension NodeEvent.Kind {
    fileprivate var style: TextStyle {
        switch self {
        case .program, .sync, .change, .flows: .plain
        case .drift, .warning: .warning
        case .error: .bad
        case .recovery: .good
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
