// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Synchronization

/// A machine that answers what a test has given it, and runs no program.
package final class FakeHost: Host {
    private struct State {
        var interfaceAddresses: [IPAddress]
        var conntrackIsLiberal = false
        var comparesAddresses = true
        var hashesClients = Set(IPFamily.allCases)
        var nftablesChains: [IPFamily: [NFTablesChain]] = [:]
        var nftablesFailure: HostProgram.Failure?
        var recentListCapacity = 100
        var fullRecentLists: [String] = []
        var runningProxies: [RunningProxy] = []
        var fileLockHolders: [String: FileLockHolder] = [:]
    }

    package let hostname: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - hostname: the machine's name.
    ///   - interfaceAddresses: its addresses; loopback and 192.168.50.10 unless given.
    package init(
        hostname: String = "node-1",
        interfaceAddresses: [IPAddress] = [IPAddress(ipv4: 0x7f00_0001), IPAddress(ipv4: 0xc0a8_320a)]
    ) {
        self.hostname = hostname
        state = Mutex(State(interfaceAddresses: interfaceAddresses))
    }

    package var interfaceAddresses: [IPAddress] {
        get { state.withLock(\.interfaceAddresses) }
        set { state.withLock { $0.interfaceAddresses = newValue } }
    }

    package var conntrackIsLiberal: Bool {
        get { state.withLock(\.conntrackIsLiberal) }
        set { state.withLock { $0.conntrackIsLiberal = newValue } }
    }

    package var comparesAddresses: Bool {
        get { state.withLock(\.comparesAddresses) }
        set { state.withLock { $0.comparesAddresses = newValue } }
    }

    package var hashesClients: Set<IPFamily> {
        get { state.withLock(\.hashesClients) }
        set { state.withLock { $0.hashesClients = newValue } }
    }

    package var recentListCapacity: Int {
        get { state.withLock(\.recentListCapacity) }
        set { state.withLock { $0.recentListCapacity = newValue } }
    }

    package var fullRecentLists: [String] {
        get { state.withLock(\.fullRecentLists) }
        set { state.withLock { $0.fullRecentLists = newValue } }
    }

    package var runningProxies: [RunningProxy] {
        get { state.withLock(\.runningProxies) }
        set { state.withLock { $0.runningProxies = newValue } }
    }

    package func fileLockHolder(path: String) -> FileLockHolder? { state.withLock { $0.fileLockHolders[path] } }

    /// Lets a process hold the lock of a file; `nil` lets none hold it.
    package func setFileLockHolder(_ holder: FileLockHolder?, path: String) {
        state.withLock { $0.fileLockHolders[path] = holder }
    }

    package func nftablesChains(_ family: IPFamily) throws(HostProgram.Failure) -> [NFTablesChain] {
        let (chains, failure) = state.withLock { ($0.nftablesChains[family] ?? [], $0.nftablesFailure) }
        if let failure { throw failure }
        return chains
    }

    /// Puts chains into nf_tables.
    package func setNFTablesChains(_ chains: [NFTablesChain], _ family: IPFamily) {
        state.withLock { $0.nftablesChains[family] = chains }
    }

    /// Makes every listing of nf_tables fail; `nil` lets it succeed again.
    package func failNFTablesListing(_ failure: HostProgram.Failure?) {
        state.withLock { $0.nftablesFailure = failure }
    }
}
