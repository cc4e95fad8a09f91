// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A match of a foreign rule.
public enum ForeignMatch: Hashable, Sendable {
    /// A match of our language.
    case known(Match)
    /// Any other, and what it asks of a packet.
    case other(ForeignExtension, PacketConditions)

    package func saveText(family: IPFamily) -> String {
        switch self {
        case .known(let match): Rule(matches: [match]).saveText(family: family)
        case .other(let match, _): " -m \(match.saveText)"
        }
    }
}

/// The target of a foreign rule.
public enum ForeignTarget: Hashable, Sendable {
    /// A target of our language, or none.
    case known(Target?)
    /// The packet goes through another chain, and does not come back behind this rule (`-g`).
    case goto(ChainName)
    /// The packet is handed to a program (QUEUE).
    case queue
    /// Any other, and what it does to a packet.
    case other(ForeignExtension, TargetEffect)

    package func saveText(family: IPFamily) -> String {
        switch self {
        case .known(let target): Rule(target: target).saveText(family: family)
        case .goto(let chain): " -g \(chain)"
        case .queue: " -j QUEUE"
        case .other(let target, _): " -j \(target.saveText)"
        }
    }
}

/// A match or target as the kernel holds it.
public struct ForeignExtension: Hashable, Sendable {
    /// The name by which the kernel looks it up.
    public var name: String
    /// The revision of its data.
    public var revision: UInt8
    /// Its data, with what belongs to the kernel in it.
    public var data: [UInt8]
    /// The name and the options as iptables-save prints them; `nil` if the data is not understood, or not all of it.
    public var text: String?

    /// Makes an extension.
    public init(name: String, revision: UInt8, data: [UInt8], text: String?) {
        self.name = name
        self.revision = revision
        self.data = data
        self.text = text
    }

    /// What iptables-save prints behind `-m` or `-j`; or the name, and that the rest is unknown:
    /// `connlimit [unknown: 24 bytes]`.
    public var saveText: String { text ?? "\(name) [unknown: \(data.count) bytes]" }
}

extension Rule {
    /// The words behind the chain's name.
    fileprivate func saveText(family: IPFamily) -> String {
        String(saveText(chain: "x", family: family).dropFirst("-A x".count))
    }
}
