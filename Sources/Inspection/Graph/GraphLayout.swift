// SPDX-License-Identifier: Apache-2.0

/// Places of nodes and edges in a picture: layers from left to right, each edge from one layer to the next.
///
/// A node is one layer behind the last one that leads to it. An edge over several layers passes between the nodes of those
/// that it crosses, as if it had a node there. The nodes of a layer are ordered by where their edges come from.
struct GraphLayout {
    /// A node, or the place where an edge crosses a layer.
    struct Box {
        /// The place in the graph's nodes; `nil` where an edge crosses.
        let node: Int?
        var x = 0.0
        var y = 0.0
        var width = 0.0
        var height = 0.0
        /// The average place of what leads to it, among the boxes of the layer before.
        fileprivate var pull = 0.0

        fileprivate init(node: Int?) { self.node = node }
    }

    /// An edge, as points to be connected.
    struct Route {
        let edge: Int
        var points: [(x: Double, y: Double)]
    }

    private struct Link {
        let edge: Int
        let from: Int
        let to: Int
        /// Whether the edge ends here: its label stands at the end.
        let isLast: Bool
    }

    static let characterWidth = 7.3
    static let lineHeight = 15.0
    private static let padding = 8.0
    private static let margin = 16.0
    private static let rowGap = 18.0
    private static let layerGap = 48.0

    private let graph: ServiceGraph
    private(set) var boxes: [Box] = []
    private(set) var routes: [Route] = []
    private(set) var width = 0.0
    private(set) var height = 0.0
    private var layers: [[Int]] = []
    private var links: [Link] = []
    private var incoming: [[Int]] = []
    private var outgoing: [[Int]] = []

    init(_ graph: ServiceGraph) {
        self.graph = graph
        makeLayers()
        order()
        size()
        place()
        route()
    }

    // MARK: Layers

    private mutating func makeLayers() {
        let places = Dictionary(uniqueKeysWithValues: graph.nodes.enumerated().map { ($1.id, $0) })
        let ends = graph.edges.map { (from: places[$0.from] ?? 0, to: places[$0.to] ?? 0) }
        var depth = [Int](repeating: 0, count: graph.nodes.count)
        // Chains never lead back to themselves, so no way has more edges than there are nodes.
        for _ in graph.nodes {
            var isStable = true
            for (from, to) in ends where depth[to] <= depth[from] && from != to {
                depth[to] = depth[from] + 1
                isStable = false
            }
            if isStable { break }
        }
        layers = [[Int]](repeating: [], count: (depth.max() ?? 0) + 1)
        for node in graph.nodes.indices { addBox(Box(node: node), layer: depth[node]) }
        for (edge, (from, to)) in ends.enumerated() where from != to {
            var last = from
            for layer in (depth[from] + 1)..<max(depth[to], depth[from] + 1) {
                addBox(Box(node: nil), layer: layer)
                link(edge, last, boxes.count - 1, isLast: false)
                last = boxes.count - 1
            }
            link(edge, last, to, isLast: true)
        }
    }

    private mutating func addBox(_ box: Box, layer: Int) {
        layers[layer].append(boxes.count)
        boxes.append(box)
        incoming.append([])
        outgoing.append([])
    }

    private mutating func link(_ edge: Int, _ from: Int, _ to: Int, isLast: Bool) {
        outgoing[from].append(links.count)
        incoming[to].append(links.count)
        links.append(Link(edge: edge, from: from, to: to, isLast: isLast))
    }

    // MARK: Order within a layer

