// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ServiceModel

extension SyntheticCluster {
    /// The objects, as they are after decoding.
    public var objects: ClusterObjects {
        var objects = ClusterObjects()
        for service in services {
            objects.insert(.service(service.object))
            for slice in service.slices { objects.insert(.endpointSlice(service.endpointSlice(slice))) }
        }
        return objects
    }

    /// The service port of a Service in the middle of the cluster, as it is or after one of its endpoints got another
    /// address.
    public func changedServicePort(isChanged: Bool = true) -> ServicePortEndpoints {
        var objects = ClusterObjects()
        let service = service(serviceCount / 2)
        objects.insert(.service(service.object))
        for slice in service.slices {
            var object = service.endpointSlice(slice)
            if isChanged, slice.contains(0) { object.endpoints[0].address = Self.otherAddress }
            objects.insert(.endpointSlice(object))
        }
        return objects.snapshot(family: .ipv4).servicePorts[0]
    }

    /// An address that no endpoint has.
    private static let otherAddress = IPAddress(ipv4: 10 << 24 | 0xff_ffff)
}

extension SyntheticService {
    fileprivate var object: Service {
        var object = Service(name: ServiceName(namespace: namespace, name: name))
        object.clusterAddress = .addresses([clusterIP])
        object.ports = [Service.Port(name: Self.portName, number: Self.port, nodePort: nodePort)]
        if isLoadBalancer {
            object.type = .loadBalancer
            object.externalTrafficPolicy = .local
            object.healthCheckNodePort = healthCheckNodePort
            object.loadBalancerSourceRanges = [CIDR(Self.sourceRange)].compactMap(\.self)
            object.loadBalancerVIPs = [loadBalancerIP]
        } else if isNodePort {
            object.type = .nodePort
        }
        if hasAffinity { object.sessionAffinity = .clientIP(timeoutSeconds: Self.defaultAffinityTimeout) }
        return object
    }

    fileprivate func endpointSlice(_ slice: Range<Int>) -> EndpointSlice {
        var object = EndpointSlice(
            name: ObjectName(namespace: namespace, name: sliceName(slice)), serviceName: name)
        object.ports = [EndpointSlice.Port(name: Self.portName, number: Self.targetPort)]
        object.endpoints = slice.map {
            EndpointSlice.Member(address: address(ofEndpoint: $0), nodeName: nodeName(ofEndpoint: $0))
        }
        return object
    }

    /// What the API server writes if no timeout is given, in seconds.
    private static let defaultAffinityTimeout: UInt32 = 10_800
}
