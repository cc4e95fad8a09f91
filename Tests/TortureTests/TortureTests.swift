// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Half a minute of `make torture`: whatever is tried must find nothing, however much that is.
///
/// The inputs are those of one seed, so that what a change did not bring does not stop it; `make torture` takes others.
@Suite("Torture") struct TortureTests {
    private func torture(_ arguments: String...) throws -> ProcessResult {
        let folder = try TemporaryFolder()
        return try Subprocess.run(
            [Repository.products.appending(path: "torture").path, "--quick", "--failures", folder.path] + arguments)
    }

    @Test("of the kernel's tables and of the API finds nothing", .needsKernel)
    func kernel() throws {
        let result = try torture("--seconds", "10", "--part", "kills", "--part", "writers", "--part", "api")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test("of the readers of input finds nothing")
    func inputs() throws {
        let parts = ["yaml", "json", "configuration", "kubeconfig", "list", "watch", "save", "entry", "table"]
        let folder = try TemporaryFolder()
        let result = try Subprocess.run(
            [
                Repository.products.appending(path: "torture").path, "--quick", "--failures", folder.path, "--seconds",
                "15", "--seed", "1",
            ]
                + parts.flatMap { ["--part", $0] })
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test("reports wrong arguments")
    func usage() throws {
        let result = try torture("--part", "everything")
        #expect(result.status == 64)
        #expect(result.output.contains("unknown part \"everything\""))
    }
}
