// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import TestSupport
import Testing

@Suite("Input without objects") struct InputInventoryTests {
    private func inventory(_ texts: String...) -> InputInventory {
        var reader = ManifestReader()
        for (index, text) in texts.enumerated() { reader.read(Array(text.utf8), file: "\(index + 1).yaml") }
        return reader.inventory
    }

    @Test(
        "is described by what was found",
        arguments: [
            ([""], "1.yaml is empty"), (["---\n# nothing\n---\n", "\n"], "1.yaml, 2.yaml are empty"),
            (
                ["{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod}", ""],
                "only objects of other kinds: 2 Pod; 2.yaml is empty"
            ),
            (["{apiVersion: v1, kind: SecretList, items: []}"], "only objects of other kinds: 1 SecretList"),
            (["", "", "", "", "", "", ""], "1.yaml, 2.yaml, 3.yaml, 4.yaml, 5.yaml and 2 more are empty"),
        ])
    func description(texts: [String], description: String) {
        var reader = ManifestReader()
        for (index, text) in texts.enumerated() { reader.read(Array(text.utf8), file: "\(index + 1).yaml") }
        #expect("\(reader.inventory)" == description)
        #expect(reader.objects.isEmpty)
        #expect(reader.inventory.emptyListCount == 0)
    }

    @Test(
        "can be an explicit list without items",
        arguments: [
            "{apiVersion: v1, kind: List, items: []}", "{apiVersion: v1, kind: List, items: null}",
            "{apiVersion: v1, kind: List}", "{apiVersion: v1, kind: ServiceList, items: []}",
        ])
    func explicitList(text: String) {
        #expect(inventory(text).emptyListCount == 1)
        #expect(inventory(text).emptyFiles.isEmpty)
    }

    @Test("can be a directory without manifests")
    func directory() throws {
        let folder = try TemporaryFolder()
        let reader = ManifestReader(paths: [folder.path])
        #expect("\(reader.inventory)" == "no .yaml, .yml or .json file in \(folder.path)")
    }
}
