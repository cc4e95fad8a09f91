// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Plays what an article shows: one shell on the node of a lab, from the first line of the page to the last.
struct Session {
    /// What a command did.
    struct Outcome {
        let status: Int
        let lines: [String]
    }

    private static let mark = "--- end of step"
    private let steps: [Article.Step]

    init(_ steps: [Article.Step]) { self.steps = steps }

    /// What each step printed.
    ///
    /// - Throws: `ProcessFailure` if the shell came to an end before the page did.
    func play() throws -> [Outcome] {
        let lab = try Lab(pods: Self.pods.map { "\($0.name)=\($0.address)" } + ["client-pod=10.244.1.5"])
        for pod in Self.pods { try lab.serve(pod.name, port: pod.port) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
        let work = folder.appending(path: "work")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appending(path: "session.sh")
        try Data(text(lab, folder).utf8).write(to: script)

        let result = try lab.attempt(
            "node", ["timeout", "180", "bash", "-c", "cd '\(work.path)' && exec bash '\(script.path)' 2>&1"])
        let outcomes = outcomes(of: result.output)
        guard outcomes.count == steps.count else {
            throw ProcessFailure(description: "the session ended after step \(outcomes.count): \(result.output)")
        }
        return outcomes
    }

    /// The pods of the walk-through, which every page may talk about.
    private static let pods: [(name: String, address: String, port: Int)] = [
        ("redis", "10.244.1.190", 6379), ("myapp-1", "10.244.2.59", 80), ("myapp-2", "10.244.1.191", 80),
        ("myapp-3", "10.244.2.60", 80),
    ]

    private func text(_ lab: Lab, _ folder: URL) -> String {
        var text = """
            export PATH='\(Repository.products.path)':'\(folder.path)':$PATH LC_ALL=C.UTF-8 NO_COLOR=1 COLUMNS=100
            export REPOSITORY='\(Repository.root.path)' XTABLES_LOCKFILE='\(folder.path)/xtables.lock'
            unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
            trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
            # Readers are not root; who plays what they read is.
            printf '#!/bin/sh\\nexec "$@"\\n' >'\(folder.path)/sudo' && chmod +x '\(folder.path)/sudo'
            on() { "$REPOSITORY/scripts/lab" exec '\(lab.prefix)' "$@"; }
            end_of_step() { printf '\\n\(Self.mark) %s\\n' "$1"; return "$1"; }
            patiently() { local i; for i in $(seq 150); do if eval "$1"; then return; fi; sleep 0.1; done; false; }

            """
        for step in steps {
            switch step {
            case .hidden(let command): text += command
            case .wait(let command): text += "patiently \(Self.quoted(command)) >/dev/null"
            case .shown("node", let command, _): text += command
            case .shown(let host, let command, _): text += "on \(host) bash -c \(Self.quoted(command))"
            }
            text += "\nend_of_step $?\n"
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }

    private func outcomes(of output: String) -> [Outcome] {
        var outcomes: [Outcome] = []
        var lines: [String] = []
        for line in output.components(separatedBy: "\n") {
            guard line.hasPrefix(Self.mark), let status = Int(line.dropFirst(Self.mark.count + 1)) else {
                lines.append(line)
                continue
            }
            // The mark begins on a line of its own, whatever was printed before it.
            if lines.last == "" { lines.removeLast() }
            outcomes.append(Outcome(status: status, lines: lines))
            lines = []
        }
        return outcomes
    }
}
