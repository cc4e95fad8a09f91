// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ServiceModel

/// What is reported of changes once they are in force.
struct ChangeRecord: Equatable {
    /// When the change that led to a change of endpoints was seen.
    struct Trigger: Equatable {
        let service: ServiceName
        /// The family of the endpoints; `nil` for both.
        let family: IPFamily?
        let time: Timestamp
    }

    private(set) var counts = ChangeCounts()
    private(set) var triggers: [Trigger] = []

    var isEmpty: Bool { self == ChangeRecord() }

    mutating func formUnion(_ other: ChangeRecord) {
        counts = counts + other.counts
        triggers += other.triggers
    }

    /// Takes note that an object has become another, or is gone (`new` is `nil`).
    ///
    /// What a list holds was often there long before the start: it is counted, but nothing has waited for it.
    mutating func note(_ kind: KubernetesObject.Kind, new: KubernetesObject?, since start: Timestamp) {
        switch kind {
        case .service: counts.services += 1
        case .endpointSlice, .endpoints: counts.endpoints += 1
        case .node: break
        }
        guard let time = new?.triggerTime, time >= start else { return }
        switch new {
        case .endpointSlice(let slice):
            guard let service = slice.service, case .addresses(let family) = slice.addressType else { break }
            triggers.append(Trigger(service: service, family: family, time: time))
        case .endpoints(let endpoints):
            triggers.append(Trigger(service: endpoints.service, family: nil, time: time))
        default:
            break
        }
    }

    /// The record as it concerns some Services in a family; the counts are those of all objects.
    func limited(to services: Set<ServiceName>, _ family: IPFamily) -> ChangeRecord {
        var record = of(family)
        record.triggers.removeAll { !services.contains($0.service) }
        return record
    }

    /// The record as it concerns a family; the counts are those of all objects.
    func of(_ family: IPFamily) -> ChangeRecord {
        var record = self
        record.triggers.removeAll { $0.family == family.other }
        return record
    }
}
