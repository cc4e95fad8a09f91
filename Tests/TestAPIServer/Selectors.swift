// SPDX-License-Identifier: Apache-2.0

/// The label and field selectors of a request, as far as proxies use them.
struct Selectors: Sendable, Hashable {
    private enum Term: Hashable {
        case exists(String)
        case absent(String)
        case equal(String, String)
        case unequal(String, String)
    }

    private var labels: [Term]
    private var fields: [Term]

    private static let knownFields: Set<String> = ["metadata.name", "metadata.namespace", "spec.clusterIP"]

    init(labels: String?, fields: String?) throws {
        self.labels = Self.terms(labels)
        self.fields = Self.terms(fields)
        for case .equal(let field, _) in self.fields { try Self.check(field) }
        for case .unequal(let field, _) in self.fields { try Self.check(field) }
    }

    var isEmpty: Bool { labels.isEmpty && fields.isEmpty }

    private static func check(_ field: String) throws {
        guard knownFields.contains(field) else {
            throw ServerProblem(description: "field label not supported: \(field)")
        }
    }

    private static func terms(_ text: String?) -> [Term] {
        (text ?? "").split(separator: ",").map { part in
            let text = part.trimmingPrefix(while: { $0 == " " })
            if text.hasPrefix("!") { return .absent(String(text.dropFirst())) }
            guard let sign = text.firstIndex(of: "=") else { return .exists(String(text)) }
            let isUnequal = sign > text.startIndex && text[text.index(before: sign)] == "!"
            let key = String(isUnequal ? text[..<text.index(before: sign)] : text[..<sign])
            let value = String(text[text.index(after: sign)...].trimmingPrefix(while: { $0 == "=" }))
            return isUnequal ? .unequal(key, value) : .equal(key, value)
        }
    }

    func match(_ object: StoredObject) -> Bool {
        labels.allSatisfy { term in
            switch term {
            case .exists(let key): object.labels[key] != nil
            case .absent(let key): object.labels[key] == nil
            case .equal(let key, let value): object.labels[key] == value
            case .unequal(let key, let value): object.labels[key] != value
            }
        }
            && fields.allSatisfy { term in
                switch term {
                case .equal(let field, let value): Self.value(of: field, object) == value
                case .unequal(let field, let value): Self.value(of: field, object) != value
                case .exists, .absent: false
                }
            }
    }

    private static func value(of field: String, _ object: StoredObject) -> String {
        switch field {
        case "metadata.name": object.name
        case "metadata.namespace": object.namespace
        default: object.clusterIP
        }
    }
}
