// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import ServiceModel

/// Reads manifests: files, directories and standard input, with YAML and JSON documents and lists in them.
///
/// Reading goes on after an error, so that ``log`` holds everything that is wrong with the input. Objects are made one
/// by one; what an object is not asked for is forgotten at once.
public struct ManifestReader: Sendable {
    /// How many errors a file may have before the rest of it is left unread.
    private static let errorLimit = 1_000
    /// How deep lists may be nested.
    private static let listDepthLimit = 10

    /// The objects that were read without an error.
    public private(set) var objects = ClusterObjects()
    /// What was found wrong or worth knowing.
    public private(set) var log = DiagnosticLog()
    /// What the manifests hold apart from these objects.
    public private(set) var inventory = InputInventory()
    private var unusableServices: Set<ServiceName> = []

    /// A reader without objects.
    public init() {}

    /// Reads everything that `paths` name, and compares the objects with each other.
    ///
    /// - Parameters:
    ///   - paths: files, directories (with everything below them), or `-` for standard input.
    ///   - log: gets all diagnostics; if it has errors afterwards, the objects must not be used.
    public static func read(paths: [String], log: inout DiagnosticLog) -> ClusterObjects {
        let reader = ManifestReader(paths: paths)
        log.add(reader.log)
        return reader.objects
    }

    /// A reader that has read everything that `paths` name, and compared the objects with each other.
    ///
    /// - Parameter paths: files, directories (with everything below them), or `-` for standard input.
    public init(paths: [String]) {
        for path in paths { read(path: path) }
        finish()
    }

    /// Reads a file, a directory with everything below it, or standard input (`-`).
    public mutating func read(path: String) {
        let files = InputFiles.files(at: path)
        if files.isEmpty { inventory.pathsWithoutFiles.append(path) }
        for file in files {
            do throws(InputFiles.Failure) {
                let found = try file.get()
                let content = try InputFiles.content(of: found, allowsPipes: found == path)
                read(content, file: found == InputFiles.standardInput ? "standard input" : found)
            } catch {
                log.add(Diagnostic(.error, file: error.path, message: error.message))
            }
        }
    }

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON, any number of documents.
    ///   - file: the name that messages give it.
    public mutating func read(_ text: [UInt8], file: String) {
        var isEmpty = true
        defer { if isEmpty { inventory.emptyFiles.append(file) } }
        text.withUnsafeBufferPointer { bytes in
            let allowed = log.count(.error) + Self.errorLimit
            DocumentStream.read(bytes, isEnough: { log.count(.error) >= allowed }) { document in
                let origin = ObjectOrigin(file: file, document: document.number, line: document.line)
                switch document.content {
                case .success(let value):
                    if value != .null { isEmpty = false }
                    read(value, list: ListContext(), origin: origin)
                case .failure(let error):
                    isEmpty = false
                    log.add(
                        Diagnostic(
                            .error, file: file, origin: origin, line: error.line, column: error.column,
                            message: error.message))
                }
            }
            if log.count(.error) >= allowed {
                let message = "more than \(Self.errorLimit) errors; the rest of the file was not read"
                log.add(Diagnostic(.error, file: file, message: message))
            }
        }
    }

    /// Compares the objects with each other; to be called once, after everything has been read.
    public mutating func finish() {
        log.add(objects.crossChecks(unusableServices: unusableServices))
    }

    /// The lists around an item, and what the innermost of them declares for all its items.
    private struct ListContext {
        var path: [Int] = []
        var apiVersion: String?
        var kind: String?
    }

    private mutating func read(_ value: DocumentValue, list: ListContext, origin: ObjectOrigin) {
        if value == .null, list.path.isEmpty { return }
        var origin = origin
        if let object = value.object { origin.line = object.line }
        var fields = FieldReader(kind: nil, origin: origin, listPath: list.path)
        defer { log.add(fields.log) }
        guard let object = value.object else {
            fields.error("must be a mapping with apiVersion, kind and metadata, not \(value.summary)")
            return
        }
        let kind = fields.header("kind", of: object, inherited: list.kind, example: "Service")
        let version = fields.header("apiVersion", of: object, inherited: list.apiVersion, example: "v1")
        guard let kind, let version else { return }
        if kind.hasSuffix("List"), let items = object["items"] {
            readList(items, of: object, kind: kind, version: version, list: list, origin: origin)
        } else if kind == "List", version == "v1" {
            inventory.emptyListCount += 1
        } else {
            readObject(object, kind: kind, version: version, list: list, origin: origin)
        }
    }

