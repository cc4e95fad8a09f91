// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Decodes the answers of a server.
struct ResourceDecoder {
    let kind: KubernetesObject.Kind

    /// A part of a list.
    struct Page {
        var objects: [KubernetesObject] = []
        var unreadable: [UnreadableObject] = []
        /// Warnings about ``objects``.
        var remarks: [Diagnostic] = []
        /// The version of the list, from which a watch can go on.
        var resourceVersion = ""
        /// What to ask the next part with; empty at the end.
        var continuation = ""
    }

    /// The meaning of a line of a watch.
    enum Step {
        /// An object changed, and with it the version that the watch is at.
        case update(ObjectUpdate, resourceVersion: String)
        /// Nothing changed up to a version.
        case bookmark(resourceVersion: String)
        /// The server ends the watch.
        case ended(APIStatus)
    }

    /// Reads a page of a list.
    func page(_ json: [UInt8]) throws(APIFailure) -> Page {
        var page = Page()
        var hasNameless = false
        let read = json.withUnsafeBufferPointer { bytes -> Result<APIAnswerReader.List, DocumentError> in
            Result { () throws(DocumentError) in
                try APIAnswerReader.list(bytes) { item in
                    switch object(item) {
                    case .success(let readable):
                        page.objects.append(readable.object)
                        page.remarks += readable.remarks
                    case .failure(.unreadable(let object)): page.unreadable.append(object)
                    case .failure(.nameless): hasNameless = true
                    }
                }
            }
        }
        let answer: APIAnswerReader.List
        do throws(DocumentError) { answer = try read.get() } catch { throw Self.invalidAnswer(error, json) }
        let list = answer.members
        try check(list, kind: "\(kind.rawValue)List")
        // Taken for an empty list, it would withdraw everything. Go writes an empty list as null.
        guard answer.hasItems || list["items"] == .null else {
            throw .invalidAnswer("items must be a list, not \(list["items"]?.summary ?? "missing")")
        }
        if hasNameless { throw .invalidAnswer("a list with an object that has no name") }
        let metadata = list["metadata"]?.object
        page.resourceVersion = metadata?["resourceVersion"]?.string ?? ""
        page.continuation = metadata?["continue"]?.string ?? ""
        if page.resourceVersion.isEmpty { throw .invalidAnswer("a list without a resourceVersion") }
        return page
    }

    /// Reads a line of a watch.
    func step(_ line: UnsafeBufferPointer<UInt8>) throws(APIFailure) -> Step {
        let event: DocumentObject
        do throws(DocumentError) {
            event = try APIAnswerReader.watchEvent(line)
        } catch {
            throw Self.invalidAnswer(error, Array(line.prefix(ServerText.shownBytes)))
        }
        let type = event["type"]?.string ?? ""
        guard let object = event["object"]?.object else { throw .invalidAnswer("an event without an object") }
        if type == "ERROR" { return .ended(APIStatus(object)) }
        try check(object, kind: kind.rawValue)
        let metadata = object["metadata"]?.object
        guard let version = metadata?["resourceVersion"]?.string, !version.isEmpty else {
            throw .invalidAnswer("an event without a resourceVersion")
        }
        switch type {
        case "BOOKMARK":
            return .bookmark(resourceVersion: version)
        case "DELETED":
            guard let name = name(of: object) else { throw .invalidAnswer("an event about an object without a name") }
            return .update(.removed(kind, name), resourceVersion: version)
        case "ADDED", "MODIFIED":
            return .update(try changed(object), resourceVersion: version)
        default:
            throw .invalidAnswer("an event of type \(ServerText.quoted(type))")
        }
    }

    private func changed(_ document: DocumentObject) throws(APIFailure) -> ObjectUpdate {
        switch object(document) {
        case .success(let readable):
            return .changed(readable.object, remarks: readable.remarks)
        case .failure(.unreadable(let object)): return .unreadable(object)
        case .failure(.nameless): throw .invalidAnswer("an event about an object without a name")
        }
    }

    private enum Unusable: Error {
        case unreadable(UnreadableObject)
        case nameless
    }

    private struct Readable {
        let object: KubernetesObject
        let remarks: [Diagnostic]
    }

    private func object(_ document: DocumentObject) -> Result<Readable, Unusable> {
        var log = DiagnosticLog()
        if let object = KubernetesObject(document, kind: kind, log: &log) {
            return .success(Readable(object: object, remarks: log.diagnostics))
        }
        guard let name = name(of: document) else { return .failure(.nameless) }
        return .failure(.unreadable(UnreadableObject(kind: kind, name: name, diagnostics: log.diagnostics)))
    }

    private func name(of document: DocumentObject) -> ObjectName? {
        let metadata = document["metadata"]?.object
        guard let name = metadata?["name"]?.string, !name.isEmpty else { return nil }
        let namespace = kind == .node ? "" : metadata?["namespace"]?.string ?? ObjectName.defaultNamespace
        return ObjectName(namespace: namespace, name: name)
    }

    private func check(_ object: DocumentObject, kind expected: String) throws(APIFailure) {
        let found = (object["kind"]?.string ?? "", object["apiVersion"]?.string ?? "")
        guard found != (expected, kind.apiVersion) else { return }
        let shown =
            found.0.isEmpty ? "an object of no kind" : "\(ServerText.line(found.0)) of \(ServerText.line(found.1))"
        throw .invalidAnswer("\(shown) instead of \(expected) of \(kind.apiVersion)")
    }

    private static func invalidAnswer(_ error: DocumentError, _ text: [UInt8]) -> APIFailure {
        .invalidAnswer("\(ServerText.line(error.description)), in what begins with \(ServerText.beginning(of: text))")
    }
}
