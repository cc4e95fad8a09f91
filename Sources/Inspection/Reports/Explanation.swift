// SPDX-License-Identifier: Apache-2.0

/// `explain`: everything that is known of a Service, a chain, or an address.
package struct ExplanationInquiry: Inquiry {
    package static let path = "/v1/explain"
    package static let parameterNames: [String] = ["subject", "namespace"]
    package static let needs: InquiryNeeds = [.rules, .counters]

    /// A Service as `NAMESPACE/NAME`, `service/NAME` or `NAME`, the name of a chain, an address, or an address and port.
    package var subject: String
    /// The namespace of a name without one; `nil` for `default`.
    package var namespace: String?

    package init(_ subject: String, namespace: String? = nil) {
        self.subject = subject
        self.namespace = namespace
    }

    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        guard let subject = parameters["subject"], !subject.isEmpty else {
            throw .invalid("missing parameter \"subject\": a Service, a chain, or an address and port")
        }
        self.init(subject, namespace: parameters["namespace"])
    }

    package var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append("subject", subject)
        parameters.append("namespace", namespace)
        return parameters
    }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        let found = try SubjectSearch(state).find(self)
        return Explanation(
            subject: subject, matches: found.matches, services: found.services.map { state.explain($0) })
    }
}

/// Everything that is known of what was asked for.
package struct Explanation: Report, Hashable {
    package var apiVersion = ReportVersion.current
    package var kind = "Explanation"
    package var subject: String
    /// What the subject is: nothing for a Service, one sentence for each meaning of a chain or an address.
    package var matches: [String]
    package var services: [ExplainedService]

    package init(subject: String, matches: [String], services: [ExplainedService]) {
        self.subject = subject
        self.matches = matches
        self.services = services
    }
}

/// A Service, with both families.
package struct ExplainedService: Sendable, Hashable, Codable {
    package var namespace: String
    package var name: String
    /// `spec.type`; `nil` if the Service cannot be read.
    package var type: String?
    /// The file of the manifest and the line in it; `nil` for a Service of a cluster.
    package var origin: String?
    /// What is wrong with the Service as a whole, and why families have no rules.
    package var findings: [String]
    package var ports: [ExplainedPort]
}

/// A port of a Service in one family.
package struct ExplainedPort: Sendable, Hashable, Codable {
    /// An address that clients use, and what becomes of their connections.
    package struct FrontEnd: Sendable, Hashable, Codable {
        /// `cluster IP`, `external IP`, `load balancer IP`, `node port` or `health check node port`.
        package var kind: String
        /// The address; `nil` for a port of the node.
        package var address: String?
        package var port: UInt16
        /// An address of this node on which a node port answers, as the destination of a trace; `nil` for other front ends.
        package var nodeAddress: String?
        /// The traffic policy.
        package var policy: String?
        /// What becomes of a connection.
        package var outcome: String
    }

    /// A rule, as iptables-save prints it.
    package struct Rule: Sendable, Hashable, Codable {
        package var table: String
        package var rule: String
    }

    /// The port as `get services` has it.
    package var service: ServiceItem
    package var frontEnds: [FrontEnd]
    package var endpoints: [EndpointItem]
    /// What hints lead to; `nil` if there are none.
    package var hints: String?
    /// Why endpoints are missing, and which are excluded.
    package var findings: [String]
    /// The chains that belong to this port alone.
    package var chains: [String]
    package var rules: [Rule]
}
