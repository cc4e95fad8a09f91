// SPDX-License-Identifier: Apache-2.0

/// Helpers for iptables-save text.
public enum SaveText {
    /// The text without `#` lines, and with the counters of chains at zero.
    public static func withoutCounters(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
            if line.hasPrefix("#") { return nil }
            guard line.hasPrefix(":"), let bracket = line.lastIndex(of: "[") else { return String(line) }
            return line[..<bracket] + "[0:0]"
        }
        return lines.joined(separator: "\n")
    }

    /// The lines that are in only one of two texts: `-` for the first, `+` for the second; empty if they are equal.
    public static func difference(_ first: String, _ second: String) -> String {
        let old = first.split(separator: "\n", omittingEmptySubsequences: false)
        let new = second.split(separator: "\n", omittingEmptySubsequences: false)
        return new.difference(from: old).map { change in
            switch change {
            case .remove(let offset, let line, _): "\(offset + 1) - \(line)"
            case .insert(let offset, let line, _): "\(offset + 1) + \(line)"
            }
        }.joined(separator: "\n")
    }
}
