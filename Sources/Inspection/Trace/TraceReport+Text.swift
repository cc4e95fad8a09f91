// SPDX-License-Identifier: Apache-2.0

import Messages

extension TraceReport {
    /// More outcomes than this are counted only, unless the output is wide.
    private static let outcomeLimit = 20

    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        line(TextStyle.heading.apply(to: packet.text, style) + "  (\(rules) rules)")
        TraceTree(style).write(hops, line)
        let shown = style.isWide ? outcomes[...] : outcomes.prefix(Self.outcomeLimit)
        for outcome in shown {
            outcome.writeText(style, line)
            // A foreign rule is what an operator does not expect.
            let hops = style.isWide ? outcome.hops : outcome.hops.filter(\.isForeign)
            TraceTree(style, indentation: 1).write(hops, line)
        }
        if shown.count < outcomes.count {
            line("… and \(outcomes.count - shown.count) more outcomes (-o wide shows all)")
        }
        for flow in flows { line(flow.text) }
        for note in notes { line(TextStyle.dim.apply(to: "note: \(note)", style)) }
    }
}

extension TracePacket {
    fileprivate var text: String {
        func place(_ address: String, _ port: UInt16?) -> String {
            guard let port else { return address }
            return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
        let origin = isFromNode ? "from this node" : interface.map { "in by \($0)" } ?? "in by an unknown interface"
        return
            "\(self.protocol) \(place(source, sourcePort)) -> \(place(destination, destinationPort)), \(state), \(origin)"
    }
}

extension TraceFlow {
    fileprivate var text: String {
        "flow: \(source) goes to \(endpoint)" + (newSource.map { ", masqueraded to \($0)" } ?? "")
    }
}

/// The rules on a packet's way, those behind a jump below it.
private struct TraceTree {
    private let style: ReportStyle
    private let indentation: Int

    init(_ style: ReportStyle, indentation: Int = 0) {
        self.style = style
        self.indentation = indentation
    }

    func write(_ hops: [TraceHop], _ line: (String) -> Void) {
        var table = ""
        for hop in hops where style.isWide || !hop.isFruitless || hop.isForeign {
            let title = "\(hop.hook) \(hop.table)"
            if title != table { line(String(repeating: "  ", count: indentation) + title) }
            table = title
            write(hop, line)
        }
    }

    private func write(_ hop: TraceHop, _ line: (String) -> Void) {
        let indent = String(repeating: "  ", count: indentation + 1 + hop.depth)
        let place = "\(style.name(hop.chain))#\(hop.position)"
        let owner = hop.isForeign ? "foreign" : hop.service.map(style.name)
        let end = owner.map { "  [\($0)]" } ?? ""
        let room = max(8, ReportStyle.width - indent.count - place.count - end.count - 2)
        let rule = "  " + style.text(style.isWide ? hop.rule : hop.shortRule, width: room)
        line(indent + place + rule + (hop.isForeign ? TextStyle.warning : .dim).apply(to: end, style))
    }
}

extension TraceHop {
    /// The rule without its chain, which stands before it, and without its comment.
    fileprivate var shortRule: String {
        var text = rule[...]
        if text.hasPrefix("-A \(chain) ") { text = text.dropFirst(4 + chain.count) }
        guard let start = text.firstRange(of: " -m comment --comment ") ?? text.firstRange(of: "-m comment --comment ")
        else { return String(text) }
        let comment = text[start.upperBound...]
        let rest: Substring
        if comment.first == "\"" {
            rest = comment.dropFirst().drop { $0 != "\"" }.dropFirst()
        } else {
            rest = comment.drop { $0 != " " }
        }
        let result = text[..<start.lowerBound] + rest
        return String(result.drop { $0 == " " })
    }
}

extension TraceOutcome {
    fileprivate func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        let isAll = fraction == "1"
        let amount = isAll ? "" : "\(shareText): "
        let end = conditions.isEmpty ? "" : ","
        line("=> " + amount + verdictStyle.apply(to: destination(style), style) + end)
        for (index, condition) in conditions.enumerated() {
            line("     \(MessageText.line(condition))\(index == conditions.count - 1 ? "" : ", and")")
        }
        if isMasqueraded {
            line("     masqueraded to \(newSource ?? "an address of this node")")
        } else if let newSource {
            line("     its source becomes \(newSource)")
        }
        if let affinity { line("     \(affinity.text(endpoint))") }
    }

    /// `1/3 (33.33%)`.
    private var shareText: String {
        let hundredths = Int((share * 10_000).rounded())
        let decimals = "\(hundredths % 100)"
        let percentage = "\(hundredths / 100).\(decimals.count < 2 ? "0" : "")\(decimals)%"
        return fraction.map { "\($0) (\(percentage))" } ?? percentage
    }

    private var verdictStyle: TextStyle { isPassed ? .good : .bad }

    private func destination(_ style: ReportStyle) -> String {
        let place = endpoint.map { endpoint in
            let pod = [pod.map { "pod \(style.name($0))" }, node.map { "on \(style.name($0))" }].compactMap(\.self)
            return endpoint + (pod.isEmpty ? "" : ", " + pod.joined(separator: " "))
        }
        let way = MessageText.line(verdictText)
        return place.map { isPassed ? "\($0), \(way)" : "\(way), on the way to \($0)" } ?? way
    }

    private var verdictText: String {
        switch verdict {
        case "delivered": "to a process on this node"
        case "sent": detail.map { "out by \($0)" } ?? "sent on"
        case "rejected": "rejected with \(detail ?? "an error")"
        case "dropped": "dropped"
        case "unroutable": "dropped by the kernel: \(detail ?? "no route")"
        case "handed-over": "handed over to \(detail ?? "another part of the kernel")"
        default: "not followed: target \(detail ?? "") is not understood"
        }
    }
}

extension TraceOutcome.Affinity {
    fileprivate func text(_ endpoint: String?) -> String {
        if isHashed == true {
            return "this client always gets \(endpoint ?? "this endpoint"): a hash of its address chooses"
        }
        guard isPinned else {
            return "remembers this client" + (seconds.map { " for \(Self.grouped($0)) s" } ?? "")
        }
        let left = secondsLeft.map { ", \(Self.grouped($0)) s left" } ?? ""
        return "this client is pinned to \(endpoint ?? "an endpoint")\(left)"
    }

    /// A number with commas between thousands.
    private static func grouped(_ number: UInt32) -> String {
        var text = ""
        for (index, digit) in "\(number)".reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
