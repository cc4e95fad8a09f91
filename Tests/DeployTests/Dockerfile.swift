// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The Dockerfile, cut into stages and instructions.
struct Dockerfile {
    struct Instruction {
        let name: String
        let words: [String]
    }
    struct Stage {
        let image: String
        var instructions: [Instruction] = []

        /// The Debian packages that it installs.
        var packages: [String] {
            instructions.filter { $0.name == "RUN" }.flatMap { instruction in
                instruction.words.split(separator: "&&").flatMap { command -> ArraySlice<String> in
                    guard command.starts(with: ["apt-get", "install"]) else { return [] }
                    return command.dropFirst(2).filter { !$0.hasPrefix("-") }[...]
                }
            }
        }

        func words(of name: String) -> [[String]] { instructions.filter { $0.name == name }.map(\.words) }
    }

    private(set) var stages: [Stage] = []

    init(_ text: String) {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
            .replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n")
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard let name = words.first else { continue }
            if name == "FROM" {
                stages.append(Stage(image: words[1]))
            } else if let last = stages.indices.last {
                stages[last].instructions.append(Instruction(name: name, words: Array(words.dropFirst())))
            }
        }
    }
}
