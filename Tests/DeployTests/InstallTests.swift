// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `make install` and `make uninstall`, with the program that was built for the tests.
@Suite struct InstallTests {
    private let destination: TemporaryFolder

    init() throws { destination = try TemporaryFolder() }

    /// - Parameter target: `install` or `uninstall`.
    private func make(_ target: String, prefix: String? = nil) throws {
        let generator = Repository.products.appending(path: "generate-manual").path
        try #require(
            FileManager.default.isExecutableFile(atPath: generator), "swift build --product generate-manual makes it")
        try Subprocess.check(
            ["make", "-C", Repository.root.path, target, "DESTDIR=\(destination.path)"]
                + ["PROGRAM=\(Repository.tool)", "MANUAL_GENERATOR=\(generator)"]
                + (prefix.map { ["PREFIX=\($0)"] } ?? []))
    }

    /// The files below the destination, by their paths in it.
    private func files() throws -> Set<String> {
        let text = try Subprocess.check(["find", destination.path, "!", "-type", "d", "-printf", "/%P\n"])
        return Set(text.split(separator: "\n").map(String.init))
    }

    private func run(_ command: String...) throws -> ProcessResult { try Subprocess.run(command) }

    @Test func everythingIsThereAndWorks() throws {
        try make("install")
        let program = "\(destination.path)/usr/local/bin/kubetables"
        #expect(try Subprocess.check([program, "--version"]) == Subprocess.check([Repository.tool, "--version"]))

        // A page for each command, without a warning of who shows it.
        let pages = try files().filter { $0.hasPrefix("/usr/local/share/man/man1/kubetables.") }
        for command in ["", "run.", "compile.", "plan.", "apply.", "verify.", "cleanup."] {
            #expect(pages.contains("/usr/local/share/man/man1/kubetables.\(command)1"), "\(pages)")
        }
        for page in pages {
            let shown = try run("groff", "-mandoc", "-k", "-Tutf8", "-ww", destination.path + page)
            #expect(shown.status == 0 && shown.errors.isEmpty, "\(page): \(shown.errors)")
            #expect(shown.output.contains("KUBETABLES"))
        }

        let bash = "\(destination.path)/usr/local/share/bash-completion/completions/kubetables"
        let completion = "source \(bash); COMP_WORDS=(kubetables ''); COMP_CWORD=1; _kubetables; echo ${COMPREPLY[@]}"
        #expect(try Subprocess.check(["bash", "-ec", completion]).contains("apply"))
        for shell in ["zsh/site-functions/_kubetables", "fish/vendor_completions.d/kubetables.fish"] {
            #expect(try destination.read("usr/local/share/\(shell)").contains("cleanup"), "\(shell)")
        }
        for unit in ["kubetables.service", "kubetables-init.service"] {
            #expect(try destination.read("usr/local/lib/systemd/system/\(unit)") == Deploy.text("systemd/\(unit)"))
        }
        // It would stand in the way of the real one.
        #expect(try !files().contains { $0.hasSuffix("/kube-proxy") })
    }

    @Test func elsewhereTheUnitsNameTheProgramThere() throws {
        try make("install", prefix: "/usr")
        #expect(FileManager.default.isExecutableFile(atPath: "\(destination.path)/usr/bin/kubetables"))
        let unit = try destination.read("usr/lib/systemd/system/kubetables.service")
        #expect(unit.contains("\nExecStart=/usr/bin/kubetables run "))
        #expect(!unit.contains("/usr/local"))
    }

    @Test func uninstallRemovesWhatInstallPutThereAndNothingElse() throws {
        let others = ["usr/local/bin/kube-proxy", "usr/local/share/man/man1/kubectl.1", "usr/local/bin/kubetables-x"]
        for other in others { try destination.write(other, "somebody else's") }
        try make("install")
        try #require(try files().count > 10)
        try make("uninstall")
        #expect(try files() == Set(others.map { "/\($0)" }))
        // Nothing is left to remove, which is no error.
        try make("uninstall")
    }
}
