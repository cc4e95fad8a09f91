// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where things are: the sources of this package and what was built of them.
public enum Repository {
    /// The folder with Package.swift in it.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The folder of the fixtures.
    public static var fixtures: URL { root.appending(path: "fixtures") }

    /// The folder that holds what was built together with these tests.
    public static var products: URL {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent()
    }

    /// The path of the `kubetables` that was built together with these tests.
    public static var tool: String { products.appending(path: "kubetables").path }
}
