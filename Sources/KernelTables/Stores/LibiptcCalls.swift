// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import NetworkTypes

/// The calls of libip4tc or libip6tc: the same functions under two names and with two types of entry.
struct LibiptcCalls: Sendable {
    typealias Handle = OpaquePointer
    typealias Name = UnsafePointer<CChar>
    typealias Entry = UnsafeRawPointer

    let open: @Sendable (Name) -> Handle?
    let free: @Sendable (Handle) -> Void
    let firstChain: @Sendable (Handle) -> Name?
    let nextChain: @Sendable (Handle) -> Name?
    let isBuiltIn: @Sendable (Name, Handle) -> Bool
    let firstRule: @Sendable (Name, Handle) -> Entry?
    let nextRule: @Sendable (Entry, Handle) -> Entry?
    let target: @Sendable (Entry, Handle) -> Name?
    let createChain: @Sendable (Name, Handle) -> Bool
    let deleteChain: @Sendable (Name, Handle) -> Bool
    let flushChain: @Sendable (Name, Handle) -> Bool
    let append: @Sendable (Name, Entry, Handle) -> Bool
    let insert: @Sendable (Name, Entry, UInt32, Handle) -> Bool
    let replace: @Sendable (Name, Entry, UInt32, Handle) -> Bool
    let deleteRule: @Sendable (Name, UInt32, Handle) -> Bool
    let policy: @Sendable (Name, UnsafeMutablePointer<xt_counters>, Handle) -> Name?
    let setPolicy: @Sendable (Name, Name, UnsafeMutablePointer<xt_counters>, Handle) -> Bool
    let commit: @Sendable (Handle) -> Bool

    /// The calls for a family.
    static func of(_ family: IPFamily) -> LibiptcCalls {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }

    private static let ipv4 = LibiptcCalls(
        open: { iptc_init($0) },
        free: { iptc_free($0) },
        firstChain: { iptc_first_chain($0) },
        nextChain: { iptc_next_chain($0) },
        isBuiltIn: { iptc_builtin($0, $1) != 0 },
        firstRule: { iptc_first_rule($0, $1).map { Entry($0) } },
        nextRule: { iptc_next_rule($0.assumingMemoryBound(to: ipt_entry.self), $1).map { Entry($0) } },
        target: { iptc_get_target($0.assumingMemoryBound(to: ipt_entry.self), $1) },
        createChain: { iptc_create_chain($0, $1) != 0 },
        deleteChain: { iptc_delete_chain($0, $1) != 0 },
        flushChain: { iptc_flush_entries($0, $1) != 0 },
        append: { iptc_append_entry($0, $1.assumingMemoryBound(to: ipt_entry.self), $2) != 0 },
        insert: { iptc_insert_entry($0, $1.assumingMemoryBound(to: ipt_entry.self), $2, $3) != 0 },
        replace: { iptc_replace_entry($0, $1.assumingMemoryBound(to: ipt_entry.self), $2, $3) != 0 },
        deleteRule: { iptc_delete_num_entry($0, $1, $2) != 0 },
        policy: { iptc_get_policy($0, $1, $2) },
        setPolicy: { iptc_set_policy($0, $1, $2, $3) != 0 },
        commit: { iptc_commit($0) != 0 })

    private static let ipv6 = LibiptcCalls(
        open: { ip6tc_init($0) },
        free: { ip6tc_free($0) },
        firstChain: { ip6tc_first_chain($0) },
        nextChain: { ip6tc_next_chain($0) },
        isBuiltIn: { ip6tc_builtin($0, $1) != 0 },
        firstRule: { ip6tc_first_rule($0, $1).map { Entry($0) } },
        nextRule: { ip6tc_next_rule($0.assumingMemoryBound(to: ip6t_entry.self), $1).map { Entry($0) } },
        target: { ip6tc_get_target($0.assumingMemoryBound(to: ip6t_entry.self), $1) },
        createChain: { ip6tc_create_chain($0, $1) != 0 },
        deleteChain: { ip6tc_delete_chain($0, $1) != 0 },
        flushChain: { ip6tc_flush_entries($0, $1) != 0 },
        append: { ip6tc_append_entry($0, $1.assumingMemoryBound(to: ip6t_entry.self), $2) != 0 },
        insert: { ip6tc_insert_entry($0, $1.assumingMemoryBound(to: ip6t_entry.self), $2, $3) != 0 },
        replace: { ip6tc_replace_entry($0, $1.assumingMemoryBound(to: ip6t_entry.self), $2, $3) != 0 },
        deleteRule: { ip6tc_delete_num_entry($0, $1, $2) != 0 },
        policy: { ip6tc_get_policy($0, $1, $2) },
        setPolicy: { ip6tc_set_policy($0, $1, $2, $3) != 0 },
        commit: { ip6tc_commit($0) != 0 })
}
