// SPDX-License-Identifier: Apache-2.0

import Messages

/// A graph as SVG: no script, nothing from elsewhere, colours by the scheme that the reader prefers.
struct GraphPicture {
    private let graph: ServiceGraph
    private let layout: GraphLayout
    /// The width of a curve: it ends before the labels begin.
    private static let bend = 36.0

    init(_ graph: ServiceGraph) {
        self.graph = graph
        layout = GraphLayout(graph)
    }

    private static let style = """
        .kt{--paper:#fff;--ink:#1f2328;--quiet:#59636e;--line:#8c959f;--chain:#f6f8fa;--hook:#ddf4ff;--endpoint:#dafbe1;\
        --refusal:#ffebe9}
        @media(prefers-color-scheme:dark){.kt{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--line:#6e7681;--chain:#161b22;\
        --hook:#0c2d4a;--endpoint:#12361f;--refusal:#4a1512}}
        .kt{background:var(--paper);font:12px ui-monospace,monospace}
        .kt text{fill:var(--ink);white-space:pre}
        .kt .title{font-weight:bold}
        .kt .detail,.kt .label{fill:var(--quiet)}
        .kt .label{font-size:11px;text-anchor:end}
        .kt rect{stroke:var(--line);fill:var(--chain)}
        .kt .hook rect{fill:var(--hook)}
        .kt .endpoint rect{fill:var(--endpoint)}
        .kt .refusal rect{fill:var(--refusal)}
        .kt path{fill:none;stroke:var(--line);stroke-width:1.3}
        .kt .tip{fill:var(--line);stroke:none}
        """

    func write(_ line: (String) -> Void) {
        let (width, height) = (Self.number(layout.width), Self.number(layout.height))
        let names = graph.services.map { MessageText.escaped($0) }.joined(separator: ", ")
        let title = Self.escaped("The chains of \(names)")
        line(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"kt\" role=\"img\" width=\"\(width)\" height=\"\(height)\" "
                + "viewBox=\"0 0 \(width) \(height)\">")
        line("<title>\(title)</title>")
        // Line by line: what is written as one line has no end of line in it.
        line("<style>")
        for rule in Self.style.split(separator: "\n") { line(String(rule)) }
        line("</style>")
        line("<rect width=\"\(width)\" height=\"\(height)\" style=\"fill:var(--paper);stroke:none\"/>")
        for route in layout.routes { write(route, line) }
        for box in layout.boxes { write(box, line) }
        line("</svg>")
    }

    // MARK: Nodes

    private func write(_ box: GraphLayout.Box, _ line: (String) -> Void) {
        guard let node = box.node.map({ graph.nodes[$0] }) else { return }
        line("<g class=\"\(node.kind.rawValue)\">")
        line(
            "<rect x=\"\(Self.number(box.x))\" y=\"\(Self.number(box.y))\" width=\"\(Self.number(box.width))\" "
                + "height=\"\(Self.number(box.height))\" rx=\"5\"/>")
        let texts = node.lines
        let top = box.y + (box.height - Double(texts.count) * GraphLayout.lineHeight) / 2
        for (index, text) in texts.enumerated() {
            let y = top + Double(index + 1) * GraphLayout.lineHeight - 4
            Self.write(text, index == 0 ? "title" : "detail", box.x + 8, y, line)
        }
        line("</g>")
    }

    // MARK: Edges

    private func write(_ route: GraphLayout.Route, _ line: (String) -> Void) {
        guard let end = route.points.last else { return }
        var path = ""
        var last: (x: Double, y: Double)?
        // Two points for each layer: from one node to the next, and then straight along what it crosses.
        for (index, point) in route.points.enumerated() {
            let place = "\(Self.number(point.x)),\(Self.number(point.y))"
            if let last, index % 2 == 1 {
                let middle = Self.number(last.x + min(Self.bend / 2, (point.x - last.x) / 2))
                let far = Self.number(last.x + min(Self.bend, point.x - last.x))
                let height = Self.number(point.y)
                path += " C\(middle),\(Self.number(last.y)) \(middle),\(height) \(far),\(height) L\(place)"
            } else {
                path += (last == nil ? "M" : " L") + place
            }
            last = point
        }
        line("<path d=\"\(path)\"/>")
        let (x, y) = (Self.number(end.x), Self.number(end.y))
        line("<path class=\"tip\" d=\"M\(x),\(y) l-7,-4 v8 z\"/>")
        let label = graph.edges[route.edge].label
        for (index, text) in label.enumerated() {
            let above = Double(label.count - 1 - index) * (GraphLayout.lineHeight - 1) + 4
            Self.write(text, "label", end.x - 10, end.y - above, line)
        }
    }

    // MARK: Text

    private static func write(_ text: String, _ kind: String, _ x: Double, _ y: Double, _ line: (String) -> Void) {
        line("<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>")
    }

    /// A number with at most one decimal.
    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// A text in XML: characters that XML has no form for become a question mark.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where scalar.value < 0x20: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
