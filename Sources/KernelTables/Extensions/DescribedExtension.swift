// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A match that can be put into the words of iptables-save, whoever wrote it.
protocol DescribedMatch: KernelExtension {
    /// The data in words, and in what it asks of a packet; `nil` if something in it is not understood.
    static func describe(_ data: ExtensionData) -> MatchDescription?
}

/// A target that can be put into the words of iptables-save, whoever wrote it.
protocol DescribedTarget: KernelExtension {
    /// The data in words, and what it does to a packet; `nil` if something in it is not understood.
    static func describe(_ data: ExtensionData) -> TargetDescription?
}

/// What a match's data means.
struct MatchDescription {
    /// Name and options, as iptables-save prints them behind `-m`.
    var text: SaveWords
    var conditions: PacketConditions

    /// A match whose options are added one by one, and which so far matches everything.
    init(_ name: SaveWords) { self.init(name, PacketConditions([], isComplete: true)) }

    init(_ text: SaveWords, _ conditions: PacketConditions) {
        self.text = text
        self.conditions = conditions
    }

    /// Adds an option on ports.
    ///
    /// - Returns: whether it is shown: iptables-save leaves every port out, even if it is inverted.
    mutating func addPorts(_ side: PortSide, _ ports: ClosedRange<UInt16>, isInverted: Bool) -> Bool {
        if ports == 0...UInt16.max { return !isInverted }
        text.add(side == .source ? "--sport" : "--dport", ports, isInverted: isInverted)
        conditions.all.append(.ports(side, [ports], isInverted: isInverted))
        return true
    }
}

/// What a target's data means.
struct TargetDescription {
    /// Name and options, as iptables-save prints them behind `-j`.
    var text: SaveWords
    var effect: TargetEffect
}

/// The extensions that are understood in foreign rules: those that our language lacks, and those of which it has only some
/// uses.
enum DescribedExtensions {
    private static let matches: [any DescribedMatch.Type] = [
        AddressTypeExtension.self, BPFExtension.self, ClusterExtension.self, ConnectionBytesExtension.self,
        ConnectionLimitExtension.self, ConnectionMarkExtension.self, ConntrackExtension.self, DSCPExtension.self,
        ESPExtension.self, HashLimitExtension.self, HelperExtension.self, HopLimitExtension.self, ICMPExtension.self,
        ICMPv6Extension.self, LengthExtension.self, LimitExtension.self, MACExtension.self, MultiportExtension.self,
        OwnerExtension.self, PacketTypeExtension.self, PhysicalDeviceExtension.self, ProcessorExtension.self,
        QuotaExtension.self, RangeExtension.self, RealmExtension.self, RecentExtension.self, SCTPExtension.self,
        SegmentSizeExtension.self, SocketExtension.self, SocketExtension.Revision1.self,
        SocketExtension.Revision2.self, StateExtension.self, StatisticExtension.self, StringExtension.self,
        TCPExtension.self, TimeExtension.self, TimeToLiveExtension.self, TypeOfServiceExtension.self,
        U32Extension.self, UDPExtension.self,
    ]
    private static let targets: [any DescribedTarget.Type] = [
        AuditTarget.self, ClassifyTarget.self, ConnectionMarkTarget.self, ConnectionMarkTarget.Revision1.self,
        DNATTarget.self, DNATTarget.Revision0.self, DNATTarget.Revision1.self, LogTarget.self, MasqueradeTarget.self,
        NetmapTarget.self, NetfilterLogTarget.self, QueueTarget.self, RedirectTarget.self, RejectTarget.self,
        SegmentSizeTarget.self, SNATTarget.self, SNATTarget.Revision1.self, SYNProxyTarget.self, TeeTarget.self,
    ]

    private static let matchesByName = Dictionary(grouping: matches) { "\($0.signature.name)" }
    private static let targetsByName = Dictionary(grouping: targets) { "\($0.signature.name)" }

    /// What identifies each of them, and whether it is a target.
    static var signatures: [(signature: ExtensionSignature, isTarget: Bool)] {
        matches.map { ($0.signature, false) } + targets.map { ($0.signature, true) }
    }

    static func describe(match part: EntryParts.Extension, _ data: ExtensionData) -> MatchDescription? {
        matchesByName[part.name]?.first { $0.signature.isSignature(of: part, family: data.family) }?.describe(data)
    }

    static func describe(target part: EntryParts.Extension, _ data: ExtensionData) -> TargetDescription? {
        targetsByName[part.name]?.first { $0.signature.isSignature(of: part, family: data.family) }?.describe(data)
    }
}
