// SPDX-License-Identifier: Apache-2.0

extension SyntheticCluster {
    /// The objects as JSON, one document to a line.
    public var json: [UInt8] {
        var text: [UInt8] = []
        for service in services {
            text.append(contentsOf: service.json.utf8)
            for slice in service.slices { text.append(contentsOf: service.json(slice).utf8) }
        }
        return text
    }
}

extension SyntheticService {
    fileprivate var json: String {
        let nodePort = nodePort.map { ", \"nodePort\": \($0)" } ?? ""
        var options = ""
        var status = ""
        if isLoadBalancer {
            options = """
                , "type": "LoadBalancer", "externalTrafficPolicy": "Local", \
                "healthCheckNodePort": \(healthCheckNodePort), "loadBalancerSourceRanges": ["\(Self.sourceRange)"]
                """
            status = "\"loadBalancer\": {\"ingress\": [{\"ip\": \"\(loadBalancerIP)\"}]}"
        } else if isNodePort {
            options = ", \"type\": \"NodePort\""
        }
        if hasAffinity { options += ", \"sessionAffinity\": \"ClientIP\"" }
        return """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "\(name)", "namespace": "\(namespace)"}, \
            "spec": {"clusterIP": "\(clusterIP)", "ports": [{"name": "\(Self.portName)", "port": \(Self.port), \
            "protocol": "TCP", "targetPort": \(Self.targetPort)\(nodePort)}]\(options)}, "status": {\(status)}}

            """
    }

    fileprivate func json(_ slice: Range<Int>) -> String {
        let endpoints = slice.map { endpoint in
            """
            {"addresses": ["\(address(ofEndpoint: endpoint))"], "nodeName": "\(nodeName(ofEndpoint: endpoint))", \
            "conditions": {"ready": true}}
            """
        }
        return """
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "\(sliceName(slice))", \
            "namespace": "\(namespace)", "labels": {"kubernetes.io/service-name": "\(name)"}}, "addressType": "IPv4", \
            "ports": [{"name": "\(Self.portName)", "port": \(Self.targetPort), "protocol": "TCP"}], \
            "endpoints": [\(endpoints.joined(separator: ", "))]}

            """
    }
}
