// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import Glibc
import NetworkTypes
import XTables

/// The outline of a table: cheap to read, and different after nearly every change.
///
/// It is what `IPT_SO_GET_INFO` answers (`struct ipt_getinfo`): not the rules, but how many there are and where each
/// built-in chain begins and ends. Whatever adds or removes a rule changes it; a rule replaced by one of the same size
/// does not.
public struct TableStamp: Hashable, Sendable {
    /// The table.
    public let table: Table
    /// The family.
    public let family: IPFamily
    /// The number of entries.
    public let entryCount: UInt32
    /// The bytes of all entries.
    public let byteCount: UInt32
    /// Where each built-in chain begins and where its policy stands, in bytes.
    public let places: [UInt32]

    /// Describes a table.
    init(table: Table, family: IPFamily, entryCount: UInt32, byteCount: UInt32, places: [UInt32]) {
        self.table = table
        self.family = family
        self.entryCount = entryCount
        self.byteCount = byteCount
        self.places = places
    }

    /// Asks the kernel, in the network namespace of the calling thread.
    ///
    /// - Throws: ``KernelFailure``.
    static func read(_ table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        let info = try TableSocket(table, family: family).outline()
        let places =
            withUnsafeBytes(of: info.hook_entry) { Array($0.bindMemory(to: UInt32.self)) }
            + withUnsafeBytes(of: info.underflow) { Array($0.bindMemory(to: UInt32.self)) }
        return TableStamp(
            table: table, family: family, entryCount: info.num_entries, byteCount: info.size, places: places)
    }
}
