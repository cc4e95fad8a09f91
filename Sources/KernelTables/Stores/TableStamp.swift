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
        let (domain, level) = family == .ipv4 ? (AF_INET, Int32(IPPROTO_IP)) : (AF_INET6, Int32(IPPROTO_IPV6))
        let descriptor = socket(domain, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else {
            throw KernelFailure(.open, table: table, family: family, errorNumber: errno)
        }
        defer { close(descriptor) }
        // struct ip6t_getinfo has the same members.
        var info = ipt_getinfo()
        withUnsafeMutableBytes(of: &info.name) { $0.copyBytes(from: table.rawValue.utf8) }
        var length = socklen_t(MemoryLayout<ipt_getinfo>.size)
        guard getsockopt(descriptor, level, getInfoOption, &info, &length) == 0 else {
            throw KernelFailure(.open, table: table, family: family, errorNumber: errno)
        }
        let places =
            withUnsafeBytes(of: info.hook_entry) { Array($0.bindMemory(to: UInt32.self)) }
            + withUnsafeBytes(of: info.underflow) { Array($0.bindMemory(to: UInt32.self)) }
        return TableStamp(
            table: table, family: family, entryCount: info.num_entries, byteCount: info.size, places: places)
    }

    /// `IPT_SO_GET_INFO`, a macro that is not imported; `IP6T_SO_GET_INFO` is the same number.
    private static let getInfoOption: Int32 = 64
}
