// SPDX-License-Identifier: Apache-2.0

// The graph in languages that other programs draw.
extension ServiceGraph {
    /// Writes the graph in the language of Graphviz.
    func writeDot(_ line: (String) -> Void) {
        line("digraph kubetables {")
        line("  rankdir=LR; node [shape=box, fontname=monospace]; edge [fontname=monospace];")
        for node in nodes {
            let text = node.lines.map(Self.dotText).joined(separator: "\\n")
            let style =
                switch node.kind {
                case .hook: ", style=rounded"
                case .chain: ""
                case .endpoint: ", style=bold"
                case .refusal: ", color=red"
                }
            line("  \"\(Self.dotText(node.id))\" [label=\"\(text)\"\(style)];")
        }
        for edge in edges {
            let label = edge.label.map(Self.dotText).joined(separator: "\\n")
            let attributes = label.isEmpty ? "" : " [label=\"\(label)\"]"
            line("  \"\(Self.dotText(edge.from))\" -> \"\(Self.dotText(edge.to))\"\(attributes);")
        }
        line("}")
    }

    private static func dotText(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    /// Writes the graph in the language of Mermaid.
    func writeMermaid(_ line: (String) -> Void) {
        line("flowchart LR")
        var names: [String: String] = [:]
        for (index, node) in nodes.enumerated() {
            names[node.id] = "n\(index)"
            let text = node.lines.map(Self.mermaidText).joined(separator: "<br>")
            let (start, end) =
                switch node.kind {
                case .hook: ("([", "])")
                case .chain: ("[", "]")
                case .endpoint: ("[[", "]]")
                case .refusal: ("{{", "}}")
                }
            line("  n\(index)\(start)\"\(text)\"\(end)")
        }
        for edge in edges {
            guard let from = names[edge.from], let to = names[edge.to] else { continue }
            let label = edge.label.map(Self.mermaidText).joined(separator: "<br>")
            line("  \(from) -->\(label.isEmpty ? "" : "|\"\(label)\"|") \(to)")
        }
    }

    /// Characters with a meaning become their numbers, as Mermaid writes them.
    private static func mermaidText(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if "\"#<>&;|`".unicodeScalars.contains(scalar) {
                result += "#\(scalar.value);"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
}
