// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct ArchitectureTests {
    @Test("no module imports one that it must not know")
    func imports() throws {
        for (module, imports) in try SourceTree.importsByModule().sorted(by: { $0.key < $1.key }) {
            print("\(module) ← \(imports.sorted().joined(separator: " "))")
            let allowed = try #require(
                ModuleTable.allowedImports(of: module), "\(module) has no row in ModuleTable.swift")
            for name in imports.subtracting(allowed).sorted() {
                Issue.record("\(module) imports \(name): the dependency points the wrong way")
            }
        }
    }

    @Test("Package.swift declares no dependency that a module must not have")
    func manifest() throws {
        let targets = try PackageManifest.dependenciesByTarget()
        for module in try SourceTree.importsByModule().keys.sorted() {
            let dependencies = try #require(targets[module], "Package.swift has no target \(module)")
            let allowed = ModuleTable.allowedImports(of: module) ?? []
            for name in dependencies.subtracting(allowed).sorted() {
                Issue.record("Package.swift lets \(module) depend on \(name)")
            }
        }
    }

    @Test("the table of the README and the page about the architecture have all modules, and no others")
    func documentation() throws {
        let modules = Set(try SourceTree.importsByModule().keys)
        let readme = try String(contentsOf: Repository.root.appending(path: "README.md"), encoding: .utf8)
        let listed = readme.matches(of: /^\| ((?:`\w+`(?:, )?)+) \|/.anchorsMatchLineEndings()).flatMap { row in
            row.output.1.matches(of: /\w+/).map { String($0.output) }
        }
        let known = Set(ModuleTable.rows.map(\.name))
        #expect(Set(listed).intersection(known) == modules, "the module table of README.md")
        let page = try String(
            contentsOf: Repository.root.appending(path: "Sources/kubetables/Documentation.docc/Architecture.md"),
            encoding: .utf8)
        for module in modules.sorted() {
            #expect(page.contains(try Regex("\\b\(module)\\b")), "Architecture.md does not mention \(module)")
        }
    }

    @Test("pure modules use no file, process, environment or clock")
    func purity() throws {
        for file in try SourceTree.files() where ModuleTable.pureModules.contains(file.module) {
            for name in Set(file.imports).intersection(Self.impureLibraries).sorted() {
                Issue.record("\(file.path) imports \(name)")
            }
            for match in file.code.matches(of: Self.impureNames) {
                Issue.record("\(file.path) uses \(match.output)")
            }
        }
    }

    private static let impureLibraries: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Subprocess", "SystemPackage",
    ]

    private static var impureNames: Regex<Substring> {
        /\b(?:FileManager|FileHandle|FileDescriptor|ProcessInfo|CommandLine|ContinuousClock|SuspendingClock|Date|Task|getenv|environ|errno|f?open|popen|posix_spawn|readLine|print|clock_gettime|gettimeofday|SystemRandomNumberGenerator)\b(?!:)/
    }

    @Test("chains of kube-proxy and the kubelet are named by the layouts of the rules alone")
    func chainNames() throws {
        for file in try SourceTree.files() where !file.path.hasPrefix("RuleCompiler/Layouts/") {
            // Help texts and messages may speak of a chain, but not begin with one.
            for literal in file.literals where literal.hasPrefix("KUBE-") {
                Issue.record("\(file.path) names a chain in the literal \"\(literal)\"")
            }
        }
    }
}
