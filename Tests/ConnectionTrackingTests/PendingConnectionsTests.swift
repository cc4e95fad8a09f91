// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import ServiceModel
import Testing

@Suite("Connections that wait for an answer") struct PendingConnectionsTests {
    private let start = ContinuousClock.now
    private let name = ServicePortName(namespace: "default", service: "web", port: "", transport: .tcp)

    private func connection(_ client: Int, identifier: UInt32 = 1, zone: FlowZone = .none)
        -> PendingConnections.Connection
    {
        .init(
            flow(
                "10.96.0.10:80", answering: "10.244.1.5:80", from: "10.0.0.9:\(client)", transport: .tcp, zone: zone,
                identifier: identifier, isUnansweredConnection: true),
            of: name)
    }

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func pending(capacity: Int = 100) -> PendingConnections {
        PendingConnections(timeout: .milliseconds(900), capacity: capacity)
    }

    @Test("a connection is due when it has waited for the time, once")
    func due() {
        var pending = pending()
        #expect(pending.nextDue == nil)
        pending.begin(connection(1), at: at(0))
        pending.begin(connection(2), at: at(500))
        #expect(pending.nextDue == at(900))
        #expect(pending.due(at: at(899)).isEmpty)
        #expect(pending.due(at: at(900)) == [connection(1)])
        #expect(pending.due(at: at(1000)).isEmpty)
        #expect(pending.nextDue == at(1400))
        #expect(pending.due(at: at(2000)) == [connection(2)])
        #expect(pending.count == 0)
        #expect(pending.nextDue == nil)
    }

    @Test("one that is answered or refused is never due")
    func settled() {
        var pending = pending()
        pending.begin(connection(1), at: at(0))
        #expect(pending.settle(connection(1).flow) == connection(1))
        #expect(pending.settle(connection(1).flow) == nil)
        #expect(pending.due(at: at(2000)).isEmpty)
    }

    @Test("one that begins again waits from then on, and an old answer does not settle it")
    func again() {
        var pending = pending()
        pending.begin(connection(1), at: at(0))
        pending.begin(connection(1, identifier: 2), at: at(500))
        #expect(pending.count == 1)
        #expect(pending.settle(connection(1).flow) == nil)
        #expect(pending.due(at: at(1399)).isEmpty)
        #expect(pending.due(at: at(1400)) == [connection(1, identifier: 2)])
        // The kernel can give a new entry the number of the old one.
        pending.begin(connection(3), at: at(2000))
        pending.begin(connection(3), at: at(2500))
        #expect(pending.due(at: at(2900)).isEmpty)
        #expect(pending.due(at: at(3400)) == [connection(3)])
    }

    @Test("the same addresses in another zone are another connection")
    func zones() {
        var pending = pending()
        pending.begin(connection(1), at: at(0))
        pending.begin(connection(1, zone: .original(7)), at: at(0))
        #expect(pending.count == 2)
        #expect(pending.settle(connection(1, zone: .original(7)).flow) != nil)
        #expect(pending.contains(connection(1).flow))
    }

    @Test("connections beyond the limit are passed over and counted; there is room again when others are settled")
    func capacity() {
        var pending = pending(capacity: 2)
        for client in 1...4 { pending.begin(connection(client), at: at(client)) }
        #expect(pending.count == 2)
        #expect(pending.passedOver == 2)
        pending.begin(connection(2, identifier: 9), at: at(10))
        #expect(pending.passedOver == 2)
        _ = pending.settle(connection(1).flow)
        pending.begin(connection(5), at: at(11))
        #expect(pending.due(at: at(5000)) == [connection(2, identifier: 9), connection(5)])
    }

    @Test("a shorter time counts for those that wait already")
    func shorter() {
        var pending = pending()
        pending.begin(connection(1), at: at(0))
        pending.timeout = .milliseconds(100)
        #expect(pending.nextDue == at(100))
        #expect(pending.due(at: at(100)) == [connection(1)])
    }

    @Test("a hundred thousand that are answered at once leave no places behind")
    func many() {
        var pending = PendingConnections(timeout: .milliseconds(900))
        for round in 0..<100_000 {
            let one = connection(1 + round % 60_000, identifier: UInt32(round))
            pending.begin(one, at: at(round / 1000))
            #expect(pending.settle(one.flow) != nil)
        }
        #expect(pending.count == 0)
        #expect(pending.nextDue == nil)
        #expect(pending.due(at: at(10_000)).isEmpty)
    }
}
