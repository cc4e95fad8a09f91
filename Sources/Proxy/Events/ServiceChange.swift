// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// What changed of one Service from one commit of a family to the next, as much as a line can tell.
package struct ServiceChange: Sendable, Hashable {
    /// What became of the Service.
    package enum Kind: String, Sendable {
        /// It has rules now, and had none before.
        case added
        /// It has other rules.
        case changed
        /// It has none any longer.
        case removed
    }

    package let service: ServiceName
    package let kind: Kind
    /// The addresses of endpoints that came.
    package let added: [IPAddress]
    /// The addresses of endpoints that went.
    package let removed: [IPAddress]
    /// How many of the endpoints are ready; an endpoint is counted once, whatever the number of its ports.
    package let ready: Int
    /// How many endpoints there are, ready or not.
    package let known: Int
    /// The addresses of endpoints that get no connections from now on for a time, because connections to them failed.
    package let leftOut: [IPAddress]
    /// The addresses of endpoints that did not, and are used again.
    package let returned: [IPAddress]
    /// When the first of the changes was seen that led to this one, as far as the objects have it.
    package let trigger: Timestamp?

    /// Compares the service ports of a Service; `nil` if it had none and has none.
    package init?(
        _ service: ServiceName, from old: [ServicePortEndpoints], to new: [ServicePortEndpoints],
        trigger: Timestamp? = nil
    ) {
        guard !old.isEmpty || !new.isEmpty else { return nil }
        self.service = service
        kind = old.isEmpty ? .added : new.isEmpty ? .removed : .changed
        let before = Set(old.lazy.flatMap(\.endpoints).map(\.address))
        let after = Set(new.lazy.flatMap(\.endpoints).map(\.address))
        added = after.subtracting(before).sorted()
        removed = before.subtracting(after).sorted()
        ready = Set(new.lazy.flatMap(\.endpoints).filter(\.isReady).map(\.address)).count
        known = after.count
        let (asideBefore, aside) = (Self.addressesLeftOut(old), Self.addressesLeftOut(new))
        leftOut = aside.subtracting(asideBefore).sorted()
        returned = asideBefore.subtracting(aside).intersection(after).sorted()
        self.trigger = trigger
    }
}

extension ServiceChange {
    /// Those that others take the connections of: where all failed, all get connections.
    private static func addressesLeftOut(_ servicePorts: [ServicePortEndpoints]) -> Set<IPAddress> {
        var addresses: Set<IPAddress> = []
        for entry in servicePorts where !entry.setAside.isEmpty {
            let healthy = entry.endpoints.contains { $0.isReady && entry.setAside[$0.addressPort] == nil }
            for (endpoint, reason) in entry.setAside where healthy || reason.isEjection && !entry.allAreEjected {
                addresses.insert(endpoint.address)
            }
        }
        return addresses
    }
}

extension ServiceChange: CustomStringConvertible {
    /// `default/myapp: endpoints +1 -1 (3 of 3 ready)`.
    package var description: String {
        let state = "\(ready) of \(known) \(known == 1 && kind == .added ? "endpoint" : "endpoints") ready"
        return switch kind {
        case .added: "\(service): new (\(state))"
        case .removed: "\(service): removed"
        case .changed: "\(service): \(difference) (\(ready) of \(known) ready)"
        }
    }

    private var difference: String {
        let counts = [added.isEmpty ? nil : "+\(added.count)", removed.isEmpty ? nil : "-\(removed.count)"]
        let text = counts.compactMap(\.self).joined(separator: " ")
        let failing = [
            leftOut.isEmpty ? nil : "left out: \(Self.list(leftOut))",
            returned.isEmpty ? nil : "used again: \(Self.list(returned))",
        ].compactMap(\.self)
        if text.isEmpty, failing.isEmpty { return "changed, endpoints stay" }
        return ((text.isEmpty ? [] : ["endpoints \(text)"]) + failing).joined(separator: ", ")
    }

    /// The first addresses, and how many there are besides.
    private static func list(_ addresses: [IPAddress]) -> String {
        let shown = addresses.prefix(shownAddresses).map(\.description).joined(separator: " ")
        return addresses.count > shownAddresses ? "\(shown) and \(addresses.count - shownAddresses) more" : shown
    }

    private static let shownAddresses = 3
}

extension ServicePortEndpoints {
    fileprivate var allAreEjected: Bool {
        endpoints.filter(\.isReady).allSatisfy { setAside[$0.addressPort]?.isEjection == true }
    }
}

extension [ServiceChange] {
    /// The first changes and how many there are besides, for one line of a log.
    package var summary: String {
        let shown = prefix(Self.shownChanges).map(\.description).joined(separator: ", ")
        let rest = count - Self.shownChanges
        return rest > 0 ? "\(shown) and \(rest) more" : shown
    }

    private static var shownChanges: Int { 5 }
}

extension PendingChanges {
    /// What changed of each Service, in the order of their names; none if all may have changed.
    func serviceChanges(in compilation: Compilation) -> [ServiceChange] {
        guard services != nil else { return [] }
        let triggers = Dictionary(record.triggers.map { ($0.service, $0.time) }, uniquingKeysWith: min)
        return former.keys.sorted().compactMap { name in
            ServiceChange(
                name, from: former[name] ?? [], to: compilation.servicePorts(of: name).map(\.entry),
                trigger: triggers[name])
        }
    }
}
