// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// The manifests of a directory as they were last read: a file that turns bad keeps its last good objects, and what vanishes
/// counts when that has lasted.
struct ManifestCollection {
    typealias Instant = ContinuousClock.Instant

    /// What a scan of the directory has found.
    struct Scan {
        /// Whether other objects are in force than before, or may be.
        var hasChanged = false
        /// What is reported about what was read now.
        var diagnostics: [Diagnostic] = []
        /// Files that have changed, and that are still being written to: to be checked again soon.
        var openFiles: [String] = []
        /// The directories that were listed.
        var directories: [String] = []
        /// Whether the directory could be read.
        var isReadable = true
        /// Whether a file has had no document for a shorter time than counts.
        var hasNewEmptyFile = false
        /// When time alone changes something; `nil` if it does not.
        var nextCheck: Instant?
    }

    private struct File {
        var signature: FileSignature
        /// The objects that were read from it last without an error.
        var objects: [KubernetesObject]
        /// Whether the file has ever been read without an error.
        var wasGood: Bool
        /// What is wrong with it now: errors, and warnings.
        var findings: [Diagnostic] = []
        var errors: [Diagnostic] { findings.filter { $0.severity == .error } }
        /// Whether it has a list without items: no Services are what was meant.
        var hasEmptyList = false
        /// Since when it has had no document; `nil` if it has one.
        var emptySince: Instant?
        /// What it held before it was cut off, or else what it holds; `nil` for large files.
        var reference: [UInt8]?
        /// Whether it holds the beginning of the reference.
        var isTruncated = false
        /// How much it holds.
        var size = 0
    }

    /// The largest file whose content is kept, in bytes, to recognize that it is cut off within an object.
    private static let referenceLimit = 1 << 20
    /// How many objects a message names.
    private static let namedObjects = 5

    private let directory: String
    private let removalDelay: Duration
    private let allowsEmpty: Bool
    private var files: [String: File] = [:]
    /// The files that are gone, as long as their objects still count.
    private var missingFiles: [String: File] = [:]
    private var failures: Set<InputFiles.Failure> = []
    private var reportedDuplicates: Set<String> = []
    private var departures: ObjectDepartures
    private var unread: UnreadFiles
    /// Since when the directory has had no manifest, after it had some.
    private var emptiedSince: Instant?

    /// - Parameters:
    ///   - allowsEmpty: whether all objects are gone when the directory has no manifest any more; otherwise it counts as
    ///     unreadable then.
    ///   - removalDelay: how long an object must be missing before it counts as gone.
    init(directory: String, allowsEmpty: Bool = false, removalDelay: Duration = .zero) {
        self.directory = directory
        self.allowsEmpty = allowsEmpty
        self.removalDelay = removalDelay
        departures = ObjectDepartures(delay: removalDelay)
        unread = UnreadFiles(delay: removalDelay)
    }

    /// Whether there is neither an object nor an explicit list without items, as in a directory that is not mounted yet.
    var holdsNothing: Bool { files.values.allSatisfy { $0.objects.isEmpty && !$0.hasEmptyList } }

    /// Lists the directory, and reads the files that have changed.
    mutating func scan(at now: Instant = .now) -> Scan {
        var scan = Scan()
        var seen: Set<String> = []
        var found: Set<InputFiles.Failure> = []
        let listing = InputFiles.listing(of: directory)
        scan.directories = listing.directories
        followEmptiness(isEmpty: listing.files.isEmpty, at: now)
        let isLost = emptiedSince.map { $0 + removalDelay <= now } ?? false
        for entry in listing.files + (isLost ? [.failure(.withoutManifests(directory))] : []) {
            do throws(InputFiles.Failure) {
                let path = try entry.get()
                seen.insert(path)
                try read(path, &scan, at: now)
            } catch {
                found.insert(error)
                if failures.contains(error) { continue }
                scan.diagnostics.append(diagnostic(error))
            }
        }
        scan.isReadable = emptiedSince == nil && !found.contains { $0.path == directory }
        guard scan.isReadable else {
            let paths = Set(found.map(\.path))
            failures = failures.filter { !paths.contains($0.path) }.union(found)
            departures.postpone(to: now)
            unread.postpone(to: now)
            scan.nextCheck = emptiedSince.map { $0 + removalDelay }.flatMap { $0 > now ? $0 : nil }
            return scan
        }
        for path in Set(failures.map(\.path)).subtracting(found.map(\.path)).sorted() {
            scan.diagnostics.append(Self.recovery(path))
        }
        failures = found
        forgetFiles(except: seen, &scan)
        unread.update(errorsOfUnreadFiles, at: now)
        followDepartures(&scan, at: now)
        return scan
    }

    /// Takes note of when the directory lost its last manifest: something empty may have been mounted over it.
    ///
    /// Editors replace the only file in such steps too, so that it counts when it has lasted.
    private mutating func followEmptiness(isEmpty: Bool, at now: Instant) {
        let isEmptied = isEmpty && !allowsEmpty && !files.isEmpty
        emptiedSince = isEmptied ? emptiedSince ?? now : nil
    }

