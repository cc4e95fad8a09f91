// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import Monitoring
import NetworkTypes
import ServiceModel
import Testing

@Suite("The health of a Service for load balancers") struct ServiceHealthTests {
    private func entry(_ servicePort: ServicePort, _ endpoints: Endpoint...) -> ServicePortEndpoints {
        ServicePortEndpoints(servicePort: servicePort, endpoints: endpoints)
    }

    @Test("distinct ready addresses of this node are counted, over all ports of the Service")
    func count() {
        let found = ServiceHealth.all(
            [
                entry(
                    .sample("web", port: "http", healthCheckNodePort: 31000), .sample(1, node: "here"),
                    .sample(2, node: "here"), .sample(3, node: "there"), .sample(4, node: nil)),
                entry(
                    .sample("web", port: "https", healthCheckNodePort: 31000), .sample(2, node: "here", port: 8443),
                    .sample(5, node: "here", [.serving, .terminating], port: 8443),
                    .sample(6, node: "here", [], port: 8443)),
                entry(.sample("api", healthCheckNodePort: 31001), .sample(7, node: "there")),
                entry(.sample("inside"), .sample(8, node: "here")),
            ], nodeName: "here")
        #expect(
            found == [
                ServiceHealth(service: ServiceName(name: "api"), port: 31001, localEndpoints: 0),
                ServiceHealth(service: ServiceName(name: "web"), port: 31000, localEndpoints: 2),
            ])
    }

    @Test("the answer is kube-proxy's, to the byte")
    func answer() {
        let service = ServiceHealth(service: ServiceName(namespace: "ns", name: "svc"), port: 31000, localEndpoints: 2)
        let answer = service.answer(isProxyHealthy: true)
        #expect(answer.status == 200)
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == "{\n\t\"service\": {\n\t\t\"namespace\": \"ns\",\n\t\t\"name\": \"svc\"\n\t},\n"
                + "\t\"localEndpoints\": 2,\n\t\"serviceProxyHealthy\": true\n}")
        #expect(
            answer.headers.map { "\($0.name): \($0.value)" } == [
                "Content-Type: application/json", "X-Content-Type-Options: nosniff",
                "X-Load-Balancing-Endpoint-Weight: 2",
            ])
    }

    @Test("without local endpoints, or with a proxy that is late, traffic is sent elsewhere")
    func statuses() {
        let name = ServiceName(name: "svc")
        let none = ServiceHealth(service: name, port: 31000, localEndpoints: 0)
        #expect(none.answer(isProxyHealthy: true).status == 503)
        #expect(none.answer(isProxyHealthy: true).header("X-Load-Balancing-Endpoint-Weight") == "0")
        let some = ServiceHealth(service: name, port: 31000, localEndpoints: 1)
        #expect(some.answer(isProxyHealthy: false).status == 503)
        #expect(String(decoding: some.answer(isProxyHealthy: false).body, as: UTF8.self).contains("Healthy\": false"))
    }
}
