// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The objects of the cluster: Services that always have a ready endpoint, and others that come and go.
package struct SoakCluster {
    /// A pod that answers.
    struct Pod {
        let name: String
        let address: String
    }

    /// A Service that must always answer.
    package struct StableService: Sendable {
        package let name: String
        package let clusterIP: String
        package let nodePort: Int
    }

    /// A change of the cluster.
    enum Change {
        /// An object that is new or has changed, as JSON.
        case put(String)
        /// An object that is gone.
        case delete(kind: String, name: String)
    }

    static let nodeName = "node-1"
    static let pods = (1...4).map { Pod(name: "pod-\($0)", address: "10.244.2.\($0)") }
    package static let stableServices = (1...3).map {
        StableService(name: "stable-\($0)", clusterIP: "10.96.0.\($0)", nodePort: 30000 + $0)
    }
    private static let noiseLimit = 40

    private var services: [String: String] = [:]
    private var slices: [String: String] = [:]
    private let node = """
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "\(nodeName)"},
         "spec": {"podCIDRs": ["10.244.2.0/24"]},
         "status": {"addresses": [{"type": "InternalIP", "address": "192.168.50.10"}]}}
        """

    init() {
        for service in Self.stableServices {
            services[service.name] = Self.stableService(service, affinity: false, isLocal: false)
            slices[service.name] = Self.slice(service.name, Self.pods.map { ($0.address, true) }, port: 80)
        }
    }

    /// All objects, as JSON.
    var list: Data {
        let items = [node] + services.values + slices.values
        return Data(#"{"apiVersion": "v1", "kind": "List", "items": [\#(items.joined(separator: ",\n"))]}"#.utf8)
    }

    /// A random change, which leaves every stable Service with a ready endpoint.
    mutating func change(using generator: inout SeededGenerator) -> Change {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0, 1:
            let service = generator.pick(Self.stableServices)
            var endpoints = Self.pods.map { ($0.address, generator.chance(50)) }.filter { _ in generator.chance(80) }
            if !endpoints.contains(where: \.1) { endpoints = [(generator.pick(Self.pods).address, true)] }
            return put(slice: Self.slice(service.name, endpoints, port: 80), service.name)
        case 2:
            let service = generator.pick(Self.stableServices)
            let object = Self.stableService(
                service, affinity: generator.chance(50), isLocal: generator.chance(50))
            services[service.name] = object
            return .put(object)
        case 3:
            let name = "noise-\(Int.random(in: 0..<Self.noiseLimit, using: &generator))"
            if slices.removeValue(forKey: name) != nil { return .delete(kind: "EndpointSlice", name: "\(name)-1") }
            let endpoints = (0..<Int.random(in: 0..<6, using: &generator)).map { number in
                ("10.244.\(Int.random(in: 3..<9, using: &generator)).\(number)", generator.chance(80))
            }
            return put(slice: Self.slice(name, endpoints, port: 8080), name)
        default:
            let number = Int.random(in: 0..<Self.noiseLimit, using: &generator)
            let name = "noise-\(number)"
            if services[name] != nil, generator.chance(40) {
                services[name] = nil
                return .delete(kind: "Service", name: name)
            }
            let object = Self.noiseService(name, number: number, using: &generator)
            services[name] = object
            return .put(object)
        }
    }

    private mutating func put(slice: String, _ service: String) -> Change {
        slices[service] = slice
        return .put(slice)
    }

    private static func stableService(_ service: StableService, affinity: Bool, isLocal: Bool) -> String {
        """
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "\(service.name)", "namespace": "default"},
         "spec": {"type": "NodePort", "clusterIP": "\(service.clusterIP)", "clusterIPs": ["\(service.clusterIP)"],
          "sessionAffinity": "\(affinity ? "ClientIP" : "None")",
          "externalTrafficPolicy": "\(isLocal ? "Local" : "Cluster")",
          "internalTrafficPolicy": "\(isLocal ? "Local" : "Cluster")",
          "ports": [{"port": 80, "nodePort": \(service.nodePort), "protocol": "TCP"}]}}
        """
    }

    private static func noiseService(_ name: String, number: Int, using generator: inout SeededGenerator) -> String {
        let ports = generator.pick(["TCP", "UDP", "SCTP"])
        return """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "\(name)", "namespace": "default"},
             "spec": {"type": "NodePort", "clusterIP": "10.96.1.\(number)", "clusterIPs": ["10.96.1.\(number)"],
              "sessionAffinity": "\(generator.pick(["ClientIP", "None"]))",
              "externalTrafficPolicy": "\(generator.pick(["Local", "Cluster"]))",
              "ports": [{"port": 8080, "nodePort": \(31000 + number), "protocol": "\(ports)"}]}}
            """
    }

    private static func slice(_ service: String, _ endpoints: [(String, Bool)], port: Int) -> String {
        let members = endpoints.map { address, isReady in
            """
            {"addresses": ["\(address)"], "nodeName": "\(nodeName)",
             "conditions": {"ready": \(isReady), "serving": \(isReady), "terminating": \(!isReady)}}
            """
        }
        return """
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {"name": "\(service)-1", "namespace": "default",
              "labels": {"kubernetes.io/service-name": "\(service)"}},
             "ports": [{"port": \(port), "protocol": "TCP"}], "endpoints": [\(members.joined(separator: ","))]}
            """
    }
}
