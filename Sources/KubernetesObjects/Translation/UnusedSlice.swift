// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes
import ServiceModel

/// A slice of a Service that has no endpoints for one of its ports, and why.
package struct UnusedSlice: Sendable, Hashable {
    /// Why no endpoint of a slice belongs to a service port.
    package enum Reason: Sendable, Hashable {
        /// A label hides the slice from proxies.
        case hidden
        /// Its addresses are names.
        case names
        /// Its addresses are of the other family.
        case otherFamily(IPFamily)
        /// Its ports have other names than the service port.
        case portNames([String])
        /// Its port of that name is for other protocols.
        case transports([TransportProtocol])
        /// It has no port with a number.
        case noPorts
        /// It has no endpoints.
        case noEndpoints

        /// Why a slice has no endpoints for a service port; `nil` if it has some.
        init?(_ slice: EndpointSlice, _ servicePort: ServicePortName, _ family: IPFamily) {
            if slice.isHeadless {
                self = .hidden
            } else if case .addresses(let found) = slice.addressType, found != family {
                self = .otherFamily(found)
            } else if slice.addressType == .names {
                self = .names
            } else if slice.ports.isEmpty {
                self = .noPorts
            } else if slice.ports.contains(where: { $0.serves(servicePort) }) {
                guard slice.endpoints.isEmpty else { return nil }
                self = .noEndpoints
            } else {
                let sameName = slice.ports.filter { $0.name == servicePort.port }
                self =
                    sameName.isEmpty ? .portNames(slice.ports.map(\.name)) : .transports(sameName.map(\.transport))
            }
        }
    }

    /// The slice, or the Endpoints object.
    package let name: ObjectName
    package let reason: Reason
    /// The service port that wants endpoints.
    package let servicePort: ServicePortName
    /// Whether it is a part of an Endpoints object.
    package let isMirrored: Bool
}

extension EndpointSlice.Port {
    /// Whether it is the port of a service port's endpoints: ports are matched by name and protocol, never by number.
    func serves(_ servicePort: ServicePortName) -> Bool {
        name == servicePort.port && transport == servicePort.transport
    }
}

extension UnusedSlice: CustomStringConvertible {
    /// The slice, what it has, and what the Service wants: `slice web-1 has port "web", the Service wants "http"`.
    package var description: String {
        let subject = "\(isMirrored ? "Endpoints" : "slice") \(MessageText.escaped(name.name))"
        let wanted = servicePort.port.isEmpty ? "a port without a name" : MessageText.quoted(servicePort.port)
        return switch reason {
        case .hidden: "\(subject) has the label \(EndpointSlice.headlessLabel), which hides it from proxies"
        case .names: "\(subject) has addressType FQDN: no rule can be made for names"
        case .otherFamily(let family):
            "\(subject) has \(family.kubernetesName) addresses, the Service wants \(family.other.kubernetesName)"
        case .portNames(let names):
            "\(subject) has \(Self.ports(names)), the Service wants \(wanted)"
        case .transports(let transports):
            "\(subject) has port \(wanted) for \(Self.words(transports.map(\.kubernetesName))), the Service wants "
                + servicePort.transport.kubernetesName
        case .noPorts: "\(subject) has no port with a number, the Service wants \(wanted)"
        case .noEndpoints: "\(subject) has no endpoints: no pod matches the Service's selector, or none has an address"
        }
    }

    private static func ports(_ names: [String]) -> String {
        let shown = names.map { $0.isEmpty ? "without a name" : MessageText.quoted($0) }
        return "port\(names.count == 1 ? "" : "s") \(words(shown))"
    }

    private static func words(_ words: [String]) -> String {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }
}

extension ClusterObjects {
    /// The slices of a Service that have no endpoints for one of its ports, in the order of their names.
    ///
    /// A slice of the other family is mentioned only if there is none of this family: dual-stack Services have both.
    package func unusedSlices(for servicePort: ServicePortName, family: IPFamily) -> [UnusedSlice] {
        let service = servicePort.serviceName
        let slices = endpointSources(of: service, family: family)
        let hasFamily = slices.contains { $0.addressType == .addresses(family) }
        return slices.compactMap { slice in
            guard let reason = UnusedSlice.Reason(slice, servicePort, family) else { return nil }
            if case .otherFamily = reason, hasFamily { return nil }
            let isMirrored = !hasSlices(of: service)
            return UnusedSlice(
                name: isMirrored ? ObjectName(service) : slice.name, reason: reason, servicePort: servicePort,
                isMirrored: isMirrored)
        }
    }

    /// Whether no EndpointSlice and no Endpoints object belongs to a Service.
    package func lacksEndpointObjects(of service: ServiceName) -> Bool {
        !hasSlices(of: service) && endpoints[service] == nil
    }

    /// What slices have about the endpoints of a Service besides what rules depend on, by their addresses.
    package func members(of service: ServiceName, _ family: IPFamily) -> [IPAddress: EndpointSlice.Member] {
        var members: [IPAddress: EndpointSlice.Member] = [:]
        for slice in endpointSources(of: service, family: family) {
            for member in slice.endpoints { members[member.address] = member }
        }
        return members
    }

    /// The label by which a slice names its Service.
    package static var serviceNameLabel: String { EndpointSlice.serviceNameLabel }
}
