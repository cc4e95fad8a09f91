// SPDX-License-Identifier: Apache-2.0

/// The Service `default/web` with one endpoint, as manifests.
enum WebService {
    static func objects(endpoint: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [{addresses: ["\(endpoint)"]}]
        """
    }
}
