// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Leads a packet from hook to hook.
struct PacketWay {
    private let tables: [Table: EvaluatedTable]
    private let check: ConditionCheck
    private let recordsPath: Bool
    /// All ways to their ends.
    private(set) var finished: [EvaluatedBranch] = []

    init(_ tables: [Table: EvaluatedTable], _ check: ConditionCheck, recordsPath: Bool) {
        self.tables = tables
        self.check = check
        self.recordsPath = recordsPath
    }

    private var network: NodeNetwork { check.network }

    mutating func follow(_ packet: Packet) throws(EvaluationError) {
        let state = PacketState(packet)
        switch packet.origin {
        case .network: try arrive(state)
        case .host: try depart(state)
        }
    }

    // MARK: Hooks

    private mutating func arrive(_ state: PacketState) throws(EvaluationError) {
        check.log?.addAddressCheck(state)
        // ip6_rcv drops such packets ahead of all rules.
        if check.family == .ipv6, state.source.isLoopback || state.destination.isLoopback {
            return finish(state, .unroutable)
        }
        var states = try pass([state], .raw, .prerouting)
        states = try pass(states, .mangle, .prerouting)
        for state in try translateDestination(states, .prerouting) { try route(state) }
    }

    /// Decides where a packet from the network goes.
    private mutating func route(_ state: PacketState) throws(EvaluationError) {
        check.log?.addRouting(state)
        guard !isMartian(state) else { return finish(state, .unroutable) }
        switch network.nextHop(to: state.destination) {
        case .thisHost:
            try deliver(state, translatesSource: true)
        case .otherHost(let route) where network.isForwarding:
            var forwarded = state
            forwarded.outputInterface = .init(route)
            var states = [forwarded]
            for table in [Table.mangle, .filter, .security] { states = try pass(states, table, .forward) }
            for state in try leave(states) { finish(state, .sent(interface: route?.interface)) }
        case .otherHost, .none:
            finish(state, .unroutable)
        }
    }

    /// Whether the kernel drops an IPv4 packet for its addresses (ip_route_input_slow, fib_validate_source).
    private func isMartian(_ state: PacketState) -> Bool {
        guard check.family == .ipv4, state.inputInterface != .named(NodeNetwork.loopbackInterface) else { return false }
        if state.source.isLoopback || state.destination.isLoopback { return !network.routesLoopbackAddresses }
        return network.isLocal(state.source)
    }

    private mutating func deliver(_ state: PacketState, translatesSource: Bool) throws(EvaluationError) {
        var states = [state]
        for table in [Table.mangle, .filter, .security] { states = try pass(states, table, .input) }
        if translatesSource { states = try translateSource(states, .input) }
        for state in states { finish(state, .delivered) }
    }

    private mutating func depart(_ state: PacketState) throws(EvaluationError) {
        check.log?.addRouting(state)
        guard let first = state.leaving(network) else { return finish(state, .unroutable) }
        var states = try pass([first], .raw, .output)
        states = try pass(states, .mangle, .output)
        states = try translateDestination(states, .output)
        // The packet is routed again, but all chains of this hook see the interface of the first route.
        for table in [Table.filter, .security] { states = try pass(states, table, .output) }
        for state in states {
            guard let routed = state.leaving(network), !isLoopbackLeaving(routed) else {
                finish(state, .unroutable)
                continue
            }
            for state in try leave([routed]) { try arriveByLoopbackOrLeave(state) }
        }
    }

    /// Whether a loopback address would be seen on another interface, which the route for the packet does not allow.
    private func isLoopbackLeaving(_ state: PacketState) -> Bool {
        state.source.isLoopback && check.family == .ipv4 && !network.routesLoopbackAddresses
            && !network.isLocal(state.destination)
    }

    private mutating func arriveByLoopbackOrLeave(_ state: PacketState) throws(EvaluationError) {
        guard network.isLocal(state.destination) else {
            return finish(state, .sent(interface: state.outputInterface.name))
        }
        var arrived = state
        arrived.inputInterface = .named(NodeNetwork.loopbackInterface)
        arrived.outputInterface = .none
        // Connection tracking knows the packet already, so nat does not see it again.
        var states = try pass([arrived], .raw, .prerouting)
        states = try pass(states, .mangle, .prerouting)
        for state in states { try deliver(state, translatesSource: false) }
    }

    private mutating func leave(_ states: [PacketState]) throws(EvaluationError) -> [PacketState] {
        try translateSource(try pass(states, .mangle, .postrouting), .postrouting)
    }

    // MARK: Tables

    /// Leads packets through a table; gives back those that go on.
    private mutating func pass(
        _ states: [PacketState], _ table: Table, _ hook: BuiltInChain
    ) throws(EvaluationError) -> [PacketState] {
        guard let rules = tables[table] else { return states }
        var walk = TableWalk(rules, hook, check, recordsPath: recordsPath)
        for state in states { try walk.run(state) }
        finished += walk.ended
        // A chain can have led to one endpoint by several rules, one after the other.
        return recordsPath ? walk.passed : walk.passed.joined(lookingBack: 1)
    }

    private mutating func translateDestination(
        _ states: [PacketState], _ hook: BuiltInChain
    ) throws(EvaluationError) -> [PacketState] {
        try translate(states, hook) { $0.translateKnownDestination() }
    }

    private mutating func translateSource(
        _ states: [PacketState], _ hook: BuiltInChain
    ) throws(EvaluationError) -> [PacketState] {
        try translate(states, hook) { $0.translateKnownSource() }
    }

    /// Leads packets that begin connections through nat; all others are translated as their connections are.
    private mutating func translate(
        _ states: [PacketState], _ hook: BuiltInChain, _ repeatTranslation: (inout PacketState) -> Void
    ) throws(EvaluationError) -> [PacketState] {
        var going: [PacketState] = []
        for var state in states {
            check.log?.addBeginning()
            if state.beginsConnection {
                going += try pass([state], .nat, hook)
            } else {
                if state.connection == .established || state.connection == .related { repeatTranslation(&state) }
                going.append(state)
            }
        }
        return going
    }

    private mutating func finish(_ state: PacketState, _ verdict: Verdict) { finished.append(state.branch(verdict)) }
}

extension PacketState {
    /// The packet on its way to its destination; `nil` if there is no route.
    fileprivate func leaving(_ network: NodeNetwork) -> PacketState? {
        var state = self
        return state.route(network) ? state : nil
    }
}

extension PacketState {
    /// Finds the interface that the packet leaves by; answers whether there is a route.
    @discardableResult
    mutating func route(_ network: NodeNetwork) -> Bool {
        switch network.nextHop(to: destination) {
        case .thisHost: outputInterface = .named(NodeNetwork.loopbackInterface)
        case .otherHost(let route): outputInterface = Interface(route)
        case .none: return false
        }
        return true
    }
}

extension PacketState.Interface {
    fileprivate init(_ route: NodeNetwork.Route?) {
        self = route.map { .named($0.interface) } ?? .unknown
    }

    /// The name, if it is known.
    fileprivate var name: String? { if case .named(let name) = self { name } else { nil } }
}
