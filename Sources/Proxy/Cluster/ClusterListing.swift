// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Logging

/// The objects of a cluster at one time, for a command.
package struct ClusterListing: Sendable {
    /// The objects that can be used.
    package private(set) var objects = ClusterObjects()
    /// What is wrong with those that cannot.
    package private(set) var invalidObjects: [Diagnostic] = []
    private var missingKinds = ClusterSource.kinds

    /// Lists everything that rules depend on.
    ///
    /// - Parameters:
    ///   - logger: gets a line about trouble; it is waited out.
    ///   - limit: how long to wait for complete lists.
    /// - Returns: `nil` if the lists were not complete in time.
    package init?(_ source: ClusterSource, logger: Logger, limit: Duration) async {
        let (updates, deliver) = AsyncStream<ObjectUpdate>.makeStream()
        let listing = Task {
            await source.run(
                logger: logger, diagnostics: ObjectDiagnostics(logger, observer: Observers([])), onContact: { _ in }
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
        case .listed(let kind, let found, let unreadable, _):
            missingKinds.remove(kind)
            for object in found { objects.insert(object) }
            invalidObjects += unreadable.flatMap(\.diagnostics)
        case .changed(let object, _): objects.insert(object)
        case .removed(let kind, let name): objects.remove(kind, name)
        case .unreadable(let object): invalidObjects += object.diagnostics
        case .unreadableFiles: break
        }
    }
}
