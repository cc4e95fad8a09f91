// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import Messages

/// Reads the fields of a kubeconfig (kubectl's `Config`, v1) that one context needs.
enum KubeconfigReading {
    /// The extension of a cluster that is handed to exec plugins (`client-go/tools/clientcmd`).
    private static let execExtensionName = "client.authentication.k8s.io/exec"
    private static let execVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    static func read(_ object: DocumentObject, context name: String?, _ fields: inout FieldReader) -> Kubeconfig? {
        // kubectl writes both; files made by hand may have neither.
        fields.check("apiVersion", of: object, is: "v1")
        fields.check("kind", of: object, is: "Config")
        let named = name ?? fields.optional("current-context", of: object) { $0.filledText($1) }
        guard let named else {
            let known = names(in: "contexts", of: object)
            fields.atField("current-context", of: object) {
                $0.error("is missing; set it, or name a context: \(known)")
            }
            return nil
        }
        let context = entry(named, in: "contexts", item: "context", of: object, &fields) { fields, context in
            let cluster = fields.required("cluster", of: context, need: "the name of a cluster") { $0.filledText($1) }
            return (cluster, fields.optional("user", of: context) { $0.filledText($1) })
        }
        guard let clusterName = context?.0 else { return nil }
        var cluster = entry(clusterName, in: "clusters", item: "cluster", of: object, &fields, readCluster)
        cluster?.name = clusterName
        let user: Kubeconfig.User?
        if let userName = context?.1 {
            user = entry(userName, in: "users", item: "user", of: object, &fields, readUser)
        } else {
            user = Kubeconfig.User()
        }
        guard let cluster, let user else { return nil }
        return Kubeconfig(context: named, cluster: cluster, user: user)
    }

    /// Reads the element of `list` that has a name; it holds what it names in the field `item`.
    private static func entry<Value>(
        _ name: String, in list: String, item: String, of object: DocumentObject, _ fields: inout FieldReader,
        _ read: (inout FieldReader, DocumentObject) -> Value?
    ) -> Value? {
        let known = names(in: list, of: object)
        var result: Value?
        fields.atField(list, of: object) { fields in
            let elements = object[list]?.array ?? []
            // The first of a name counts, as in kubectl.
            let found = elements.firstIndex { $0.object?["name"]?.string == name }
            guard let found, let element = elements[found].object else {
                fields.error("has no element with the name \(MessageText.quoted(name)); there are: \(known)")
                return
            }
            fields.atElement(found) { fields in
                result = fields.required(item, of: element, need: "a mapping") { fields, value in
                    fields.object(value).flatMap { read(&fields, $0) }
                }
            }
        }
        return result
    }

    private static func names(in list: String, of object: DocumentObject) -> String {
        let names = (object[list]?.array ?? []).compactMap { $0.object?["name"]?.string }
        return names.isEmpty ? "none" : names.map { MessageText.quoted($0) }.joined(separator: ", ")
    }

    private static func readCluster(_ fields: inout FieldReader, _ object: DocumentObject) -> Kubeconfig.Cluster? {
        var cluster = Kubeconfig.Cluster()
        cluster.server = fields.optional("server", of: object) { $0.filledText($1) }
        cluster.authorities = fields.material("certificate-authority", of: object)
        cluster.skipsVerification = fields.optional("insecure-skip-tls-verify", of: object) { $0.boolean($1) } ?? false
        cluster.tlsServerName = fields.optional("tls-server-name", of: object) { $0.filledText($1) }
        if cluster.skipsVerification, cluster.authorities != nil {
            fields.atField("insecure-skip-tls-verify", of: object) {
                $0.error("is true although there is a certificate-authority; remove one of them")
            }
        }
        cluster.proxy = fields.optional("proxy-url", of: object) { fields, value in
            guard let text = fields.filledText(value) else { return nil }
            // Never the value: it may hold a password.
            let proxy = ProxyAddress(text)
            if proxy == nil {
                fields.error("invalid proxy: must be a URL, for example http://proxy:3128 or socks5://proxy")
            }
            return proxy
        }
        let extensions = object["extensions"]?.array ?? []
        let exec = extensions.first { $0.object?["name"]?.string == execExtensionName }
        cluster.execExtension = exec?.object?["extension"]
        return cluster
    }

    private static func readUser(_ fields: inout FieldReader, _ object: DocumentObject) -> Kubeconfig.User? {
        var user = Kubeconfig.User()
        user.certificate = fields.material("client-certificate", of: object)
        user.key = fields.material("client-key", of: object)
        if user.certificate != nil, user.key == nil, !fields.hasErrors {
            fields.atField("client-key", of: object) { $0.error("is missing; a client-certificate needs its key") }
        }
        let token = fields.optional("token", of: object) { $0.secret($1) }.map { Array($0.utf8) }
        // The file wins over the text, as in client-go: it can rotate.
        user.token = fields.path("tokenFile", of: object) ?? token.map { .bytes($0) }
        user.username = fields.optional("username", of: object) { $0.filledText($1) }
        user.password = fields.optional("password", of: object) { $0.secret($1) }
        fields.inside("exec", of: object) { fields, exec in user.exec = readExec(&fields, exec) }
        checkMethods(of: object, user, &fields)
        return user
    }

