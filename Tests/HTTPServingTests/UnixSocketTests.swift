// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServing
import Logging
import SystemPackage
import TestSupport
import Testing

@Suite("A server on a Unix socket") struct UnixSocketTests {
    private let folder: TemporaryFolder
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private var path: String { "\(folder.path)/run/k.sock" }

    private func bind(_ path: String) async throws(SocketFailure) -> HTTPServer {
        try await HTTPServer.bind(socketPath: path, logger: Self.logger) { query in
            .text("\(query.path) \(query.isLocal) \(query.parameters.map { "\($0.name)=\($0.value)" })\n")
        }
    }

    private func ask(_ target: String, _ options: String...) async -> String {
        let path = path
        return await Wire.run {
            let command = ["curl", "-s", "--unix-socket", path, "http://localhost\(target)"] + options
            return (try? Subprocess.run(command))?.output ?? ""
        }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : 0
    }

    @Test("answers clients of this machine, with the parameters of their requests")
    func answers() async throws {
        let server = try await bind(path)
        #expect(mode(path) == S_IFSOCK | 0o600)
        #expect(mode("\(folder.path)/run") == S_IFDIR | 0o755)
        #expect("\(server.place)" == path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            #expect(await ask("/v1/x?name=a%2Fb&name=c&empty") == "/v1/x true [\"name=a/b\", \"name=c\", \"empty=\"]\n")
            #expect(await ask("/a", "-H", "Host:") == "/a true []\n", "commands of an earlier version send no host")
            #expect(await ask("/a", "-H", "Host: a:b") == "malformed header Host: must be HOST or HOST:PORT\n")
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test("does not replace one that is served, and replaces one that is left behind")
    func replacement() async throws {
        let first = try await bind(path)
        await #expect(throws: SocketFailure.self) { try await bind(path) }
        let message = await message(path)
        #expect(message == "cannot listen on \(path): another process listens there: choose another path")
        #expect(access(path, F_OK) == 0)
        await first.close()
        #expect(access(path, F_OK) != 0)

        // What a process leaves behind that is killed: nobody listens on it.
        let abandoned = try await bind(path)
        #expect(link(path, "\(folder.path)/run/kept") == 0)
        await abandoned.close()
        #expect(rename("\(folder.path)/run/kept", path) == 0)
        let next = try await bind(path)
        await next.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test("leaves other files alone")
    func otherFiles() async throws {
        let file = try folder.write("file", "text")
        #expect(
            await message(file)
                == "cannot listen on \(file): the file is not a socket: remove it, or choose another path")
        #expect(try folder.read("file") == "text")
        let below = "\(file)/k.sock"
        #expect(await message(below)?.hasPrefix("cannot listen on \(below): ") == true)
        let deep = "\(folder.path)/a/b/k.sock"
        #expect(await message(deep) == "cannot listen on \(deep): its folder does not exist: create it")
        let long = "\(folder.path)/\(String(repeating: "x", count: 100))"
        #expect(await message(long)?.contains("longer than 107 bytes") == true)
    }

    private func message(_ path: String) async -> String? {
        do throws(SocketFailure) {
            let server = try await bind(path)
            await server.close()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
