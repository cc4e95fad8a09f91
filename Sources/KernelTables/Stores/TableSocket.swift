// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import Glibc
import NetworkTypes
import XTables

/// A socket by which the kernel is asked about one table, in the network namespace of the calling thread.
///
/// Reading asks for the capabilities that changing asks for: CAP_NET_RAW for the socket, CAP_NET_ADMIN for the answer.
struct TableSocket: ~Copyable {
    private let table: Table
    private let family: IPFamily
    private let descriptor: Int32

    /// Opens the socket.
    ///
    /// - Throws: ``KernelFailure``.
    init(_ table: Table, family: IPFamily) throws(KernelFailure) {
        self.table = table
        self.family = family
        let domain = family == .ipv4 ? AF_INET : AF_INET6
        descriptor = socket(domain, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { throw KernelFailure(.open, table: table, family: family, errorNumber: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// How many entries the table has, how long they are, and where the built-in chains begin and end
    /// (`IPT_SO_GET_INFO`).
    ///
    /// - Throws: ``KernelFailure``.
    func outline() throws(KernelFailure) -> ipt_getinfo {
        // struct ip6t_getinfo has the same members.
        var info = ipt_getinfo()
        withUnsafeMutableBytes(of: &info.name) { $0.copyBytes(from: table.rawValue.utf8) }
        var length = socklen_t(MemoryLayout<ipt_getinfo>.size)
        guard getsockopt(descriptor, level, Self.infoOption, &info, &length) == 0 else {
            throw KernelFailure(.open, table: table, family: family, errorNumber: errno)
        }
        return info
    }

    /// The entries of the table with the counters they have now (`IPT_SO_GET_ENTRIES`).
    ///
    /// - Parameter byteCount: the length of the entries, as ``outline()`` has it.
    /// - Throws: ``KernelFailure``; with `EAGAIN` when the entries are no longer so long.
    func entries(byteCount: Int) throws(KernelFailure) -> TableBytes {
        // struct ipt_get_entries, and ip6t_get_entries: the name, the length, padding, the entries.
        let bytes = TableBytes(headLength: MemoryLayout<ipt_get_entries>.size, byteCount: byteCount)
        bytes.withHead { head in
            head.copyBytes(from: table.rawValue.utf8)
            head.storeBytes(of: UInt32(byteCount), toByteOffset: Self.nameLength, as: UInt32.self)
        }
        var length = socklen_t(bytes.length)
        guard getsockopt(descriptor, level, Self.entriesOption, bytes.base, &length) == 0 else {
            throw KernelFailure(.open, table: table, family: family, errorNumber: errno)
        }
        return bytes
    }

    private var level: Int32 { family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6) }

    /// `IPT_SO_GET_INFO`, a macro that is not imported; `IP6T_SO_GET_INFO` is the same number.
    private static let infoOption: Int32 = 64
    /// `IPT_SO_GET_ENTRIES`, and `IP6T_SO_GET_ENTRIES`.
    private static let entriesOption: Int32 = 65
    /// `XT_TABLE_MAXNAMELEN`.
    private static let nameLength = 32
}

/// The memory that the kernel writes the entries of a table to; given back with the last reference.
final class TableBytes {
    let base: UnsafeMutableRawPointer
    let length: Int
    private let headLength: Int

    init(headLength: Int, byteCount: Int) {
        self.headLength = headLength
        length = headLength + byteCount
        base = .allocate(byteCount: length, alignment: MemoryLayout<UInt64>.alignment)
        memset(base, 0, headLength)
    }

    deinit { base.deallocate() }

    /// Calls `body` with what stands before the entries.
    func withHead(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        body(UnsafeMutableRawBufferPointer(start: base, count: headLength))
        withExtendedLifetime(self) {}
    }

    /// Calls `body` with the entries.
    func withEntries<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base + headLength, count: length - headLength))
    }
}
