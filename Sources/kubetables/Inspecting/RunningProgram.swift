// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AsyncHTTPClient
import Foundation
import Glibc
import Host
import Inspection
import Monitoring
import NIOCore
import NIOHTTP1

/// The running program of this node, as a command asks it: over its Unix socket, or over the port of its pages.
struct RunningProgram: Sendable {
    private let place: ProgramPlace

    private static let answerTime = TimeAmount.seconds(ConnectionTrouble.answerSeconds)
    private static let connectTime = TimeAmount.seconds(ConnectionTrouble.connectSeconds)
    private static let largestError = 1 << 16

    /// - Throws: `ValidationError` if an option that names the place cannot be used.
    init(_ source: RunningSourceOptions) throws { place = try ProgramPlace(source) }

    /// Prints the program's answer.
    ///
    /// - Throws: the exit code, after a message that describes what to do.
    func print(_ inquiry: any Inquiry, _ output: ReportOutput) async throws {
        var isEmpty = true
        do {
            try await read(inquiry.target(output), onOtherVersion: Console.note) {
                isEmpty = isEmpty && $0.isEmpty
                try Console.write(Array($0))
            }
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
        if isEmpty, let note = inquiry.emptyNote { Console.printToStandardError(note) }
    }

    /// Prints the program's plans.
    ///
    /// - Throws: as ``print(_:_:)`` does.
    func print(_ inquiry: PlanInquiry) async throws {
        do {
            try await read(PlanInquiry.path + inquiry.parameters.query, onOtherVersion: Console.note) {
                try Console.write(Array($0))
            }
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
    }

    /// The program's answer as a value, for commands that go on with it.
    ///
    /// - Parameter onOtherVersion: gets a message if the program is of another version.
    /// - Throws: as ``print(_:_:)`` does.
    func fetch<Answer: Report>(
        _ inquiry: any Inquiry, onOtherVersion: (String) -> Void = Console.note
    ) async throws -> Answer {
        do {
            return try await ask(inquiry, onOtherVersion: onOtherVersion)
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
    }

    /// The program's answer as a value; nothing is printed.
    ///
    /// - Parameter onOtherVersion: gets a message if the program is of another version.
    /// - Throws: ``ProgramFailure``.
    func ask<Answer: Report>(
        _ inquiry: any Inquiry, onOtherVersion: (String) -> Void = { _ in }
    ) async throws -> Answer {
        var bytes: [UInt8] = []
        try await read(inquiry.target(ReportOutput(.json)), onOtherVersion: onOtherVersion) { bytes += $0 }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw failure("\(place): the answer is not one of version \(kubetablesVersion): \(error)", .noAnswer)
        }
    }

    /// Calls `body` with each piece of the program's answer.
    ///
    /// - Parameter target: the path and the parameters of the request.
    private func read(
        _ target: String, onOtherVersion: (String) -> Void, _ body: (ByteBufferView) throws -> Void
    ) async throws {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: Self.connectTime, read: Self.answerTime))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await read(target, client, onOtherVersion, body)
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func read(
        _ target: String, _ client: HTTPClient, _ onOtherVersion: (String) -> Void,
        _ body: (ByteBufferView) throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: place.url(target))
        // The client sends none for a Unix socket, but HTTP/1.1 requires one.
        if case .socket = place { request.headers.add(name: "Host", value: "localhost") }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: Self.answerTime)
        } catch {
            throw failure(error)
        }
        let version = response.headers.first(name: ReportPages.versionHeader)
        // Any program answers some path; only ours has a version.
        guard response.status == .ok, version != nil else {
            let body = try? await response.body.collect(upTo: Self.largestError)
            throw failure(Int(response.status.code), version, body.map { String(buffer: $0) } ?? "")
        }
        if let version, version != kubetablesVersion {
            onOtherVersion("the running kubetables is version \(version), this command is version \(kubetablesVersion)")
        }
        do {
            for try await piece in response.body { try body(piece.readableBytesView) }
        } catch let error as ExitCode {
            throw error
        } catch {
            throw failure("\(place): the answer was cut off: \(ConnectionTrouble(error))", .noAnswer)
        }
        let status = response.headers.first(name: ReportPages.statusHeader).flatMap { Int32($0) } ?? 0
        if status != 0 { throw ExitCode(status) }
    }

    // MARK: Failures

    private static let otherSources = "or pass -f or --kubeconfig to read manifests or a cluster instead"

    private func failure(_ message: String, _ exitCode: ExitCode) -> ProgramFailure {
        ProgramFailure(message: message, exitCode: exitCode)
    }

    private func failure(_ error: any Error) -> ProgramFailure {
        let trouble = ConnectionTrouble(error)
        switch (place, trouble.errorNumber) {
        case (.socket, ECONNREFUSED?) where place.misfit != nil:
            return failure(
                "--socket: \(place.misfit ?? ""): write the path of the running program's socket, for example "
                    + StatusSocket.reachablePath, .noAnswer)
        case (.socket, ENOENT?), (.socket, ECONNREFUSED?):
            return failure(
                "no kubetables is running on this node (nothing listens on \(place)): start it with 'kubetables run', "
                    + Self.otherSources, .noAnswer)
        case (.socket, EACCES?), (.socket, EPERM?):
            return failure(
                "not permitted to connect to \(place): run this command as the user of the running kubetables, "
                    + "usually root (sudo)", .notPermitted)
        case (.server, ECONNREFUSED?):
            return failure(
                "no kubetables is running at \(place), or its --metrics-bind-address is another one: start it with "
                    + "'kubetables run', \(Self.otherSources)", .noAnswer)
        case (.socket, _):
            return failure("--socket \(place): \(trouble)", .noAnswer)
        case (.server, _):
            return failure(
                "--server \(place): \(trouble): check that it is the --metrics-bind-address of a running kubetables "
                    + "(by default 127.0.0.1:10249, on the node itself)", .noAnswer)
        }
    }

    /// - Parameter version: that of the program; `nil` if it does not know this page.
    private func failure(_ status: Int, _ version: String?, _ body: String) -> ProgramFailure {
        let text = body.split(whereSeparator: \.isNewline).joined(separator: "; ")
        switch (status, version) {
        case (404, _?): return failure(text, .badInput)
        case (403, _?): return failure(text, .notPermitted)
        case (400, _?): return failure(text, .wrongUsage)
        case (200, nil), (404, nil):
            return failure(
                "\(place) has no page for this command: the running kubetables is another version than "
                    + "\(kubetablesVersion), or another program answers; restart it with this version", .noAnswer)
        default: return failure("\(place): \(text) (status \(status))", .noAnswer)
        }
    }
}

extension Inquiry {
    /// The path and the parameters of a request for an answer in some form.
    fileprivate func target(_ output: ReportOutput) -> String { Self.path + (parameters + output.parameters).query }
}

/// Why a running program does not answer, or not with what was asked for.
struct ProgramFailure: Error {
    /// What is wrong, and what to do.
    let message: String
    let exitCode: ExitCode

    /// Reports it and returns what to throw.
    func report() -> ExitCode { Console.failure(message, exitCode) }
}
