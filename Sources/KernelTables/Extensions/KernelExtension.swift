// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A match or a target of the kernel: how it is named, and how its data is laid out.
///
/// Its file, which a few alike may share, is the only place that knows where its values stand. What rules of our language
/// are made of can be written and read (``MatchExtension``, ``TargetExtension``); of the others only foreign rules are made,
/// and they are described (``DescribedMatch``, ``DescribedTarget``).
protocol KernelExtension: Sendable {
    /// What identifies the extension in an entry.
    static var signature: ExtensionSignature { get }
}

/// A match of our language.
///
/// Its values are written by a function `encode`, with parameters of its own, which ``Match/encode(of:_:to:)`` calls.
protocol MatchExtension: KernelExtension {
    /// The bytes of the match apart from its values.
    static func form(_ family: IPFamily) -> ExtensionForm
    /// What the data means; `nil` if our language has no word for it.
    ///
    /// Nothing else in the data is checked: whether anything was overlooked shows when the match is encoded again.
    static func match(_ data: ExtensionData) -> Match?
}

/// A target of our language that is neither a verdict nor a jump.
protocol TargetExtension: KernelExtension {
    /// The bytes of the target apart from its values.
    static func form(_ family: IPFamily) -> ExtensionForm
    /// What the data means, as ``MatchExtension/match(_:)`` has it.
    static func target(_ data: ExtensionData) -> Target?
}

/// What identifies an extension in an entry: name, revision and the length of its data.
struct ExtensionSignature: Sendable {
    /// The name by which the kernel looks the extension up.
    let name: StaticString
    /// The revision of its data.
    let revision: UInt8
    private let ipv4Length: Int?
    private let ipv6Length: Int?

    /// An extension whose data is the same for both families; the length is padded to eight bytes (`XT_ALIGN`).
    init(_ name: StaticString, revision: UInt8, dataLength: Int) {
        self.init(name, revision: revision, ipv4: dataLength, ipv6: dataLength)
    }

    /// An extension whose data differs; a family without a length has no such extension.
    init(_ name: StaticString, revision: UInt8, ipv4: Int?, ipv6: Int?) {
        self.name = name
        self.revision = revision
        ipv4Length = ipv4
        ipv6Length = ipv6
    }

    /// The length of the data; `nil` if the family has no such extension.
    func dataLength(_ family: IPFamily) -> Int? {
        switch family {
        case .ipv4: ipv4Length
        case .ipv6: ipv6Length
        }
    }

    /// Whether a part of an entry is this extension, whole.
    func isSignature(of part: EntryParts.Extension, family: IPFamily) -> Bool {
        part.revision == revision && part.data.count == dataLength(family) && part.name == "\(name)"
    }
}
