// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The two texts a ruleset can be printed as.
public enum RulesetTextFormat: String, Sendable, CaseIterable {
    /// What iptables-save prints of a kernel that holds the ruleset and nothing else.
    case save
    /// Input for `iptables-restore --noflush`: our chains are emptied and filled anew, jumps are inserted on top.
    ///
    /// Jumps are inserted each time such a text is loaded; load it once, or into tables that have none yet.
    case restore
}

extension Ruleset {
    /// Writes the ruleset as text, in pieces of about `pieceSize` bytes, each handed to `write` once.
    public func writeText(
        _ format: RulesetTextFormat, pieceSize: Int = 1 << 16, to write: (borrowing [UInt8]) throws -> Void
    ) rethrows {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieceSize + 4096)
        func flush(over limit: Int) throws {
            guard bytes.count > limit else { return }
            try write(bytes)
            bytes.removeAll(keepingCapacity: true)
        }
        for table in tables {
            table.appendHead(format, to: &bytes)
            for chain in table.chains {
                bytes.append(UInt8(ascii: ":"))
                bytes.appendName(chain.name)
                bytes.appendLiteral(" - [0:0]\n")
                try flush(over: pieceSize)
            }
            table.appendJumps(format, family: family, to: &bytes)
            for chain in table.chains {
                // By index, since each copy of a rule would retain all its parts.
                for index in chain.rules.indices {
                    chain.rules[index].appendSaveText(chain: chain.name, family: family, to: &bytes)
                    bytes.append(UInt8(ascii: "\n"))
                }
                try flush(over: pieceSize)
            }
            bytes.appendLiteral("COMMIT\n")
        }
        try flush(over: 0)
    }

    /// The ruleset as text.
    public func text(_ format: RulesetTextFormat = .save) -> String {
        var bytes: [UInt8] = []
        writeText(format) { bytes.append(contentsOf: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TableRules {
    fileprivate func appendHead(_ format: RulesetTextFormat, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "*"))
        bytes.append(contentsOf: table.rawValue.utf8)
        bytes.append(UInt8(ascii: "\n"))
        // A line for a built-in chain would set its policy, which is not ours to set: only in what is for reading.
        guard format == .save else { return }
        for chain in table.builtInChains {
            bytes.append(UInt8(ascii: ":"))
            bytes.appendName(chain.name)
            bytes.appendLiteral(" ACCEPT [0:0]\n")
        }
    }

    fileprivate func appendJumps(_ format: RulesetTextFormat, family: IPFamily, to bytes: inout [UInt8]) {
        for chain in table.builtInChains {
            let rules = jumps[chain] ?? []
            // Each is inserted on top, so the last comes first.
            for rule in format == .save ? rules : rules.reversed() {
                let start = bytes.count
                rule.appendSaveText(chain: chain.name, family: family, to: &bytes)
                if format == .restore { bytes[start + 1] = UInt8(ascii: "I") }
                bytes.append(UInt8(ascii: "\n"))
            }
        }
    }
}
