// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import ServiceModel

/// The objects of the cluster as the sources report them, and what each update may change in the rules.
struct ClusterState: Sendable {
    /// The kinds of which a complete list must be there before the first rule is written: a Service whose endpoints are
    /// not known yet would be refused.
    let requiredKinds: Set<KubernetesObject.Kind>

    /// Before it nothing waited for a change to be in force.
    private let start: Timestamp

    init(requiredKinds: Set<KubernetesObject.Kind>, start: Timestamp = .now) {
        self.requiredKinds = requiredKinds
        self.start = start
    }

    /// What an update may change in the rules.
    struct Change: Equatable {
        /// The Services whose own object or endpoints differ from before.
        var services: Set<ServiceName> = []
        /// Whether a Node object differs from before.
        var touchesNodes = false
        /// Whether all required kinds are there since this update.
        var completes = false
        /// Whether something else cannot be read than before.
        var touchesGaps = false
        /// What is reported about it later.
        var record = ChangeRecord()

        /// Whether nothing differs from before.
        var isEmpty: Bool { services.isEmpty && !touchesNodes && !completes && !touchesGaps }

        /// Adds what another update may change.
        mutating func formUnion(_ other: Change) {
            services.formUnion(other.services)
            touchesNodes = touchesNodes || other.touchesNodes
            completes = completes || other.completes
            touchesGaps = touchesGaps || other.touchesGaps
            record.formUnion(other.record)
        }
    }

    private(set) var objects = ClusterObjects()
    private var claims = ServiceClaims()
    private var listedKinds: Set<KubernetesObject.Kind> = []
    private var gapRecord = GapRecord()

    /// What could not be read when the lists were completed, and cannot be read still.
    var gaps: InputGaps { gapRecord.gaps }

    /// The required kinds no source has listed yet.
    var missingKinds: [KubernetesObject.Kind] {
        KubernetesObject.Kind.allCases.filter { requiredKinds.contains($0) && !listedKinds.contains($0) }
    }

    /// What several Services claim.
    var conflicts: [ServiceConflict] { claims.conflicts }

    /// Whether rules may be made of what is known.
    var isComplete: Bool { missingKinds.isEmpty }

    mutating func take(_ update: ObjectUpdate) -> Change {
        var change = Change()
        change.touchesGaps = gapRecord.take(update, known: objects)
        switch update {
        case .changed(let object, _):
            put(object, &change)
        case .unreadable, .unreadableFiles:
            break
        case .removed(let kind, let name):
            remove(kind, name, &change)
        case .listed(let kind, let found, let unreadable, _):
            var gone = Set(objects.names(of: kind))
            for object in found {
                gone.remove(object.name)
                put(object, &change)
            }
            for name in gone.subtracting(unreadable.map(\.name)) { remove(kind, name, &change) }
            let wasComplete = isComplete
            listedKinds.insert(kind)
            change.completes = isComplete && !wasComplete
        }
        if isComplete { gapRecord.closeIfEmpty() }
        return change
    }

    private mutating func put(_ object: KubernetesObject, _ change: inout Change) {
        let old = objects.object(object.kind, object.name)
        // The time alone makes no other rules.
        guard old?.withoutTriggerTime != object.withoutTriggerTime else { return }
        note(old, &change)
        note(object, &change)
        change.record.note(object.kind, new: object, since: start)
        if case .service(let service)? = old { claims.remove(service) }
        if case .service(let service) = object { claims.insert(service) }
        objects.insert(object)
    }

    private mutating func remove(_ kind: KubernetesObject.Kind, _ name: ObjectName, _ change: inout Change) {
        guard let old = objects.object(kind, name) else { return }
        note(old, &change)
        change.record.note(kind, new: nil, since: start)
        if case .service(let service) = old { claims.remove(service) }
        objects.remove(kind, name)
    }

    /// Notes whose rules an object has a part in.
    private func note(_ object: KubernetesObject?, _ change: inout Change) {
        switch object {
        case .service(let service): change.services.insert(service.name)
        case .endpoints(let endpoints): change.services.insert(endpoints.service)
        case .endpointSlice(let slice): if let service = slice.service { change.services.insert(service) }
        case .node: change.touchesNodes = true
        case nil: break
        }
    }
}

extension ClusterObjects {
    /// The names of all objects of a kind.
    fileprivate func names(of kind: KubernetesObject.Kind) -> [ObjectName] {
        switch kind {
        case .service: services.keys.map { ObjectName($0) }
        case .endpointSlice: Array(endpointSlices.keys)
        case .endpoints: endpoints.keys.map { ObjectName($0) }
        case .node: nodes.keys.map { ObjectName(namespace: "", name: $0) }
        }
    }
}