    /// Forgets the files that are gone; what cannot be examined, or is below a directory that cannot, is not.
    private mutating func forgetFiles(except seen: Set<String>, _ scan: inout Scan) {
        let hidden = failures.map(\.path)
        for path in files.keys where !seen.contains(path) {
            if hidden.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) { continue }
            missingFiles[path] = files.removeValue(forKey: path)
            scan.hasChanged = true
        }
    }

    /// Takes note of objects that are missing, and reports those that have been for long enough.
    private mutating func followDepartures(_ scan: inout Scan, at now: Instant) {
        if scan.hasChanged {
            let truncated = Set(files.filter(\.value.isTruncated).map(\.key))
            departures.update(presentObjects, truncated: truncated, at: now)
        }
        for (path, keys) in departures.expire(at: now).sorted(by: { $0.key < $1.key }) {
            scan.hasChanged = true
            if let departure = departure(of: keys, from: path) { scan.diagnostics.append(departure) }
        }
        missingFiles = missingFiles.filter { departures.concern($0.key) }
        for (path, file) in files where file.isTruncated && !departures.concern(path) {
            files[path]?.reference = file.reference.map { Array($0.prefix(file.size)) }
            files[path]?.isTruncated = false
        }
        let emptySince = files.values.compactMap(\.emptySince).filter { $0 + removalDelay > now }
        scan.hasNewEmptyFile = !emptySince.isEmpty
        scan.nextCheck = [departures.nextExpiry, unread.nextExpiry, emptySince.min().map { $0 + removalDelay }]
            .compactMap(\.self).min()
    }

    private var presentObjects: [ObjectKey: ObjectDepartures.Place] {
        var present: [ObjectKey: ObjectDepartures.Place] = [:]
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            for object in file.objects where present[ObjectKey(object)] == nil {
                present[ObjectKey(object)] = ObjectDepartures.Place(object: object, path: path)
            }
        }
        return present
    }

    /// A warning if a file has lost its last object; `nil` if it has others: then its author has it in hand.
    private func departure(of keys: [ObjectKey], from path: String) -> Diagnostic? {
        guard files[path]?.objects.isEmpty ?? true else { return nil }
        let order = KubernetesObject.Kind.allCases
        func rank(_ key: ObjectKey) -> Int { order.firstIndex(of: key.kind) ?? order.count }
        let names = keys.sorted { (rank($0), $0.name) < (rank($1), $1.name) }.map(\.description)
        let more = names.count - Self.namedObjects
        let list =
            names.prefix(Self.namedObjects).joined(separator: ", ") + (more > 0 ? " and \(more) more objects" : "")
        let time = DurationText.text(removalDelay)
        let message =
            files[path] == nil
            ? "missing for \(time); removed: \(list)" : "without any object for \(time); removed: \(list)"
        return Diagnostic(.warning, file: path, message: message)
    }

    /// The errors of all files that cannot be used now, and of those that cannot be examined; and warnings about all others.
    var findings: [Diagnostic] {
        failures.sorted { $0.path < $1.path }.map(diagnostic)
            + files.sorted { $0.key < $1.key }.flatMap(\.value.findings)
    }

    /// The errors of the files that could never be read completely: nobody knows what they hold.
    var errorsSinceTheStart: [Diagnostic] { unread.errors }

    private var errorsOfUnreadFiles: [String: [Diagnostic]] {
        var errors = files.filter { !$0.value.wasGood && !$0.value.errors.isEmpty }.mapValues(\.errors)
        for failure in failures where !wasGood(failure.path) {
            errors[failure.path, default: []].append(diagnostic(failure))
        }
        return errors
    }

    /// Whether a file, or any below a directory, has been read without an error.
    private func wasGood(_ path: String) -> Bool {
        files.merging(missingFiles) { $1 }.contains {
            $0.value.wasGood && ($0.key == path || $0.key.hasPrefix("\(path)/"))
        }
    }

    private func diagnostic(_ failure: InputFiles.Failure) -> Diagnostic {
        withConsequence(
            Diagnostic(.error, file: failure.path, message: failure.message), isGood: wasGood(failure.path))
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
        var missing = departures.objects
        var owners: [ObjectKey: String] = [:]
        var objects: [KubernetesObject] = []
        var duplicates: Set<String> = []
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            for object in file.objects {
                let key = ObjectKey(object)
                guard let owner = owners[key] else {
                    owners[key] = path
                    objects.append(missing.removeValue(forKey: key) ?? object)
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
        return objects + missing.values
    }

    private mutating func read(_ path: String, _ scan: inout Scan, at now: Instant) throws(InputFiles.Failure) {
        guard let signature = FileSignature(path: path), signature != files[path]?.signature else { return }
        guard !FileSignature.isBeingWritten(path) else { return scan.openFiles.append(path) }
        let content = try InputFiles.content(of: path)
        var reader = ManifestReader()
        reader.read(content, file: path)
        scan.hasChanged = true
        let known = files[path] ?? missingFiles.removeValue(forKey: path)
        let diagnostics = reader.log.diagnostics.map { withConsequence($0, isGood: known?.wasGood == true) }
        let errors = diagnostics.filter { $0.severity == .error }
        scan.diagnostics += diagnostics
        let findings = diagnostics.filter { $0.severity != .note }
        if errors.isEmpty {
            if known?.errors.isEmpty == false { scan.diagnostics.append(Self.recovery(path)) }
            var file = File(
                signature: signature, objects: reader.objects.all, wasGood: true, findings: findings,
                hasEmptyList: reader.inventory.emptyListCount > 0)
            file.emptySince = reader.inventory.emptyFiles.isEmpty ? nil : known?.emptySince ?? now
            file.size = content.count
            let reference = known?.reference
            file.isTruncated = reference.map { $0.count > content.count && $0.starts(with: content) } ?? false
            file.reference =
                file.isTruncated ? reference : content.count <= Self.referenceLimit ? content : nil
            files[path] = file
        } else if var known, known.wasGood {
            known.signature = signature
            // The warnings are about what is in force.
            known.findings = errors + known.findings.filter { $0.severity == .warning }
            files[path] = known
        } else {
            // Never good so far: what can be read of it is better than nothing, and what cannot be read may be behind rules
            // in the kernel (``errorsSinceTheStart``).
            files[path] = File(signature: signature, objects: reader.objects.all, wasGood: false, findings: findings)
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
