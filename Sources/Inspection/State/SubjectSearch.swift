// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Messages
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Finds the Services that a word means: a name, a chain, or an address.
struct SubjectSearch {
    private let state: InspectedState

    init(_ state: InspectedState) { self.state = state }

    /// - Returns: the Services, and what the subject is if it is not the name of a Service.
    func find(
        _ inquiry: ExplanationInquiry
    ) throws(InquiryFailure) -> (services: [ServiceName], matches: [String]) {
        let subject = inquiry.subject
        guard !subject.isEmpty else {
            throw .invalid(
                "missing subject: write a Service, the name of a chain, or an address, for example default/web or 10.96.0.10:80"
            )
        }
        if let found = try address(subject) {
            guard !found.services.isEmpty else {
                throw .notFound("no Service and no endpoint has the address \(subject)")
            }
            return found
        }
        if let found = chain(subject) { return found }
        let name = serviceName(subject, namespace: inquiry.namespace)
        let known = state.knownServices
        guard !known.contains(name) else { return ([name], []) }
        if Self.isChainName(subject) { throw unknownChain(subject) }
        let remark = ", and no Service has a chain of that name"
        throw .notFound("\(UnknownService(name, known: known, remark: remark))")
    }

    // MARK: Names

    private static let kindNames: Set<Substring> = ["service", "services", "svc"]

    /// A name as kubectl has it, `service/NAME`, or `NAMESPACE/NAME`; the name of a port behind it is of no importance.
    private func serviceName(_ subject: String, namespace: String?) -> ServiceName {
        let text = subject.prefix { $0 != ":" }
        let parts = text.split(separator: "/", maxSplits: 1)
        let standard = namespace ?? ServiceName.defaultNamespace
        guard parts.count == 2 else { return ServiceName(namespace: standard, name: String(text)) }
        if Self.kindNames.contains(parts[0]) { return ServiceName(namespace: standard, name: String(parts[1])) }
        return ServiceName(namespace: String(parts[0]), name: String(parts[1]))
    }

    // MARK: Chains

    /// Whether a text can only be meant as a chain: names of Services have no capital letters.
    private static func isChainName(_ subject: String) -> Bool {
        !subject.contains("/") && subject.utf8.contains { (0x41...0x5a).contains($0) }
    }

    private func unknownChain(_ subject: String) -> InquiryFailure {
        let shared = state.compilations.contains { compilation in
            let rules = compilation.ruleset(withChainsOf: [])
            return rules.tables.contains { $0.chains.contains { $0.name.description == subject } }
        }
        guard !shared else {
            return .notFound(
                "the chain \(subject) belongs to no single Service, because all Services share it: 'kubetables explain "
                    + "NAMESPACE/NAME -o wide' shows the rules of one")
        }
        return .notFound(
            "no Service has a chain \(MessageText.quoted(subject)) now; chains of endpoints come and go with them: "
                + "'kubetables explain NAMESPACE/NAME' lists the chains of a Service")
    }

    private func chain(_ subject: String) -> (services: [ServiceName], matches: [String])? {
        guard let chain = ChainName(validating: subject) else { return nil }
        for compilation in state.compilations {
            for compiled in compilation.servicePorts {
                for table in RuleLayoutKind.tables where compiled.ownChains(in: table).contains(chain) {
                    let family = compilation.family.kubernetesName
                    return (
                        [compiled.name.serviceName],
                        ["\(chain) is a chain of \(compiled.name) in table \(table.rawValue), \(family)"]
                    )
                }
            }
        }
        return nil
    }

    // MARK: Addresses

    /// An address alone, or with a port and a protocol: `10.96.0.10:80/tcp`.
    private func address(
        _ subject: String
    ) throws(InquiryFailure) -> (services: [ServiceName], matches: [String])? {
        let parts = subject.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = parts.count > 1 ? TransportProtocol(rawValue: parts[1].lowercased()) : nil
        if let problem = WrittenAddress(parts[0]).problem {
            throw .invalid("invalid address \(MessageText.quoted(subject)): \(problem)")
        }
        let bare = IPAddress(String(parts[0]))
        guard parts.count == 1 || transport != nil else {
            guard bare != nil || AddressPort(parts[0]) != nil else { return nil }
            let names = TransportProtocol.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("unsupported protocol \(MessageText.quoted(parts[1])) (supported: \(names))")
        }
        guard let target = AddressPort(String(parts[0])) ?? bare.map({ AddressPort($0, 0) }) else { return nil }
        var services: [ServiceName] = []
        var matches: [String] = []
        for compilation in state.compilations where compilation.family == target.address.family {
            for compiled in compilation.servicePorts where transport.map({ $0 == compiled.name.transport }) ?? true {
                let roles = roles(of: target, compiled, compilation)
                guard !roles.isEmpty else { continue }
                if services.last != compiled.name.serviceName { services.append(compiled.name.serviceName) }
                let place = target.port == 0 ? "\(target.address)" : "\(target)"
                matches += roles.map {
                    "\(place) is \($0) of \(compiled.name)/\(compiled.name.transport.kubernetesName)"
                }
            }
        }
        return (services, matches)
    }

    /// What an address is to a service port; port 0 stands for any.
    private func roles(of target: AddressPort, _ compiled: CompiledServicePort, _ compilation: Compilation) -> [String]
    {
        let servicePort = compiled.servicePort
        var roles: [String] = []
        func matches(_ address: IPAddress, _ port: UInt16) -> Bool {
            address == target.address && (target.port == 0 || target.port == port)
        }
        if matches(servicePort.clusterIP, servicePort.port) { roles.append("the cluster IP") }
        if servicePort.externalIPs.contains(where: { matches($0, servicePort.port) }) { roles.append("an external IP") }
        if servicePort.loadBalancerVIPs.contains(where: { matches($0, servicePort.port) }) {
            roles.append("a load balancer IP")
        }
        let isOfNode = (compilation.nodePortAddresses ?? state.node.addresses).contains(target.address)
        if let nodePort = servicePort.nodePort, isOfNode, nodePort == target.port { roles.append("a node port") }
        if compiled.selection.endpoints.contains(where: { matches($0.address, $0.port) }) {
            roles.append("an endpoint")
        }
        return roles
    }
}
