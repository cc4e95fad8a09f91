import KubernetesObjects

/// The manifests of a directory as they were last read: a file that turns bad keeps its last good objects.
struct ManifestCollection {
    /// What a look at the directory brought.
    struct Scan {
        /// Whether any file was read, or is gone.
        var hasChanged = false
        /// What there is to tell about what was read now.
        var diagnostics: [Diagnostic] = []
        /// Whether somebody is writing to a file, so that it should be looked at again soon.
        var hasOpenFiles = false
        /// The directories in which the files are.
        var directories: Set<String> = []
        /// Whether the directory could be read.
        var isReadable = true
    }

    private struct File {
        var signature: FileSignature
        /// The objects in force.
        var objects: [KubernetesObject]
        /// Whether the file has ever been read without an error.
        var wasGood: Bool
    }

    private let directory: String
    private var files: [String: File] = [:]
    private var lastFailure: String?
    private var reportedDuplicates: Set<String> = []

    init(directory: String) { self.directory = directory }

    /// Looks at the directory, and reads the files that have changed.
    mutating func scan() -> Scan {
        var scan = Scan()
        var seen: Set<String> = []
        for entry in InputFiles.files(at: directory) {
            switch entry {
            case .success(let path):
                seen.insert(path)
                read(path, &scan)
            case .failure(let failure):
                fail(failure, &scan)
                seen.insert(failure.path)
            }
        }
        guard scan.isReadable else { return scan }
        lastFailure = nil
        for path in files.keys where !seen.contains(path) {
            files[path] = nil
            scan.hasChanged = true
        }
        for path in seen { scan.directories.insert(Self.directory(of: path)) }
        return scan
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
                let message = "the same object is in \(owner), which counts; remove one of them"
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

    private mutating func read(_ path: String, _ scan: inout Scan) {
        guard let signature = FileSignature(path: path), signature != files[path]?.signature else { return }
        guard !FileSignature.isBeingWritten(path) else {
            scan.hasOpenFiles = true
            return
        }
        var reader = ManifestReader()
        reader.read(path: path)
        scan.hasChanged = true
        scan.diagnostics += reader.log.diagnostics
        let known = files[path]
        if !reader.log.hasErrors {
            files[path] = File(signature: signature, objects: reader.objects.all, wasGood: true)
        } else if let known, known.wasGood {
            files[path]?.signature = signature
        } else {
            // Never good so far: what can be read of it is better than nothing.
            files[path] = File(signature: signature, objects: reader.objects.all, wasGood: false)
        }
    }

    /// The directory, or one in it, or a file cannot be read: what was read of it before stays.
    private mutating func fail(_ failure: InputFiles.Failure, _ scan: inout Scan) {
        if failure.path == directory { scan.isReadable = false }
        if lastFailure != "\(failure)" {
            scan.diagnostics.append(Diagnostic(.error, file: failure.path, message: failure.message))
        }
        lastFailure = "\(failure)"
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

extension ClusterObjects {
    /// All objects.
    fileprivate var all: [KubernetesObject] {
        services.values.map(KubernetesObject.service) + endpointSlices.values.map(KubernetesObject.endpointSlice)
            + endpoints.values.map(KubernetesObject.endpoints) + nodes.values.map(KubernetesObject.node)
    }
}