    private mutating func order() {
        for layer in layers.indices.dropFirst() {
            var ranks: [Int: Int] = [:]
            for (rank, box) in layers[layer - 1].enumerated() { ranks[box] = rank }
            for box in layers[layer] {
                let from = incoming[box].compactMap { ranks[links[$0].from] }
                boxes[box].pull = from.isEmpty ? 0 : Double(from.reduce(0, +)) / Double(from.count)
            }
            let places = layers[layer].enumerated().sorted {
                (boxes[$0.element].pull, $0.offset) < (boxes[$1.element].pull, $1.offset)
            }
            layers[layer] = places.map(\.element)
        }
        var ranks: [Int: Int] = [:]
        for layer in layers { for (rank, box) in layer.enumerated() { ranks[box] = rank } }
        for box in boxes.indices {
            incoming[box].sort { (ranks[links[$0].from] ?? 0, $0) < (ranks[links[$1].from] ?? 0, $1) }
            outgoing[box].sort { (ranks[links[$0].to] ?? 0, $0) < (ranks[links[$1].to] ?? 0, $1) }
        }
    }

    // MARK: Sizes

    private mutating func size() {
        for box in boxes.indices {
            let labels = incoming[box].reduce(0.0) { $0 + labelHeight($1) }
            guard let node = boxes[box].node.map({ graph.nodes[$0] }) else {
                boxes[box].height = Self.lineHeight
                continue
            }
            let lines = node.lines
            boxes[box].width = Double(lines.map(\.count).max() ?? 0) * Self.characterWidth + 2 * Self.padding
            boxes[box].height = max(
                Double(lines.count) * Self.lineHeight + 2 * Self.padding, labels,
                Double(outgoing[box].count) * Self.lineHeight / 2)
        }
    }

    /// The height that an edge takes where it ends: its label stands above it.
    private func labelHeight(_ link: Int) -> Double {
        let lines = links[link].isLast ? graph.edges[links[link].edge].label.count : 0
        return Double(max(1, lines)) * Self.lineHeight + 6
    }

    private func labelWidth(_ box: Int) -> Double {
        let lines = incoming[box].filter { links[$0].isLast }.flatMap { graph.edges[links[$0].edge].label }
        return Double(lines.map(\.count).max() ?? 0) * Self.characterWidth * 0.9
    }

    // MARK: Places

    private mutating func place() {
        let heights = layers.map { layer in
            layer.reduce(0.0) { $0 + boxes[$1].height } + Double(max(0, layer.count - 1)) * Self.rowGap
        }
        let tallest = heights.max() ?? 0
        var x = Self.margin
        for (number, layer) in layers.enumerated() {
            if number > 0 { x += (layer.map(labelWidth).max() ?? 0) + Self.layerGap }
            let widest = layer.map { boxes[$0].width }.max() ?? 0
            var y = Self.margin + (tallest - heights[number]) / 2
            for box in layer {
                boxes[box].x = x
                boxes[box].y = y
                if boxes[box].node == nil { boxes[box].width = widest }
                y += boxes[box].height + Self.rowGap
            }
            x += widest
        }
        width = x + Self.margin
        height = tallest + 2 * Self.margin
    }

    private mutating func route() {
        var points: [Int: [(x: Double, y: Double)]] = [:]
        for (number, link) in links.enumerated() {
            let from = boxes[link.from]
            let to = boxes[link.to]
            let start = (from.x + from.width, from.node == nil ? from.y + from.height / 2 : leavingHeight(number, link))
            let end = (to.x, to.node == nil ? to.y + to.height / 2 : arrivingHeight(number, link))
            points[link.edge, default: []] += [start, end]
        }
        routes = points.sorted { $0.key < $1.key }.map { Route(edge: $0.key, points: $0.value) }
    }

    private func leavingHeight(_ number: Int, _ link: Link) -> Double {
        let box = boxes[link.from]
        let place = outgoing[link.from].firstIndex(of: number) ?? 0
        return box.y + box.height * (Double(place) + 0.5) / Double(outgoing[link.from].count)
    }

    /// Edges end below each other, with room for the label of each above it.
    private func arrivingHeight(_ number: Int, _ link: Link) -> Double {
        let box = boxes[link.to]
        let all = incoming[link.to].map(labelHeight)
        guard all.count > 1 else { return box.y + box.height / 2 }
        let place = incoming[link.to].firstIndex(of: number) ?? 0
        let before = all[...place].reduce(0, +)
        return box.y + (box.height - all.reduce(0, +)) / 2 + before - 4
    }
}
