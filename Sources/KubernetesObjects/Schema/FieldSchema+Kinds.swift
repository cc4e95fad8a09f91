// SPDX-License-Identifier: Apache-2.0

/// The fields of the objects that are read, of Kubernetes 1.36 (k8s.io/api: core/v1, discovery/v1; apimachinery: meta/v1).
extension FieldSchema {
    /// The fields of an object of a kind.
    static func kind(_ kind: KubernetesObject.Kind) -> FieldSchema {
        switch kind {
        case .service: service
        case .endpointSlice: endpointSlice
        case .endpoints: endpoints
        case .node: node
        }
    }

    /// A list of objects; what its items have depends on their kinds.
    static let objectList = fields(
        "apiVersion kind items",
        ["metadata": fields("selfLink resourceVersion continue remainingItemCount shardInfo")])

    package static let configMap = fields("apiVersion kind data binaryData immutable", ["metadata": metadata])

    private static let metadata = fields(
        """
        name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp \
        deletionGracePeriodSeconds labels annotations finalizers
        """,
        [
            "ownerReferences": .list(fields("apiVersion kind name uid controller blockOwnerDeletion")),
            "managedFields": .list(fields("manager operation apiVersion time fieldsType fieldsV1 subresource")),
        ])

    private static let objectReference = fields("kind namespace name uid apiVersion resourceVersion fieldPath")

    private static let service = fields(
        "apiVersion kind",
        [
            "metadata": metadata,
            "spec": fields(
                """
                selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges \
                externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses ipFamilies \
                ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy \
                trafficDistribution
                """,
                [
                    "ports": .list(fields("name protocol appProtocol port targetPort nodePort")),
                    "sessionAffinityConfig": fields("", ["clientIP": fields("timeoutSeconds")]),
                ]),
            "status": fields(
                "",
                [
                    "loadBalancer": fields(
                        "", ["ingress": .list(fields("ip hostname ipMode", ["ports": .list(portStatus)]))]),
                    "conditions": .list(
                        fields("type status observedGeneration lastTransitionTime reason message")),
                ]),
        ])

    private static let portStatus = fields("port protocol error")

    private static let endpointSlice = fields(
        "apiVersion kind addressType",
        [
            "metadata": metadata,
            "endpoints": .list(
                fields(
                    "addresses hostname deprecatedTopology nodeName zone",
                    [
                        "conditions": fields("ready serving terminating"),
                        "targetRef": objectReference,
                        "hints": fields("", ["forZones": .list(fields("name")), "forNodes": .list(fields("name"))]),
                    ])),
            "ports": .list(fields("name protocol port appProtocol")),
        ])

    private static let endpointAddress = fields("ip hostname nodeName", ["targetRef": objectReference])

    private static let endpoints = fields(
        "apiVersion kind",
        [
            "metadata": metadata,
            "subsets": .list(
                fields(
                    "",
                    [
                        "addresses": .list(endpointAddress), "notReadyAddresses": .list(endpointAddress),
                        "ports": .list(fields("name port protocol appProtocol")),
                    ])),
        ])

    private static let configMapSource = fields(
        "", ["configMap": fields("namespace name uid resourceVersion kubeletConfigKey")])

    private static let node = fields(
        "apiVersion kind",
        [
            "metadata": metadata,
            "spec": fields(
                "podCIDR podCIDRs providerID unschedulable externalID",
                ["taints": .list(fields("key value effect timeAdded")), "configSource": configMapSource]),
            "status": fields(
                "capacity allocatable phase volumesInUse declaredFeatures",
                [
                    "conditions": .list(
                        fields("type status lastHeartbeatTime lastTransitionTime reason message")),
                    "addresses": .list(fields("type address")),
                    "daemonEndpoints": fields("", ["kubeletEndpoint": fields("Port")]),
                    "nodeInfo": fields(
                        """
                        machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion \
                        kubeProxyVersion operatingSystem architecture
                        """, ["swap": fields("capacity")]),
                    "images": .list(fields("names sizeBytes")),
                    "volumesAttached": .list(fields("name devicePath")),
                    "config": fields(
                        "error",
                        ["assigned": configMapSource, "active": configMapSource, "lastKnownGood": configMapSource]),
                    "runtimeHandlers": .list(
                        fields("name", ["features": fields("recursiveReadOnlyMounts userNamespaces")])),
                    "features": fields("supplementalGroupsPolicy"),
                ]),
        ])
}
