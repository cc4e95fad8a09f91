// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KernelTablesSuite
import NetworkTypes
import XTables

/// Whole tables as they come from the kernel.
///
/// An input is the family, the table, and the entries one after the other.
final class TablePart: InputPart {
    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]] = EntryPart.names.map { Array($0.utf8) + [0] }
    let isBinary = true

    init() {
        seeds = IPFamily.allCases.flatMap { family in
            Table.allCases.map { table in
                [family == .ipv4 ? 4 : 6, table == .filter ? 0 : 1] + Self.table(family)
            }
        }
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        let family: IPFamily = (input.first ?? 4) & 2 == 0 ? .ipv4 : .ipv6
        let table: Table = (input.dropFirst().first ?? 0) & 1 == 0 ? .filter : .nat
        do throws(MalformedEntry) {
            let entries = try EntryCodec.entries(ofTable: Array(input.dropFirst(2)), table, family: family)
            behaviour.isAccepted = true
            behaviour.add(min(entries.count, 50))
            for (chain, entry) in entries {
                // As the counters are read: by what they are for, if the rule is one of ours.
                behaviour.add("\(chain.description.utf8.count) \(entry.count)")
            }
        } catch {
            behaviour.add(error.description)
        }
        return behaviour
    }

    /// A table with a built-in chain and two of others, put together as the kernel does.
    private static func table(_ family: IPFamily) -> [UInt8] {
        let rules = (SampleRules.all(family).prefix(30)).compactMap {
            try? EntryCodec.kernelEntry(of: $0, family: family).bytes
        }
        let policy = (try? EntryCodec.kernelEntry(of: Rule(target: .accept), family: family).bytes) ?? []
        return rules.prefix(3).joined() + policy + head("KUBE-SERVICES", policy)
            + rules.dropFirst(3).prefix(15).joined()
            + policy + head("KUBE-MARK-MASQ", policy) + rules.suffix(4).joined() + policy + head("ERROR", policy)
    }

    /// The entry that begins a chain: the target ERROR with the chain's name as its argument (`xt_error_target`).
    private static func head(_ name: String, _ policy: [UInt8]) -> [UInt8] {
        let headerLength = policy.count - 40  // struct xt_standard_target
        let targetLength = 64  // struct xt_error_target, aligned
        var entry = Array(policy[..<headerLength])
        let (targetOffset, nextOffset) = headerLength == 112 ? (88, 90) : (140, 142)
        for (offset, value) in [(targetOffset, headerLength), (nextOffset, headerLength + targetLength)] {
            entry[offset] = UInt8(value & 0xff)
            entry[offset + 1] = UInt8(value >> 8)
        }
        var target = [UInt8](repeating: 0, count: targetLength)
        target[0] = UInt8(targetLength)
        target.replaceSubrange(2..<7, with: "ERROR".utf8)
        target.replaceSubrange(32..<(32 + name.utf8.count), with: name.utf8)
        return entry + target
    }
}
