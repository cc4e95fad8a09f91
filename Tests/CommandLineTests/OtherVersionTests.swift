// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Commands that find another version of the program, or another program, where they ask.
@Suite("Commands that ask another version") struct OtherVersionTests {
    private let folder: TemporaryFolder
    private var socket: String { "\(folder.path)/k.sock" }

    init() throws { folder = try TemporaryFolder() }

    /// Answers every request with the same bytes, as long as the result is kept.
    private func serve(_ status: String, version: String?, body: String) throws -> BackgroundProcess {
        let headers = (version.map { "Kubetables-Version: \($0)\r\n" } ?? "") + "Connection: close\r\n"
        let answer = try folder.write(
            "answer", "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        // To the end of the request: what comes behind the first line would find nobody that reads it.
        let script = try folder.write("script", "sed '/^.$/q' >/dev/null\ncat '\(answer)'\n")
        let server = try BackgroundProcess(["socat", "UNIX-LISTEN:\(socket),fork", "SYSTEM:sh \(script)"])
        let deadline = ContinuousClock.now + .seconds(10)
        while access(socket, F_OK) != 0, .now < deadline { usleep(5000) }
        return server
    }

    private func ask(_ arguments: String...) throws -> ProcessResult {
        try Subprocess.run([Repository.tool] + arguments + ["--socket", socket])
    }

    private var version: String {
        get throws { String(try Subprocess.check([Repository.tool, "--version"]).split(separator: " ")[1]) }
    }

    @Test("print its answer, with a note that names both versions")
    func note() throws {
        let server = try serve("200 OK", version: "9.9.9", body: "NAMESPACE  NAME\n")
        let result = try ask("get", "services")
        #expect(result.status == 0 && result.output == "NAMESPACE  NAME\n")
        #expect(
            result.errors == "note: the running kubetables is version 9.9.9, this command is version \(try version)\n")
        withExtendedLifetime(server) {}
    }

    @Test("note it once, however often they ask")
    func oneNote() throws {
        let events = #"{"apiVersion": "kubetables/v1", "kind": "EventList", "items": []}"#
        let server = try serve("200 OK", version: "9.9.9", body: events)
        let following = try BackgroundProcess([Repository.tool, "events", "--follow", "--socket", socket])
        try following.waitForErrors(containing: "the running kubetables is version 9.9.9")
        usleep(2_500_000)
        #expect(following.errors.components(separatedBy: "9.9.9").count == 2, "\(following.errors)")
        withExtendedLifetime(server) {}
    }

    @Test("name the cause if it does not know the page, and end with 69")
    func unknownPage() throws {
        let server = try serve("404 Not Found", version: nil, body: "404 page not found\n")
        let trace = ["trace", "--from", "192.0.2.1", "--to", "192.0.2.2:80"]
        for command in [["status"], ["top", "--once"], ["events"], trace] {
            let result = try Subprocess.run([Repository.tool] + command + ["--socket", socket])
            #expect(result.status == 69, "\(command)")
            #expect(
                result.errors == "error: \(socket) has no page for this command: the running kubetables is another "
                    + "version than \(try version), or another program answers; restart it with this version\n")
            #expect(result.output == "")
        }
        withExtendedLifetime(server) {}
    }

    @Test("name the cause if its answer has another form, and end with 69")
    func otherForm() throws {
        let server = try serve("200 OK", version: "9.9.9", body: #"{"apiVersion": "kubetables/v9", "kind": "Other"}"#)
        for command in [["top", "--once"], ["events", "--follow"]] {
            let result = try Subprocess.run([Repository.tool] + command + ["--socket", socket])
            #expect(result.status == 69, "\(command)")
            #expect(result.errors.contains("error: \(socket): the answer is not one of version \(try version): "))
            #expect(result.output == "")
        }
        withExtendedLifetime(server) {}
    }

    @Test("name the cause if what answers does not speak HTTP")
    func noHTTP() throws {
        let answer = try folder.write("answer", "SSH-2.0-OpenSSH_9.2\r\n")
        let server = try BackgroundProcess(["socat", "UNIX-LISTEN:\(socket),fork", "SYSTEM:cat \(answer)"])
        let deadline = ContinuousClock.now + .seconds(10)
        while access(socket, F_OK) != 0, .now < deadline { usleep(5000) }
        let result = try ask("status")
        #expect(result.status == 69)
        #expect(result.errors == "error: --socket \(socket): the answer is not one of HTTP\n")
        withExtendedLifetime(server) {}
    }
}
