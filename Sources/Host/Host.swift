// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The machine this runs on: what it knows, where neither options nor API objects do.
///
/// Every value is read when it is asked for, in the network namespace of the calling thread: nothing is remembered.
/// ``LinuxHost`` asks the machine, ``FakeHost`` answers what a test has given it.
package protocol Host: Sendable {
    /// The machine's name in lower case, which kube-proxy uses as the node's name.
    var hostname: String { get }

    /// The addresses of all interfaces, loopback included; none if the kernel would not list them.
    var interfaceAddresses: [IPAddress] { get }

    /// Whether the kernel accepts packets outside of the TCP window (`nf_conntrack_tcp_be_liberal`); no if unknown.
    var conntrackIsLiberal: Bool { get }

    /// Whether the kernel's iptables can compare a packet's source address with its destination address (xt_bpf, which is
    /// loaded if need be); yes if it cannot be asked.
    var comparesAddresses: Bool { get }

    /// The families in which the kernel's iptables can choose by a hash of the client's address (xt_cluster for IPv4, xt_bpf for IPv6,
    /// which are loaded if need be); also those for which it cannot be asked.
    var hashesClients: Set<IPFamily> { get }

    /// The chains in nf_tables, where `iptables-nft` and other firewalls put theirs; both backends see each packet.
    ///
    /// - Returns: none as well if there is no program to list them, or it is not permitted to.
    /// - Throws: ``HostProgram/Failure`` if it does not finish.
    func nftablesChains(_ family: IPFamily) throws(HostProgram.Failure) -> [NFTablesChain]

    /// How many addresses a list of xt_recent holds that is created now: the module's parameter `ip_list_tot`.
    var recentListCapacity: Int { get }

    /// The names of the xt_recent lists that are full, sorted: each new address removes the oldest one.
    var fullRecentLists: [String] { get }

    /// The programs that seem to keep the rules of this network namespace in sync, apart from this one.
    var runningProxies: [RunningProxy] { get }

    /// The process that holds the lock (`flock`) of a file; `nil` if none does, or it is not visible from here.
    func fileLockHolder(path: String) -> FileLockHolder?
}

/// A chain in nf_tables.
package struct NFTablesChain: Hashable, Sendable {
    package let table: String
    package let name: String

    package init(table: String, name: String) {
        self.table = table
        self.name = name
    }
}
