// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The inputs that the repository has as fixtures; only the small ones, since mutations of large ones are slow and alike.
struct Corpus {
    private let folder: String
    private static let sizeLimit = 6 << 10

    init(folder: String) { self.folder = folder }

    /// The contents of files below a folder, by a suffix of their path; sorted by path, so that a seed means the same.
    func files(_ subfolders: [String], suffix: String, sizeLimit: Int = sizeLimit, count: Int = 60) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for subfolder in subfolders {
            let root = "\(folder)/\(subfolder)"
            let paths = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).sorted()
            for path in paths where path.hasSuffix(suffix) {
                guard let data = FileManager.default.contents(atPath: "\(root)/\(path)"), data.count <= sizeLimit else {
                    continue
                }
                found.append(Array(data))
            }
        }
        // Spread over all, rather than the first ones.
        let step = max(1, found.count / count)
        return stride(from: 0, to: found.count, by: step).map { found[$0] }
    }
}
