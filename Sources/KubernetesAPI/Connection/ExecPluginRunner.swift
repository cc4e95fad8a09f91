// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import Subprocess
import SystemPackage

/// Runs an exec credential plugin (KEP-541).
struct ExecPluginRunner: Sendable {
    let plugin: Kubeconfig.ExecPlugin
    let connection: ClusterConnection
    /// How long the plugin may take.
    let limit: Duration

    private static let outputLimit = 1 << 20
    /// How long a plugin that took too long has to end by itself before it is killed.
    private static let grace = Duration.milliseconds(500)

    /// What the plugin prints.
    ///
    /// - Throws: ``APIFailure/credentials(_:)`` with what it wrote to standard error.
    func credential() async throws(APIFailure) -> ExecCredential {
        var environment: [Environment.Key: String?] = [:]
        for variable in plugin.environment { environment[.init(stringLiteral: variable.name)] = variable.value }
        environment["KUBERNETES_EXEC_INFO"] = try info()
        let output = try await run(Environment.inherit.updating(environment))
        do throws(APIFailure) {
            return try ExecCredential(output, apiVersion: plugin.apiVersion)
        } catch {
            guard case .credentials(let reason) = error else { throw error }
            throw failure(reason)
        }
    }

    private func run(_ environment: Environment) async throws(APIFailure) -> [UInt8] {
        var options = PlatformOptions()
        // With a session of its own, so that what it started ends with it.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.grace)]
        let executable: Executable =
            plugin.command.contains("/") ? .path(FilePath(plugin.command)) : .name(plugin.command)
        let configuration = Configuration(
            executable: executable, arguments: Arguments(plugin.arguments), environment: environment,
            platformOptions: options)
        do {
            return try await withThrowingTaskGroup(of: [UInt8].self) { group in
                group.addTask {
                    let result = try await Self.whenNotWritten {
                        try await Subprocess.run(
                            configuration, input: .none, output: .bytes(limit: Self.outputLimit),
                            error: .bytes(limit: Self.outputLimit))
                    }
                    let errors = ServerText.line(String(decoding: result.standardError, as: UTF8.self))
                    try Task.checkCancellation()
                    guard result.terminationStatus.isSuccess else {
                        throw failure("ended with \(result.terminationStatus)" + (errors.isEmpty ? "" : ": \(errors)"))
                    }
                    return result.standardOutput
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    throw failure("took longer than \(limit)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
        } catch let error as APIFailure {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            let hint = plugin.installHint.isEmpty ? "" : ": \(ServerText.line(plugin.installHint))"
            throw failure("cannot be found" + hint)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw failure("cannot be run: \(ServerText.line(String(describing: error)))")
        }
    }

    /// Starts a program again that is being written right now, as while it is updated (ETXTBSY).
    private static func whenNotWritten<Value>(_ start: () async throws -> Value) async throws -> Value {
        for _ in 0..<writingLimit {
            do {
                return try await start()
            } catch let error as SubprocessError where error.underlyingError == .textFileBusy {
                try await Task.sleep(for: writingPause)
            }
        }
        return try await start()
    }

    private static let writingLimit = 10
    private static let writingPause = Duration.milliseconds(50)

    private func failure(_ reason: String) -> APIFailure {
        .credentials("the plugin \(ServerText.line(plugin.command)): \(reason)")
    }

    /// The value of KUBERNETES_EXEC_INFO.
    private func info() throws(APIFailure) -> String {
        var spec: [DocumentObject.Member] = []
        if plugin.wantsClusterInfo { spec.append(.init(key: "cluster", value: try cluster())) }
        spec.append(.init(key: "interactive", value: .bool(false)))
        return DocumentValue.object(
            DocumentObject([
                .init(key: "kind", value: .string("ExecCredential")),
                .init(key: "apiVersion", value: .string(plugin.apiVersion)),
                .init(key: "spec", value: .object(DocumentObject(spec))),
            ])
        ).json
    }

    private func cluster() throws(APIFailure) -> DocumentValue {
        var members: [DocumentObject.Member] = [.init(key: "server", value: .string(connection.server.description))]
        if let name = connection.serverName { members.append(.init(key: "tls-server-name", value: .string(name))) }
        switch connection.trust {
        case .system:
            break
        case .anyone:
            members.append(.init(key: "insecure-skip-tls-verify", value: .bool(true)))
        case .authorities(let material):
            var file = CredentialFile(material, period: .zero)
            let data = Data(try file.bytes()).base64EncodedString()
            members.append(.init(key: "certificate-authority-data", value: .string(data)))
        }
        if let config = connection.execExtension { members.append(.init(key: "config", value: config)) }
        return .object(DocumentObject(members))
    }
}
