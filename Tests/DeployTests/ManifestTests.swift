// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The manifests for a cluster, as they are written.
@Suite struct ManifestTests {
    private static let folder = "kubernetes"

    private func daemonSet() throws -> DaemonSet { try Deploy.yaml("kubernetes/daemon-set.yaml") }

    @Test func theKustomizationNamesEveryFileAndTheProgramsVersion() throws {
        let kustomization: Kustomization = try Deploy.yaml("kubernetes/kustomization.yaml")
        let files = try FileManager.default.contentsOfDirectory(
            atPath: Deploy.folder.appending(path: Self.folder).path)
        let manifests = files.filter { $0.hasSuffix(".yaml") && $0 != "kustomization.yaml" }
        #expect(kustomization.resources?.sorted() == manifests.sorted())
        for file in manifests {
            let object: NamedObject = try Deploy.yaml("\(Self.folder)/\(file)")
            #expect(object.metadata.name == "kubetables", "\(file)")
            // What belongs to the cluster as a whole is in no namespace.
            let namespace = object.kind.hasPrefix("Cluster") ? nil : "kube-system"
            #expect(object.metadata.namespace == namespace, "\(file)")
        }
        let version = try Subprocess.check([Repository.tool, "--version"])
        let image = try #require(kustomization.images?.first)
        #expect(version.contains(image.newTag), "the image's tag is \(image.newTag), the program's version \(version)")
        #expect(try daemonSet().pod.containers?.map(\.image) == [image.name])
    }

    @Test func theContainerHasTwoCapabilitiesAndNoWayToMore() throws {
        let pod = try daemonSet().pod
        #expect(pod.initContainers == nil)
        #expect(pod.hostPID != true && pod.hostIPC != true)
        let container = try #require(pod.containers?.first)
        #expect(pod.containers?.count == 1)
        let security = try #require(container.securityContext)
        #expect(security.privileged == false)
        #expect(security.allowPrivilegeEscalation == false)
        #expect(security.readOnlyRootFilesystem == true)
        #expect(security.capabilities?.drop == ["ALL"])
        #expect(security.capabilities?.add == ["NET_ADMIN", "NET_RAW"])
    }

    @Test func aNodeIsServedBeforeAnythingElseRunsThere() throws {
        let pod = try daemonSet().pod
        #expect(pod.hostNetwork == true)
        #expect(pod.priorityClassName == "system-node-critical")
        #expect(pod.tolerations == [["operator": "Exists"]])
    }

    @Test func everyMountHasItsVolume() throws {
        let patch: DaemonSet = try Deploy.yaml("kubernetes/node-setup/init-containers.yaml")
        let pod = try daemonSet().pod
        let own = Set((pod.volumes ?? []).map(\.name))
        let patched = own.union((patch.pod.volumes ?? []).map(\.name))
        #expect(Set(pod.containers?.first?.volumeMounts?.map(\.name) ?? []) == own)
        let mounts = (patch.pod.initContainers ?? []).flatMap { $0.volumeMounts ?? [] }
        #expect(!mounts.isEmpty)
        for mount in mounts {
            #expect(patched.contains(mount.name), "\(mount.name)")
            #expect(mount.readOnly == true, "\(mount.name)")
        }
    }

    @Test func theAccountIsTheOneThatTheRoleIsGivenTo() throws {
        let binding: ClusterRoleBinding = try Deploy.yaml("kubernetes/cluster-role-binding.yaml")
        let role: ClusterRole = try Deploy.yaml("kubernetes/cluster-role.yaml")
        let account: NamedObject = try Deploy.yaml("kubernetes/service-account.yaml")
        #expect(binding.roleRef == .init(kind: "ClusterRole", name: role.metadata.name, namespace: nil))
        #expect(
            binding.subjects
                == [.init(kind: "ServiceAccount", name: account.metadata.name, namespace: account.metadata.namespace)])
        #expect(try daemonSet().pod.serviceAccountName == account.metadata.name)
    }

    @Test func aFirstTryIsKeptToTheNodesWithItsLabel() throws {
        let component: Kustomization = try Deploy.yaml("kubernetes/one-node/kustomization.yaml")
        #expect(component.kind == "Component")
        #expect(component.patches?.map(\.path) == ["node-selector.yaml"])
        let patch: DaemonSet = try Deploy.yaml("kubernetes/one-node/node-selector.yaml")
        let target = try daemonSet()
        #expect(patch.metadata.name == target.metadata.name)
        #expect(patch.metadata.namespace == target.metadata.namespace)
        #expect(patch.pod.nodeSelector == ["kubetables": "try"])
        #expect(patch.pod.containers == nil && patch.pod.initContainers == nil)
    }

    /// Only what a container without privileges cannot do is left to those that run before it.
    @Test func whatPreparesTheNodeChangesNothingElse() throws {
        let component: Kustomization = try Deploy.yaml("kubernetes/node-setup/kustomization.yaml")
        #expect(component.kind == "Component")
        #expect(component.patches?.map(\.path) == ["init-containers.yaml"])
        let patch: DaemonSet = try Deploy.yaml("kubernetes/node-setup/init-containers.yaml")
        let target = try daemonSet()
        #expect(patch.metadata.name == target.metadata.name)
        #expect(patch.metadata.namespace == target.metadata.namespace)
        #expect(patch.pod.containers == nil)
        #expect(patch.pod.initContainers?.map(\.name) == ["load-modules", "set-parameters"])
        #expect(patch.pod.initContainers?.map(\.securityContext?.privileged) == [nil, true])
        #expect(patch.pod.initContainers?.allSatisfy { $0.securityContext?.readOnlyRootFilesystem == true } == true)
        #expect(patch.pod.initContainers?.allSatisfy { $0.image == "kubetables" } == true)
    }

    @Test("the container is restarted when it hangs, and ready when its rules are in force")
    func probes() throws {
        let container = try #require(try daemonSet().pod.containers?.first)
        #expect(container.livenessProbe?.httpGet.path == "/livez")
        #expect(container.readinessProbe?.httpGet.path == "/readyz")
        #expect(container.livenessProbe?.httpGet.port == 10256 && container.readinessProbe?.httpGet.port == 10256)
    }
}
