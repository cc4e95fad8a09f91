// SPDX-License-Identifier: Apache-2.0

extension TopServiceList {
    package var table: TextTable {
        var table = TextTable([
            .init(heading: "NAMESPACE", minimum: 9, surplusRank: 4), .init(heading: "NAME:PORT", minimum: 12),
            .init(heading: "PROTOCOL", isWideOnly: true), .init(heading: "FAMILY", isWideOnly: true),
            .init(heading: "ENDPOINTS", isRightAligned: true, surplusRank: 5),
            .init(heading: "CONN/S", isRightAligned: true),
            .init(heading: "SHARE", isRightAligned: true, surplusRank: 2),
            .init(heading: "BAR", surplusRank: 6), .init(heading: "UNEVEN", isRightAligned: true, surplusRank: 3),
            .init(heading: "REFUSED/S", isRightAligned: true, surplusRank: 1),
            .init(heading: "REASON", minimum: 8, surplusRank: 1), .init(heading: "STATE", surplusRank: 3),
        ])
        table.reserveCapacity(items.count)
        for item in items { table.append(item.cells) }
        return table
    }
}

extension TopServiceItem {
    fileprivate var cells: [TextTable.Cell] {
        let refused = refusedPerSecond.values.reduce(0, +)
        let reasons = refusedPerSecond.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
        return [
            .init(namespace), .init("\(name):\(portName ?? "\(port)")"), .init(self.protocol), .init(ipFamily),
            .init("\(usedEndpoints)"), .init(connectionsPerSecond.map(ServiceList.rate)),
            .init(share.map(EndpointItem.percentage)), .init(share.map { ShareBar.text($0) }, .dim),
            .init(deviatingEndpoints == 0 ? nil : "\(deviatingEndpoints)", .warning),
            .init(connectionsPerSecond.map { _ in ServiceList.rate(refused) }, refused > 0 ? .bad : .plain),
            .init(reasons.map(\.key).joined(separator: ","), .bad), .init(state.rawValue, state.style),
        ]
    }
}

extension TopEndpointList {
    package var table: TextTable {
        var table = TextTable([
            .init(heading: "NAMESPACE", minimum: 9, surplusRank: 4), .init(heading: "SERVICE:PORT", minimum: 12),
            .init(heading: "PROTOCOL", isWideOnly: true), .init(heading: "ADDRESS", minimum: 21),
            .init(heading: "POD", minimum: 8, surplusRank: 3), .init(heading: "NODE", minimum: 6, surplusRank: 5),
            .init(heading: "CONN/S", isRightAligned: true), .init(heading: "SHARE", isRightAligned: true),
            .init(heading: "EXPECTED", isRightAligned: true, surplusRank: 1), .init(heading: "BAR", surplusRank: 6),
            .init(heading: "DEVIATION", surplusRank: 1),
            .init(heading: "CONNECTIONS", isRightAligned: true, isWideOnly: true),
            .init(heading: "WINDOW", isRightAligned: true, isWideOnly: true),
        ])
        table.reserveCapacity(items.count)
        for item in items { table.append(item.cells) }
        return table
    }
}

extension TopEndpointItem {
    fileprivate var cells: [TextTable.Cell] {
        [
            .init(namespace), .init("\(service):\(portName ?? "\(servicePort)")"), .init(self.protocol),
            .init(address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"), .init(pod), .init(node),
            .init(connectionsPerSecond.map(ServiceList.rate)), .init(share.map(EndpointItem.percentage)),
            .init(expectedShare.map(EndpointItem.percentage)),
            .init(share.map { ShareBar.text($0, expected: expectedShare) }, deviation == nil ? .dim : .warning),
            .init(deviation?.rawValue, .warning), .init(connections.map { "\($0)" }),
            .init(windowSeconds.map { "\(Int($0.rounded()))s" }),
        ]
    }
}

extension TopReport {
    /// One line about everything that was asked for.
    var summary: String {
        guard let connections = totals.connectionsPerSecond, let refused = totals.refusedPerSecond, let intervalSeconds
        else {
            return time == nil ? "no counters yet; with --traffic-metrics off there are none" : "measuring …"
        }
        let span = intervalSeconds < 9.95 ? ServiceList.rate(intervalSeconds) : "\(Int(intervalSeconds.rounded()))"
        return "\(ServiceList.rate(connections)) connections/s, \(ServiceList.rate(refused)) refused/s, over \(span) s"
            + (time.map { " until \($0)" } ?? "")
    }

    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        line(summary)
        table.write(style, line)
    }
}
