// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// The manifests of a directory as they were last read: a file that turns bad keeps its last good objects.
struct ManifestCollection {
    /// What a scan of the directory has found.
    struct Scan {
        /// Whether any file was read, or is gone.
        var hasChanged = false
        /// What is reported about what was read now.
        var diagnostics: [Diagnostic] = []
        /// Files that have changed, and that are still being written to: to be checked again soon.
        var openFiles: [String] = []
        /// The directories that were listed.
        var directories: [String] = []
        /// Whether the directory could be read.
        var isReadable = true
    }

    private struct File {
        var signature: FileSignature
        /// The objects in force.
        var objects: [KubernetesObject]
        /// Whether the file has ever been read without an error.
        var wasGood: Bool
        /// What is wrong with it now.
        var errors: [Diagnostic] = []
        /// Whether it has a list without items: no Services are what was meant.
        var hasEmptyList = false
    }

    private let directory: String
    private var files: [String: File] = [:]
    private var failures: Set<InputFiles.Failure> = []
    private var reportedDuplicates: Set<String> = []

    init(directory: String) { self.directory = directory }

    /// Whether there is neither an object nor an explicit list without items, as in a directory that is not mounted yet.
    var holdsNothing: Bool { files.values.allSatisfy { $0.objects.isEmpty && !$0.hasEmptyList } }

    /// Lists the directory, and reads the files that have changed.
    mutating func scan() -> Scan {
        var scan = Scan()
        var seen: Set<String> = []
        var found: Set<InputFiles.Failure> = []
        let listing = InputFiles.listing(of: directory)
        scan.directories = listing.directories
        for entry in listing.files {
            do throws(InputFiles.Failure) {
                let path = try entry.get()
                seen.insert(path)
                try read(path, &scan)
            } catch {
                found.insert(error)
                if failures.contains(error) { continue }
                scan.diagnostics.append(diagnostic(error))
            }
        }
        for path in Set(failures.map(\.path)).subtracting(found.map(\.path)).sorted() {
            scan.diagnostics.append(Self.recovery(path))
        }
        failures = found
        scan.isReadable = !failures.contains { $0.path == directory }
        guard scan.isReadable else { return scan }
        // What cannot be examined, or is below a directory that cannot, is not gone.
        let hidden = failures.map(\.path)
        for path in files.keys where !seen.contains(path) {
            if hidden.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) { continue }
            files[path] = nil
            scan.hasChanged = true
        }
        return scan
    }

    /// The errors of all files that cannot be used now, and of those that cannot be examined.
    var errors: [Diagnostic] {
        failures.sorted { $0.path < $1.path }.map(diagnostic)
            + files.sorted { $0.key < $1.key }.flatMap(\.value.errors)
    }

    private func diagnostic(_ failure: InputFiles.Failure) -> Diagnostic {
        withConsequence(
            Diagnostic(.error, file: failure.path, message: failure.message),
            isGood: files.contains {
                $0.value.wasGood && ($0.key == failure.path || $0.key.hasPrefix("\(failure.path)/"))
            })
    }

    private func withConsequence(_ diagnostic: Diagnostic, isGood: Bool) -> Diagnostic {
        var diagnostic = diagnostic
        if isGood, diagnostic.severity == .error { diagnostic.message += "; the last good state stays in force" }
        return diagnostic
    }

    private static func recovery(_ path: String) -> Diagnostic {
        Diagnostic(.note, file: path, message: "valid again; its new state takes effect")
    }

    /// All objects in force; of several with one kind and name, that of the file that comes first.
    mutating func objects(_ scan: inout Scan) -> [KubernetesObject] {
        var owners: [ObjectKey: String] = [:]
        var objects: [KubernetesObject] = []
        var duplicates: Set<String> = []
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            for object in file.objects {
                let key = ObjectKey(object)
                guard let owner = owners[key] else {
                    owners[key] = path
                    objects.append(object)
                    continue
                }
                let message = "duplicate of the object in \(owner), which is used; remove one of them"
                if duplicates.insert("\(path) \(key)").inserted, !reportedDuplicates.contains("\(path) \(key)") {
                    scan.diagnostics.append(
                        Diagnostic(
                            .error, origin: object.origin, kind: object.kind.rawValue, name: object.name,
                            message: message))
                }
            }
        }
        reportedDuplicates = duplicates
        return objects
    }

    private struct ObjectKey: Hashable, CustomStringConvertible {
        let kind: KubernetesObject.Kind
        let name: ObjectName

        init(_ object: KubernetesObject) {
            kind = object.kind
            name = object.name
        }

        var description: String { "\(kind.rawValue) \(name)" }
    }

    private mutating func read(_ path: String, _ scan: inout Scan) throws(InputFiles.Failure) {
        guard let signature = FileSignature(path: path), signature != files[path]?.signature else { return }
        guard !FileSignature.isBeingWritten(path) else { return scan.openFiles.append(path) }
        var reader = ManifestReader()
        reader.read(try InputFiles.content(of: path), file: path)
        scan.hasChanged = true
        let known = files[path]
        let diagnostics = reader.log.diagnostics.map { withConsequence($0, isGood: known?.wasGood == true) }
        let errors = diagnostics.filter { $0.severity == .error }
        scan.diagnostics += diagnostics
        if errors.isEmpty {
            if known?.errors.isEmpty == false { scan.diagnostics.append(Self.recovery(path)) }
            files[path] = File(
                signature: signature, objects: reader.objects.all, wasGood: true,
                hasEmptyList: reader.inventory.emptyListCount > 0)
        } else if let known, known.wasGood {
            files[path]?.signature = signature
            files[path]?.errors = errors
        } else {
            // Never good so far: what can be read of it is better than nothing.
            files[path] = File(signature: signature, objects: reader.objects.all, wasGood: false, errors: errors)
        }
    }
}

extension ClusterObjects {
    /// All objects.
    fileprivate var all: [KubernetesObject] {
        services.values.map(KubernetesObject.service) + endpointSlices.values.map(KubernetesObject.endpointSlice)
            + endpoints.values.map(KubernetesObject.endpoints) + nodes.values.map(KubernetesObject.node)
    }
}
