// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

extension ProxyOptions {
    /// The options in force as a KubeProxyConfiguration, in JSON under the key that kube-proxy's `/configz` has.
    ///
    /// - Parameter flags: the options in force that no file has, by their flags, for a second key `kubetables`.
    package func configurationJSON(flags: [FlagInForce] = []) -> String {
        var object: DocumentObject = ["kubeproxy.config.k8s.io": .object(configuration)]
        if !flags.isEmpty {
            let members = flags.map { DocumentObject.Member(key: $0.name, value: $0.value) }
            object.members.append(.init(key: "kubetables", value: .object(DocumentObject(members))))
        }
        return DocumentValue.object(object).json + "\n"
    }

    /// The options in force that have a flag.
    package var flagsInForce: [FlagInForce] { flags { _ in true } }

    /// The options in force that have a flag and no field in a file.
    package var flagsOnlyInForce: [FlagInForce] { flags { $0.field == nil } }

    private func flags(_ isIncluded: (ProxyOption) -> Bool) -> [FlagInForce] {
        ProxyOption.all.filter(isIncluded).compactMap { option in
            option.flag.map { FlagInForce($0, option.value(in: self)) }
        }
    }

    /// The options in force as a configuration file, in YAML.
    package var configurationFile: String { DocumentValue.object(configuration).yaml }

    private var configuration: DocumentObject {
        var object: DocumentObject = [
            "apiVersion": .string(KubeProxyConfigurationFile.apiVersion),
            "kind": .string(KubeProxyConfigurationFile.kind),
        ]
        for option in ProxyOption.all {
            guard let field = option.field else { continue }
            object.set(option.value(in: self), at: field.split(separator: ".")[...])
        }
        return object
    }

    /// The names of the options that ``configurationFile`` lacks: those that no file has, and those with values that stand
    /// for the default in files.
    package var namesOfOptionsNotInFile: [String] {
        var log = DiagnosticLog()
        let read = ProxyOptions.read(Array(configurationFile.utf8), file: "", log: &log) ?? ProxyOptions()
        return ProxyOption.all.filter { option in
            option.isSet(in: self) && option.value(in: read) != option.value(in: self)
        }.map(\.name)
    }
}

/// A flag of the command line, and its value in force.
package struct FlagInForce: Sendable, Hashable {
    /// The name without dashes.
    package let name: String
    /// The value, as a configuration file would have it.
    package let value: DocumentValue

    package init(_ name: String, _ value: DocumentValue) {
        self.name = name
        self.value = value
    }

    /// The value as the command line has it.
    package var text: String { value.flagText }
}

extension DocumentObject {
    /// Puts a value at a path, and makes the mappings on the way.
    fileprivate mutating func set(_ value: DocumentValue, at path: ArraySlice<Substring>) {
        guard let first = path.first.map(String.init) else { return }
        var value = value
        if path.count > 1 {
            var inner = self[first]?.object ?? [:]
            inner.set(value, at: path.dropFirst())
            value = .object(inner)
        }
        if let index = members.firstIndex(where: { $0.key == first }) {
            members[index].value = value
        } else {
            members.append(Member(key: first, value: value))
        }
    }
}
