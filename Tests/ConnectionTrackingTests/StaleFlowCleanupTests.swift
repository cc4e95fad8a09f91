// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import SystemPackage
import Testing

@Suite struct StaleFlowCleanupTests {
    private let finder = StaleFlowFinder([service(endpoints: ["10.244.1.5:53"])])

    private func stale(_ number: UInt32) -> Flow {
        flow("10.96.0.10:53", answering: "10.244.1.7:53", from: "10.0.0.9:\(1000 + number)", identifier: number)
    }

    private func valid(_ number: UInt32) -> Flow {
        flow("10.96.0.10:53", answering: "10.244.1.5:53", from: "10.0.0.9:\(1000 + number)", identifier: number)
    }

    @Test func onlyStaleFlowsAreDeleted() throws {
        let others = [flow("10.96.0.10:53", transport: .tcp), flow("[fd00::1]:53"), valid(2), valid(4)]
        let table = MemoryFlowTable(others + [stale(1), stale(3)])
        let report = try StaleFlowCleanup(table).run(.ipv4, finder)
        #expect(table.flows == others)
        #expect(report.deletion.deleted == 2)
        #expect(report.examined == 4)
        #expect(report.isComplete)
    }

    @Test func theKernelIsNotAskedWhereNothingIsUDP() throws {
        let table = MemoryFlowTable([stale(1)])
        table.failListings(.notPermitted)
        let report = try StaleFlowCleanup(table).run(.ipv4, StaleFlowFinder([]))
        #expect(report == StaleFlowCleanup.Report())
        #expect(table.listingCount == 0)
    }

    @Test func anInterruptedListingIsRepeated() throws {
        let table = MemoryFlowTable((1...10).map(stale))
        table.interruptListings(4)
        let report = try StaleFlowCleanup(table).run(.ipv4, finder)
        #expect(report.deletion.deleted == 10)
        #expect(report.isComplete)
        #expect(table.listingCount == 5)
    }

    @Test func inTheEndWhatWasListedMustDo() throws {
        let table = MemoryFlowTable((1...10).map(stale))
        table.interruptListings(StaleFlowCleanup.listingAttempts)
        let report = try StaleFlowCleanup(table).run(.ipv4, finder)
        #expect(report.deletion.deleted == 5)
        #expect(!report.isComplete)
        #expect(table.listingCount == StaleFlowCleanup.listingAttempts)
    }

    @Test func manyFlowsAreDeletedInBatches() throws {
        let table = MemoryFlowTable((1...10).map(stale) + [valid(11)])
        let report = try StaleFlowCleanup(table, batchLimit: 4).run(.ipv4, finder)
        #expect(table.flows == [valid(11)])
        #expect(report.deletion.deleted == 10)
        #expect(report.examined == 11)
        #expect(table.listingCount == 3)
    }

    @Test func flowsThatCannotBeDeletedDoNotKeepItGoing() throws {
        let table = MemoryFlowTable([stale(1), stale(2), stale(3)])
        for number: UInt32 in 1...2 { table.failDeletion(of: stale(number), .resourceBusy) }
        let report = try StaleFlowCleanup(table, batchLimit: 2).run(.ipv4, finder)
        #expect(report.deletion.refused == 2)
        #expect(report.deletion.firstRefusal?.operation == .delete(stale(1)))
        #expect(!report.isComplete)
    }

    @Test func aFlowThatBeganAnewMeanwhileStays() throws {
        let table = MemoryFlowTable([stale(1), stale(2)])
        var renewed = valid(1)
        renewed.identifier = 99
        table.changeBeforeDeletion { [renewed] flows in flows[0] = renewed }
        let report = try StaleFlowCleanup(table).run(.ipv4, finder)
        #expect(table.flows == [renewed])
        #expect(report.deletion.deleted == 1)
        #expect(report.deletion.gone == 1)
        #expect(report.isComplete)
    }

    @Test("a flow that the kernel does not find and lists all the same was not deleted, and that is reported")
    func listedAndNotFound() throws {
        let table = MemoryFlowTable([stale(1), stale(2)])
        table.failDeletion(of: stale(1), .noSuchFileOrDirectory)
        let report = try StaleFlowCleanup(table).run(.ipv4, finder)
        #expect(table.flows == [stale(1)])
        #expect(report.deletion.deleted == 1)
        #expect(report.deletion.gone == 0)
        #expect(report.deletion.refused == 1)
        #expect(!report.isComplete)
        let text = report.deletion.firstRefusal.map { "\($0)" } ?? ""
        #expect(text.hasSuffix("(ENOENT); the kernel lists it all the same; delete it with conntrack -D"), "\(text)")
    }

    @Test("unanswered connections are counted apart, and only they are listed of TCP")
    func connections() throws {
        let web = service("web", .tcp, port: 80, endpoints: ["10.244.1.5:80"])
        let begun = flow("10.96.0.10:80", transport: .tcp, isUnansweredConnection: true)
        let answered = flow("10.96.0.10:80", from: "10.0.0.9:40001", transport: .tcp, identifier: 2)
        let table = MemoryFlowTable([begun, answered])
        let report = try StaleFlowCleanup(table).run(.ipv4, StaleFlowFinder([web], afterGap: true))
        #expect(table.flows == [answered])
        #expect(report.connections.deleted == 1)
        #expect(report.deletion.deleted == 0)
        #expect(report.examined == 0)
    }

    @Test func aFailureSaysWhatWasTriedAndWhatToDo() {
        let table = MemoryFlowTable()
        table.failListings(.notPermitted)
        #expect(throws: FlowTableFailure(.list, .ipv4, .notPermitted)) {
            try StaleFlowCleanup(table).run(.ipv4, finder)
        }
        #expect(
            "\(FlowTableFailure(.list, .ipv4, .notPermitted))"
                == "listing IPv4 flows: Operation not permitted (EPERM); run as root, or with the capability CAP_NET_ADMIN"
        )
        #expect("\(FlowTableFailure(.list, .ipv6, .invalidArgument))".contains("modprobe nf_conntrack_netlink"))
        #expect("\(FlowTableFailure(.open, .ipv6, .protocolNotSupported))".contains("nf_conntrack_netlink"))
        #expect(
            "\(FlowTableFailure(.delete(stale(1)), .ipv4, .resourceBusy))".contains(
                "deleting the flow udp 10.0.0.9:1001 > 10.96.0.10:53, answered by 10.244.1.7:53: "))
    }
}
