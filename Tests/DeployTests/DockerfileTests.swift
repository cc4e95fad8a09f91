// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The Dockerfile, held against the repository, Debian and the program that was built: there is no engine to try it with.
@Suite struct DockerfileTests {
    private func stages() throws -> (build: Dockerfile.Stage, final: Dockerfile.Stage) {
        let stages = Dockerfile(try Deploy.text("Dockerfile")).stages
        try #require(stages.count == 2)
        return (stages[0], stages[1])
    }

    @Test func whatIsCopiedIsThereAndNotIgnored() throws {
        let ignore = try String(contentsOf: Repository.root.appending(path: ".dockerignore"), encoding: .utf8)
        let kept = ignore.split(separator: "\n").filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        #expect(ignore.split(separator: "\n").contains("*"))
        let (build, final) = try stages()
        let copies = (build.words(of: "COPY") + final.words(of: "COPY")).filter { !$0[0].hasPrefix("--from") }
        let sources = copies.flatMap { $0.dropLast() }.map { $0.replacingOccurrences(of: "./", with: "") }
        #expect(Set(sources) == Set(kept))
        for source in sources {
            #expect(FileManager.default.fileExists(atPath: Repository.root.appending(path: source).path), "\(source)")
        }
    }

    /// A target whose folder is missing keeps SwiftPM from building any.
    @Test func everyTargetsFolderIsCopied() throws {
        let copied = try stages().build.words(of: "COPY").flatMap { $0.dropLast() }
        let description = try Subprocess.check(
            ["sed", "-n", "s/.* path: \"\\([^\"]*\\)\".*/\\1/p", Repository.root.appending(path: "Package.swift").path])
        let paths = description.split(separator: "\n")
        #expect(!paths.isEmpty)
        for path in paths { #expect(copied.contains { path.hasPrefix("\($0)/") }, "\(path)") }
    }

    @Test func itBuildsWithWhatSetupInstalls() throws {
        let (build, final) = try stages()
        let setup = try String(contentsOf: Repository.root.appending(path: "scripts/setup"), encoding: .utf8)
        let lines = setup.split(separator: "\n").filter { $0.contains("# to build") }
        let needed = lines.flatMap { $0.split(separator: "#")[0].split(separator: " ").map(String.init) }
        #expect(Set(build.packages) == Set(needed))
        #expect(build.image == "swift:6.3-bookworm")
        #expect(final.image == "debian:bookworm-slim")
    }

    @Test func kubeProxysCommandIsTheProgram() throws {
        let final = try stages().final
        let program = try #require(final.words(of: "COPY").first { $0[0] == "--from=build" }?.last)
        let daemonSet: DaemonSet = try Deploy.yaml("kubernetes/daemon-set.yaml")
        #expect(daemonSet.pod.containers?.first?.command?.first == program)
        let name = (program as NSString).lastPathComponent
        let link = "\((program as NSString).deletingLastPathComponent)/kube-proxy"
        #expect(final.words(of: "RUN").contains(["ln", "-s", name, link]))
        #expect(final.words(of: "ENTRYPOINT") == [["[\"\(link)\"]"]])
    }

    @Test func theImageHasTheLibrariesAndNoOthers() throws {
        let listed = Set(try stages().final.packages)
        try findPackages(listed.union(try stages().build.packages))
        let needed = try librariesPackages()
        #expect(needed.contains("libip4tc2"))
        let installed = Set(
            try Subprocess.check(
                [
                    "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts",
                    "--no-breaks", "--no-replaces", "--no-enhances",
                ] + listed.sorted()
            ).split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init))
        #expect(needed.subtracting(installed).isEmpty, "the image lacks \(needed.subtracting(installed))")
        // Besides: certificates for kubeconfigs without an authority of their own, and the two programs that are run.
        let programs: Set = ["ca-certificates", "kmod", "nftables"]
        #expect(listed.subtracting(programs).subtracting(needed).isEmpty, "the image does not need all of \(listed)")
        #expect(programs.isSubset(of: listed))
    }

    /// Fails for packages that Debian does not have.
    private func findPackages(_ names: Set<String>) throws {
        let command = ["apt-cache", "show"] + names.sorted()
        if try Subprocess.run(command).status == 0 { return }
        // A machine whose lists were cleared knows only what is installed.
        try Subprocess.check(["apt-get", "update"])
        try Subprocess.check(command)
    }

    /// The Debian packages of the libraries that the program is linked with, but for Swift's own, which the image's
    /// program has inside.
    private func librariesPackages() throws -> Set<String> {
        let swift = ["libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime"]
        let lines = try Subprocess.check(["ldd", Repository.tool]).split(separator: "\n")
        let paths = lines.compactMap { $0.split(separator: " ").first { $0.hasPrefix("/") }.map(String.init) }
        var packages: Set<String> = []
        for path in paths {
            let name = (path as NSString).lastPathComponent
            if swift.contains(where: name.hasPrefix) { continue }
            // Where /lib is a link to /usr/lib, dpkg knows a file by the name it was packed with.
            let found = try Subprocess.run(["dpkg", "-S", "*/\(name)"]).output
            let package = try #require(found.split(separator: ":").first, "no package has \(path)")
            packages.insert(String(package))
        }
        return packages
    }
}
