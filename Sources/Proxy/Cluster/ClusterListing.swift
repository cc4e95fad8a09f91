// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Logging

/// The objects of a cluster at one time, for a command.
package struct ClusterListing: Sendable {
    /// The objects that can be used.
    package private(set) var objects = ClusterObjects()
    private var findingsByObject: [ObjectKey: [Diagnostic]] = [:]
    private var missingKinds = ClusterSource.kinds

    /// Lists everything that rules depend on.
    ///
    /// - Parameters:
    ///   - logger: gets a line about trouble; it is waited out.
    ///   - limit: how long to wait for complete lists.
    /// - Returns: `nil` if the lists were not complete in time.
    package init?(_ source: ClusterSource, logger: Logger, limit: Duration) async {
        let (updates, deliver) = AsyncStream<ObjectUpdate>.makeStream()
        // What is wrong with objects is in ``findings``; that it stays in force is true of a loop only.
        let silent = Logger(label: logger.label) { _ in SwiftLogNoOpLogHandler() }
        let listing = Task {
            await source.run(
                logger: logger, diagnostics: ObjectDiagnostics(silent, observer: Observers([])), onContact: { _ in }
            ) { for update in $0 { deliver.yield(update) } }
        }
        let clock = Task {
            try? await Task.sleep(for: limit)
            deliver.finish()
        }
        for await update in updates {
            take(update)
            if missingKinds.isEmpty { break }
        }
        clock.cancel()
        listing.cancel()
        await listing.value
        if !missingKinds.isEmpty { return nil }
    }

    private mutating func take(_ update: ObjectUpdate) {
        switch update {
        case .listed(let kind, let found, let unreadable, let remarks):
            missingKinds.remove(kind)
            for object in found { objects.insert(object) }
            for (name, remarks) in Dictionary(grouping: remarks, by: { $0.name ?? ObjectName(name: "") }) {
                findingsByObject[ObjectKey(kind: kind, name: name)] = remarks
            }
            for object in unreadable { take(object) }
        case .changed(let object, let remarks):
            objects.insert(object)
            findingsByObject[ObjectKey(object)] = remarks
        case .removed(let kind, let name):
            objects.remove(kind, name)
            findingsByObject[ObjectKey(kind: kind, name: name)] = nil
        case .unreadable(let object): take(object)
        case .unreadableFiles: break
        }
    }

    private mutating func take(_ object: UnreadableObject) {
        findingsByObject[ObjectKey(kind: object.kind, name: object.name)] = object.diagnostics
    }

    /// What is wrong with objects that cannot be used, and warnings about the others.
    package var findings: [Diagnostic] {
        findingsByObject.sorted { $0.key < $1.key }.flatMap(\.value).filter { $0.severity != .note }
    }
}
