// SPDX-License-Identifier: Apache-2.0

/// The form in which a client accepts a z-page, as kube-proxy negotiates it (apiserver, server/statusz/negotiate).
///
/// Without a header, and for `text/plain` or a wildcard, it is text. JSON and YAML must be asked for with a version:
/// `application/json;v=v1beta1;g=config.k8s.io;as=Statusz`.
enum AcceptedForm: Hashable {
    case text
    /// Of the group `config.k8s.io`, in this version.
    case json(version: String)
    case yaml(version: String)

    static let group = "config.k8s.io"
    private static let versions: Set<String> = ["v1alpha1", "v1beta1"]

    /// Reads a header `Accept`.
    ///
    /// - Parameters:
    ///   - kind: the kind of object that the page shows, such as `Statusz`.
    /// - Returns: the first form that the page has; `nil` if there is none.
    init?(_ accept: String, kind: String) {
        let ranges = accept.split(separator: ",").map(MediaRange.init)
        guard !ranges.isEmpty else {
            self = .text
            return
        }
        guard let form = ranges.lazy.compactMap({ Self.form($0, kind) }).first else { return nil }
        self = form
    }

    private static func form(_ range: MediaRange, _ kind: String) -> AcceptedForm? {
        switch range.type {
        case "text/plain", "text/*", "*/*": return range.parameters["as"] == nil ? .text : nil
        case "application/json", "application/yaml": break
        default: return nil
        }
        guard range.parameters["g"] == group, range.parameters["as"] == kind, let version = range.parameters["v"],
            versions.contains(version)
        else { return nil }
        return range.type == "application/json" ? .json(version: version) : .yaml(version: version)
    }
}

/// An element of a header `Accept` (RFC 9110, 12.5.1).
private struct MediaRange {
    /// Type and subtype in lower case.
    let type: String
    let parameters: [String: String]

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { String($0.filter { $0 != " " && $0 != "\t" }) }
        type = parts.first?.lowercased() ?? ""
        let pairs = parts.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        parameters = Dictionary(
            pairs.filter { $0.count == 2 }.map { ($0[0].lowercased(), $0[1]) }, uniquingKeysWith: { first, _ in first })
    }
}
