// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

extension EntryCodec {
    /// The rules of a whole table as the kernel copies it out, for tests of what damaged tables do.
    ///
    /// Its first built-in chain begins with the first entry.
    package static func entries(
        ofTable bytes: [UInt8], _ table: Table, family: IPFamily
    ) throws(MalformedEntry) -> [(chain: ChainName, entry: [UInt8])] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 8), alignment: 8)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let starts = table.builtInChains.prefix(1).map { EntryWalk.Start(offset: 0, chain: $0.name) }
        var found: [(chain: ChainName, entry: [UInt8])] = []
        try EntryWalk(
            UnsafeRawBufferPointer(rebasing: memory[..<bytes.count]), family: family, starts: Array(starts)
        ).forEachRule { chain, entry in
            found.append((chain, Array(entry)))
        }
        return found
    }
}
