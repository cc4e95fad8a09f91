// SPDX-License-Identifier: Apache-2.0

import Documents
import NetworkTypes

extension Service {
    /// Reads `clusterIP`, `clusterIPs` and `ipFamilies` together.
    ///
    /// With families given, only as many addresses count as there are families (`GetClusterIPByFamily`); each must be of
    /// the family at its place.
    static func clusterAddress(_ spec: DocumentObject, _ fields: inout FieldReader) -> ClusterAddress {
        let families = fields.list("ipFamilies", of: spec) {
            $0.choice($1, ["IPv4": IPFamily.ipv4, "IPv6": .ipv6])
        }
        let first = fields.optional("clusterIP", of: spec) { oneAddress(&$0, $1) }
        let list = fields.list("clusterIPs", of: spec) { oneAddress(&$0, $1) }
        if let first, let firstOfList = list.first, first != firstOfList {
            fields.atField("clusterIP", of: spec) {
                $0.warning("\(name(first)) is not the first of clusterIPs, \(name(firstOfList)); clusterIPs is used")
            }
        }
        guard let address = list.first ?? first, case .addresses = address else {
            return list.first ?? first ?? .unallocated
        }
        return .addresses(
            matched(list.isEmpty ? [address] : list, families: families, isList: !list.isEmpty, of: spec, &fields))
    }

    /// `None`, an address, or nothing.
    private static func oneAddress(_ fields: inout FieldReader, _ value: DocumentValue) -> ClusterAddress? {
        switch value {
        case .string(""): nil
        case .string("None"): .headless
        default: fields.address(value).map { .addresses([$0]) }
        }
    }

    private static func name(_ address: ClusterAddress) -> String {
        switch address {
        case .unallocated: "nothing"
        case .headless: "None"
        case .addresses(let addresses): addresses.map(\.description).joined(separator: ", ")
        }
    }

    private static func matched(
        _ addresses: [ClusterAddress], families: [IPFamily], isList: Bool, of spec: DocumentObject,
        _ fields: inout FieldReader
    ) -> [IPAddress] {
        let addresses = addresses.flatMap { address -> [IPAddress] in
            if case .addresses(let addresses) = address { addresses } else { [] }
        }
        guard !families.isEmpty else { return addresses }
        for (index, (address, family)) in zip(addresses, families).enumerated() where address.family != family {
            let name = family.kubernetesName
            let message = "invalid \(name) address \(address): ipFamilies[\(index)] is \(name)"
            fields.atField(isList ? "clusterIPs" : "clusterIP", of: spec) { fields in
                if isList { fields.atElement(index) { $0.error(message) } } else { fields.error(message) }
            }
        }
        return Array(addresses.prefix(families.count))
    }
}
