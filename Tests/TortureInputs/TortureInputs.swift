// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Reads mutated inputs of one part in this process; `torture` starts it for each part and reports what it found.
///
///     torture-inputs --part yaml --seed 7 --count 100000 --seconds 60 --fixtures fixtures --failures /tmp/torture
///     torture-inputs --part yaml --input FILE --fixtures fixtures         reads one file again
///
/// Its last line is what a run came to, as JSON. With the same seed and the same program it does the same, which needs
/// SWIFT_DETERMINISTIC_HASHING=1. Built with KUBETABLES_COVERAGE=1 (see Package.swift), the edges of the code that an input
/// goes over guide the mutations; otherwise messages and the forms of rules do. libFuzzer's own loop is not used: SwiftPM
/// links its `main` twice (`swift build --sanitize fuzzer`, Swift 6.3), and it knows nothing of lines, words and numbers.
@main enum TortureInputs {
    static let hangStatus: Int32 = 3

    static func main() {
        var options: [String: String] = [:]
        var arguments = CommandLine.arguments.dropFirst()
        while let option = arguments.popFirst(), let value = arguments.popFirst() { options[option] = value }
        guard let name = options["--part"], let fixtures = options["--fixtures"],
            let part = InputParts.make(name, fixtures: fixtures)
        else {
            print(
                "usage: torture-inputs --part \(InputParts.names.joined(separator: "|")) --fixtures FOLDER "
                    + "[--seed N] [--count N] [--seconds N] [--failures FOLDER] [--input FILE]")
            exit(64)
        }
        if let file = options["--input"] { exit(runOnce(part, file)) }
        let seed = options["--seed"].flatMap { UInt64($0) } ?? 1
        let folder = options["--failures"] ?? FileManager.default.temporaryDirectory.path
        guard let current = CurrentInput(path: "\(folder)/\(name)-\(seed).current") else {
            print("cannot write to \(folder)")
            exit(73)
        }
        let result = Engine(name: name, part: part, seed: seed, folder: folder).run(
            count: options["--count"].flatMap { Int($0) } ?? 100_000,
            seconds: options["--seconds"].flatMap { Double($0) } ?? 3600, current: current)
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)-\(seed).current")
        for finding in result.findings { print("finding \(finding.number): \(finding.reason): \(finding.file)") }
        if let json = try? JSONEncoder().encode(result) { print(String(decoding: json, as: UTF8.self)) }
        exit(result.findings.isEmpty ? 0 : 1)
    }

    private static func runOnce(_ part: any InputPart, _ file: String) -> Int32 {
        guard let data = FileManager.default.contents(atPath: file) else {
            print("cannot read \(file)")
            return 66
        }
        do throws(Finding) {
            print(try part.run(Array(data)).isAccepted ? "accepted" : "refused")
            return 0
        } catch {
            print("finding: \(error.reason)")
            return 1
        }
    }
}