    private static func checkMethods(
        of object: DocumentObject, _ user: Kubeconfig.User, _ fields: inout FieldReader
    ) {
        if object["auth-provider"] != nil, object["auth-provider"] != .null {
            fields.atField("auth-provider", of: object) {
                $0.error(
                    "is not supported, as in Kubernetes since 1.26; use exec with the provider's credential plugin")
            }
        }
        for key in ["as", "as-uid", "as-groups", "as-user-extra"] where !(object[key]?.isEmpty ?? true) {
            fields.atField(key, of: object) {
                $0.error("impersonation is not supported; use the credentials of the account itself")
            }
        }
        var methods: [String] = []
        if user.token != nil { methods.append(object["tokenFile"] == nil ? "token" : "tokenFile") }
        if user.username != nil { methods.append("username") }
        if user.exec != nil { methods.append("exec") }
        if methods.count > 1 {
            fields.error("has \(methods.joined(separator: " and ")); only one of them can be used")
        }
        if user.password != nil, user.username == nil {
            fields.atField("username", of: object) { $0.error("is missing; a password needs one") }
        }
    }

    private static func readExec(_ fields: inout FieldReader, _ object: DocumentObject) -> Kubeconfig.ExecPlugin? {
        let version = fields.required("apiVersion", of: object, need: execVersions.joined(separator: " or ")) {
            $0.choice($1, [execVersions[0]: execVersions[0], execVersions[1]: execVersions[1]])
        }
        let command = fields.required("command", of: object, need: "a program") { $0.filledText($1) }
        guard let version, let command else { return nil }
        // A name is found by PATH; a path counts from the folder of the file (client-go).
        let isPath = command.contains("/")
        var plugin = Kubeconfig.ExecPlugin(
            apiVersion: version, command: isPath ? fields.absolute(command) : command)
        plugin.arguments = fields.list("args", of: object) { $0.text($1) }
        plugin.environment = fields.list("env", of: object) { fields, value in
            guard let object = fields.object(value) else { return nil }
            let name = fields.required("name", of: object, need: "the name of a variable") { $0.filledText($1) }
            let value = fields.optional("value", of: object) { $0.text($1) } ?? ""
            return name.map { Kubeconfig.ExecPlugin.Variable(name: $0, value: value) }
        }
        plugin.wantsClusterInfo = fields.optional("provideClusterInfo", of: object) { $0.boolean($1) } ?? false
        plugin.installHint = fields.optional("installHint", of: object) { $0.text($1) } ?? ""
        readInteractiveMode(object, version: version, &fields)
        return plugin
    }

    /// A daemon has no terminal, so a plugin that always needs one is of no use.
    private static func readInteractiveMode(
        _ object: DocumentObject, version: String, _ fields: inout FieldReader
    ) {
        let mode = fields.optional("interactiveMode", of: object) {
            $0.choice($1, ["Never": "Never", "IfAvailable": "IfAvailable", "Always": "Always"])
        }
        if mode == "Always" {
            fields.atField("interactiveMode", of: object) {
                $0.error("unsupported value \"Always\" (supported: Never, IfAvailable): a daemon has no terminal")
            }
        } else if mode == nil, version == execVersions[0], !fields.hasErrors {
            fields.atField("interactiveMode", of: object) { $0.error("is missing; it must be Never or IfAvailable") }
        }
    }
}

extension DocumentValue {
    /// Whether the value has the same meaning as an absent field.
    fileprivate var isEmpty: Bool {
        switch self {
        case .null, .string(""), .array([]): true
        case .object(let object): object.members.isEmpty
        default: false
        }
    }
}

extension FieldReader {
    /// A text; an empty one counts as absent.
    fileprivate mutating func filledText(_ value: DocumentValue) -> String? {
        text(value).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A text that no message may repeat; an empty one counts as absent.
    fileprivate mutating func secret(_ value: DocumentValue) -> String? {
        if let text = value.string { return text.isEmpty ? nil : text }
        error("must be a string; put it in quotes")
        return nil
    }

    /// Checks a field that may be absent but has only one value.
    fileprivate mutating func check(_ key: String, of object: DocumentObject, is expected: String) {
        guard let value = object[key], value != .null, value != .string(""), value != .string(expected) else { return }
        atField(key, of: object) {
            $0.error(
                "unsupported value \(value.string.map { MessageText.quoted($0) } ?? value.summary) (supported: \(expected))"
            )
        }
    }

    /// The path in a field.
    fileprivate mutating func path(_ key: String, of object: DocumentObject) -> Kubeconfig.Material? {
        optional(key, of: object) { $0.filledText($1) }.map { .file(absolute($0)) }
    }

    /// What stands in a field with `-data` after its name in base64, or else in the file that the field names.
    fileprivate mutating func material(_ key: String, of object: DocumentObject) -> Kubeconfig.Material? {
        let data = optional("\(key)-data", of: object) { fields, value -> Kubeconfig.Material? in
            guard let text = fields.filledText(value) else { return nil }
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters), !data.isEmpty,
                data.starts(with: Array("-----BEGIN".utf8)) || data.contains(UInt8(ascii: "\n"))
            else {
                // Never the value itself: it may be a key.
                fields.error("must be PEM in base64")
                return nil
            }
            return .bytes(Array(data))
        }
        let path = path(key, of: object)
        return data ?? path
    }

    /// A path that counts from the folder of the file being read.
    fileprivate func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = origin.file.lastIndex(of: "/") else { return path }
        return String(origin.file[...slash]) + path
    }
}
