// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The targets of Package.swift, read as text: `swift package` would wait for the build that runs these tests.
enum PackageManifest {
    /// The targets and products that each target depends on.
    static func dependenciesByTarget() throws -> [String: Set<String>] {
        let text = try String(contentsOf: Repository.root.appending(path: "Package.swift"), encoding: .utf8)
        return text.matches(of: /\.(?:executableTarget|target)\(/).reduce(into: [:]) { targets, match in
            let body = balanced(text[match.range.upperBound...], close: ")")
            guard let name = body.firstMatch(of: /name: "([^"]+)"/)?.1 else { return }
            guard let list = body.firstRange(of: "dependencies: [") else {
                targets[String(name)] = []
                return
            }
            let dependencies = balanced(body[list.upperBound...], close: "]")
            let products = dependencies.matches(of: /\.product\(name: "([^"]+)", package: "[^"]+"\)/)
            let names = dependencies.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/)
            targets[String(name)] = Set((products.map(\.1) + names.map(\.1)).map(String.init))
        }
    }

    /// The text up to the bracket that closes what is open at its beginning.
    private static func balanced(_ text: Substring, close: Character) -> Substring {
        let open: Character = close == ")" ? "(" : "["
        var depth = 1
        let end = text.firstIndex { character in
            if character == open { depth += 1 }
            if character == close { depth -= 1 }
            return depth == 0
        }
        return text[..<(end ?? text.endIndex)]
    }
}
