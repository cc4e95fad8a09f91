// SPDX-License-Identifier: Apache-2.0

import Documents
import HTTPServing
import KubernetesObjects

/// The pages `/statusz` and `/flagz`, for people who debug, as kube-proxy 1.36 serves them (apiserver, server/statusz and
/// server/flagz).
///
/// kube-proxy draws the character behind each name at random, so that no program relies on the text; here it is always the
/// same. There is no Go version: `/statusz` has no such line, and as JSON an empty text.
package struct ZPages: Sendable {
    /// A flag, and its value in force as text.
    package typealias Flag = (name: String, value: String)

    private static let component = "kube-proxy"
    private static let warning =
        "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for "
        + "debugging purposes only."

    private let build: BuildInfo
    private let startTime: Timestamp
    private let now: @Sendable () -> Timestamp
    private let flags: @Sendable () async -> [Flag]

    /// - Parameters:
    ///   - startTime: when the program was started.
    ///   - flags: the flags with their values in force.
    package init(
        build: BuildInfo, startTime: Timestamp, now: @escaping @Sendable () -> Timestamp = { .now },
        flags: @escaping @Sendable () async -> [Flag]
    ) {
        self.build = build
        self.startTime = startTime
        self.now = now
        self.flags = flags
    }

    /// The page `/statusz`.
    ///
    /// - Parameters:
    ///   - accept: the request's header `Accept`.
    ///   - paths: the paths that the server has, of which the first parts are listed.
    func statusz(_ accept: String, paths: [String]) -> HTTPAnswer {
        let kind = "Statusz"
        guard let form = AcceptedForm(accept, kind: kind) else { return Self.notAcceptable }
        let seconds = max(0, now().seconds - startTime.seconds)
        let folders = Set(paths.map { "/" + $0.split(separator: "/").prefix(1).joined() }).sorted()
        switch form {
        case .text:
            let lines = [
                "", "\(Self.component) statusz", Self.warning, "", "Started: \(startTime.unixDate)",
                "Up: \(Self.duration(seconds))", "Binary version: \(build.version)",
                "Emulation version: \(BuildInfo.KubeProxy.version)", "Paths: \(folders.joined(separator: " "))", "",
            ]
            return .text(lines.joined(separator: "\n"))
        case .json(let version), .yaml(let version):
            return Self.structured(
                form,
                Self.object(
                    kind, version,
                    [
                        ("startTime", .string(Timestamp(seconds: startTime.seconds).description)),
                        ("uptimeSeconds", .integer(Int64(seconds))), ("goVersion", .string("")),
                        ("binaryVersion", .string(build.version)),
                        ("emulationVersion", .string(BuildInfo.KubeProxy.version)),
                        ("paths", .array(folders.map(DocumentValue.string))),
                    ]))
        }
    }

    /// The page `/flagz`.
    ///
    /// - Parameter accept: the request's header `Accept`.
    func flagz(_ accept: String) async -> HTTPAnswer {
        let kind = "Flagz"
        guard let form = AcceptedForm(accept, kind: kind) else { return Self.notAcceptable }
        let flags = await flags().sorted { $0.name < $1.name }
        switch form {
        case .text:
            let lines = ["", "\(Self.component) flagz", Self.warning] + flags.map { "\($0.name)=\($0.value)" } + [""]
            return .text(lines.joined(separator: "\n"))
        case .json(let version), .yaml(let version):
            let members = flags.map { DocumentObject.Member(key: $0.name, value: .string($0.value)) }
            return Self.structured(form, Self.object(kind, version, [("flags", .object(DocumentObject(members)))]))
        }
    }

    private static func object(
        _ kind: String, _ version: String, _ members: [(String, DocumentValue)]
    ) -> DocumentValue {
        let head: [(String, DocumentValue)] = [
            ("kind", .string(kind)), ("apiVersion", .string("\(AcceptedForm.group)/\(version)")),
            ("metadata", .object(["name": .string(component)])),
        ]
        return .object(DocumentObject((head + members).map { .init(key: $0.0, value: $0.1) }))
    }

    private static func structured(_ form: AcceptedForm, _ object: DocumentValue) -> HTTPAnswer {
        if case .yaml = form { return HTTPAnswer(contentType: "application/yaml", PageContent(object.yaml)) }
        return .json(object.json + "\n")
    }

    private static let notAcceptable = HTTPAnswer.text(
        "media type not acceptable (supported: text/plain, and application/json and application/yaml with g, v and as)\n",
        status: 406)

    /// As kube-proxy writes it: `1 hr 02 min 03 sec`.
    private static func duration(_ seconds: Int) -> String {
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(seconds / 3600) hr \(digits(seconds / 60 % 60)) min \(digits(seconds % 60)) sec"
    }
}