    private mutating func readList(
        _ items: DocumentValue, of object: DocumentObject, kind: String, version: String, list: ListContext,
        origin: ObjectOrigin
    ) {
        var fields = FieldReader(kind: kind, origin: origin, listPath: list.path)
        defer { log.add(fields.log) }
        fields.warnOfUnknownFields(of: object, schema: .objectList)
        // The items of a ServiceList are Services and need no kind.
        let itemKind = kind == "List" ? nil : String(kind.dropLast("List".count))
        if items == .null || items.array?.isEmpty == true {
            let isKnown = itemKind.map { KubernetesObject.Kind(rawValue: $0) != nil } ?? true
            if isKnown { inventory.emptyListCount += 1 } else { inventory.otherKinds[kind, default: 0] += 1 }
        }
        guard items != .null else { return }
        guard list.path.count < Self.listDepthLimit else {
            fields.error("lists are nested more than \(Self.listDepthLimit) levels deep")
            return
        }
        guard let items = items.array else {
            fields.atField("items", of: object) { $0.error("must be a list, not \(items.summary)") }
            return
        }
        let allowed = log.count(.error) + Self.errorLimit
        for (index, item) in items.enumerated() where log.count(.error) < allowed {
            let context = ListContext(
                path: list.path + [index], apiVersion: itemKind == nil ? nil : version, kind: itemKind)
            read(item, list: context, origin: origin)
        }
    }

    private mutating func readObject(
        _ document: DocumentObject, kind: String, version: String, list: ListContext, origin: ObjectOrigin
    ) {
        guard let known = KubernetesObject.Kind(rawValue: kind), known.apiVersion == version else {
            inventory.otherKinds[kind, default: 0] += 1
            log.add(Self.ignored(document, kind: kind, version: version, origin: origin))
            return
        }
        var fields = FieldReader(
            kind: kind, origin: origin, listPath: list.path, isWarnedEnough: log.isFull(.warning))
        let object = KubernetesObject(document, kind: known, fields: &fields)
        fields.warnOfUnknownFields(of: document, schema: .kind(known))
        if let object {
            insert(object, &fields)
        } else if known == .service, let name = fields.name {
            unusableServices.insert(ServiceName(name))
        }
        log.add(fields.log)
        if fields.uncollectedWarnings > 0 { log.count(more: fields.uncollectedWarnings, .warning) }
    }

    private mutating func insert(_ object: KubernetesObject, _ fields: inout FieldReader) {
        guard let earlier = objects.object(object.kind, object.name) else {
            objects.insert(object)
            return
        }
        let place = "\(MessageText.escaped(earlier.origin.file)), document \(earlier.origin.document)"
        fields.error("the same object is in \(place), line \(earlier.origin.line); remove one of them")
    }

    /// Why an object is not read: it is of another kind, or of another version of a known kind.
    private static func ignored(
        _ document: DocumentObject, kind: String, version: String, origin: ObjectOrigin
    ) -> Diagnostic {
        let metadata = document["metadata"]?.object
        let name = metadata?["name"]?.string.map { name in
            ObjectName(namespace: metadata?["namespace"]?.string ?? "", name: name)
        }
        var diagnostic = Diagnostic(
            .note, file: origin.file, origin: origin, line: origin.line, kind: kind, name: name,
            message: "ignored: only Service, EndpointSlice, Endpoints and Node are read")
        if let known = KubernetesObject.Kind(rawValue: kind), group(version) == group(known.apiVersion) {
            diagnostic.severity = .warning
            diagnostic.field = "apiVersion"
            diagnostic.message =
                "unsupported version \(MessageText.quoted(version)) (supported: \(known.apiVersion)); the object is ignored"
        }
        return diagnostic
    }

    /// The API group of `group/version`; empty for the core group, whose versions stand alone.
    private static func group(_ version: String) -> Substring {
        version.lastIndex(of: "/").map { version[..<$0] } ?? ""
    }
}

extension FieldReader {
    /// Reads `kind` or `apiVersion`, which an item of a typed list need not have.
    fileprivate mutating func header(
        _ key: String, of object: DocumentObject, inherited: String?, example: String
    ) -> String? {
        if let inherited, object[key] == nil || object[key] == .null { return inherited }
        return required(key, of: object, need: "that of a Kubernetes object, such as \(example)") { fields, value in
            guard let text = fields.text(value) else { return nil }
            if text.isEmpty { fields.error("is empty; it must be that of a Kubernetes object, such as \(example)") }
            return text.isEmpty ? nil : text
        }
    }
}
