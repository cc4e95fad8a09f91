// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Finds the KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) in a file; what its fields mean is not known here.
public enum KubeProxyConfigurationFile {
    /// The API group and version that is read.
    public static let apiVersion = "kubeproxy.config.k8s.io/v1alpha1"
    /// The kind of the object.
    public static let kind = "KubeProxyConfiguration"
    /// The keys under which kubeadm and others put the configuration into a ConfigMap.
    private static let configMapKeys = ["config.conf", "config.yaml", "config"]

    /// Reads the fields of the one object that a file holds: the object itself, or a ConfigMap that holds it, as kubeadm
    /// writes it.
    ///
    /// - Parameter read: what to do with the fields; it writes down what is wrong with them.
    /// - Returns: `nil` if the file cannot be read, holds no configuration, or one with errors; `log` says why.
    package static func read<Value>(
        path: String, log: inout DiagnosticLog, _ read: (inout FieldReader, DocumentObject) -> Value
    ) -> Value? {
        do throws(InputFiles.Failure) {
            return self.read(try InputFiles.content(of: path), file: path, log: &log, read)
        } catch {
            log.add(Diagnostic(.error, file: error.path, message: error.message))
            return nil
        }
    }

    /// Reads the fields of the one object in a text, as ``read(path:log:_:)`` does.
    package static func read<Value>(
        _ text: [UInt8], file: String, log: inout DiagnosticLog, _ read: (inout FieldReader, DocumentObject) -> Value
    ) -> Value? {
        var found: [Value] = []
        var findings = DiagnosticLog()
        text.withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { document in
                let origin = ObjectOrigin(file: file, document: document.number, line: document.line)
                switch document.content {
                case .success(.null):
                    break
                case .success(let value):
                    var reader = FieldReader(kind: value.object?["kind"]?.string, origin: origin)
                    if let configuration = Self.read(value, &reader, read) { found.append(configuration) }
                    findings.add(reader.log)
                case .failure(let error):
                    findings.add(
                        Diagnostic(
                            .error, file: file, origin: origin, line: error.line, column: error.column,
                            message: error.message))
                }
            }
        }
        log.add(findings)
        guard !findings.hasErrors, found.count != 1 else { return findings.hasErrors ? nil : found.first }
        let what = found.isEmpty ? "holds no \(kind)" : "holds \(found.count) of \(kind)"
        log.add(Diagnostic(.error, file: file, message: "\(what); it must hold one"))
        return nil
    }

    private static func read<Value>(
        _ value: DocumentValue, _ fields: inout FieldReader, _ read: (inout FieldReader, DocumentObject) -> Value
    ) -> Value? {
        guard let object = fields.object(value) else { return nil }
        switch (object["apiVersion"]?.string, object["kind"]?.string) {
        case (apiVersion, kind):
            return read(&fields, object)
        case ("v1", "ConfigMap"):
            return readConfigMap(object, &fields, read)
        default:
            fields.error("is neither a \(kind) of \(apiVersion) nor a ConfigMap that holds one")
            return nil
        }
    }

    private static func readConfigMap<Value>(
        _ object: DocumentObject, _ fields: inout FieldReader, _ read: (inout FieldReader, DocumentObject) -> Value
    ) -> Value? {
        fields.warnOfUnknownFields(of: object, schema: .configMap)
        return fields.inside("data", of: object) { fields, data in
            guard let key = configMapKeys.first(where: { data[$0] != nil }) else {
                fields.error("has none of the keys \(configMapKeys.joined(separator: ", "))")
                return nil
            }
            guard let text = fields.optional(key, of: data, { $0.text($1) }) else { return nil }
            var log = DiagnosticLog()
            let configuration = self.read(
                Array(text.utf8), file: "\(fields.origin.file), \(key)", log: &log, read)
            fields.adopt(log)
            return configuration
        }
    }
}
