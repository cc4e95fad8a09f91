// SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceModel

extension Explanation {
    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        for match in matches { line(MessageText.line(match)) }
        for service in services { service.writeText(style, line) }
        guard !style.isWide, services.contains(where: { $0.ports.contains { !$0.rules.isEmpty } }) else { return }
        line(TextStyle.dim.apply(to: "-o wide shows the rules", style))
    }
}

extension ExplainedService {
    fileprivate func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        let details = [type, origin].compactMap(\.self).map { MessageText.line($0) }.joined(separator: ", ")
        let title = "\(style.name(namespace))/\(style.name(name))"
        line(TextStyle.heading.apply(to: title, style) + (details.isEmpty ? "" : "  \(details)"))
        for finding in findings { line("  " + TextStyle.warning.apply(to: MessageText.line(finding), style)) }
        for port in ports { port.writeText(style) { line("  \($0)") } }
    }
}

extension ExplainedPort {
    fileprivate func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        let name = service.portName.map { "port \(style.name($0)): " } ?? "port "
        let number = service.port.map { "\($0)/" } ?? ""
        let states = service.states.map { $0.style.apply(to: $0.rawValue, style) }.joined(separator: ", ")
        let title = "\(name)\(number)\(service.protocol ?? ""), \(service.ipFamily ?? "")"
        line("\(TextStyle.heading.apply(to: title, style)): \(states)")
        for message in service.messages where !findings.contains(message) {
            line("  " + TextStyle.warning.apply(to: MessageText.line(message), style))
        }
        for finding in findings { line("  " + TextStyle.warning.apply(to: MessageText.line(finding), style)) }
        for frontEnd in frontEnds { line("  \(frontEnd)") }
        if let seconds = service.sessionAffinitySeconds {
            line(
                "  session affinity: connections of a client go to one endpoint until \(seconds) s pass without a new one"
            )
        }
        if service.sessionAffinityMode != nil {
            line("  session affinity: a hash of the client's address chooses the endpoint, on each node the same")
        }
        if let balance = service.balancePolicy { line("  balance: \(balance.words)") }
        if service.retriesConnections == true {
            line("  retry: a connection that its endpoint refuses or does not answer is balanced again")
        }
        if service.ejectsOutliers == true {
            line("  outlier ejection: an endpoint that fails again and again gets no connections for a time")
        }
        if let traffic = service.traffic { line("  \(traffic.sentence)") }
        if let hints { line("  \(MessageText.line(hints))") }
        writeEndpoints(style) { line("  \($0)") }
        if !chains.isEmpty { line("  chains: \(chains.joined(separator: ", "))") }
        if style.isWide { for rule in rules { line("  \(rule.table): \(MessageText.line(rule.rule))") } }
    }

    private static let tableIndentation = 6

    private func writeEndpoints(_ style: ReportStyle, _ line: (String) -> Void) {
        guard let counts = service.endpoints else { return }
        line("endpoints: \(counts.used) of \(counts.known) used")
        guard !endpoints.isEmpty else { return }
        var table = TextTable(EndpointItem.columns)
        for endpoint in endpoints { table.append(endpoint.cells) }
        table.write(style, indentation: Self.tableIndentation) { line("  \($0)") }
    }
}

extension ExplainedPort.FrontEnd: CustomStringConvertible {
    package var description: String {
        let place = address.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" } ?? "\(port)"
        return "\(kind) \(place): \(outcome)" + (policy.map { " (policy \($0))" } ?? "")
    }
}

extension TrafficCounts {
    fileprivate var sentence: String {
        let rate = connectionsPerSecond.map { " (\(ServiceList.rate($0)) per second)" } ?? ""
        let refusedRate = refusedPerSecond.map { " (\(ServiceList.rate($0)) per second)" } ?? ""
        return "traffic: \(connections) connections\(rate), \(refusedPackets) refused packets\(refusedRate)"
    }
}

extension ServiceItem {
    fileprivate var balancePolicy: BalancePolicy? { balance.flatMap(BalancePolicy.init(rawValue:)) }
}

extension BalancePolicy {
    /// What it means for new connections.
    fileprivate var words: String {
        switch self {
        case .random: "each connection goes to any endpoint, at random"
        case .roundRobin: "the endpoints take turns (round-robin)"
        case .sourceHash: "a hash of the client's address chooses the endpoint, on each node the same (source-hash)"
        }
    }
}
