// SPDX-License-Identifier: Apache-2.0

/// A unit file of systemd.
struct ServiceUnit {
    private let settings: [(name: String, value: String)]

    init(_ text: String) {
        settings = text.split(separator: "\n").compactMap { line in
            guard let sign = line.firstIndex(of: "="), !line.hasPrefix("#") else { return nil }
            return (String(line[..<sign]), String(line[line.index(after: sign)...]))
        }
    }

    /// All values of a setting, in their order.
    func values(_ name: String) -> [String] { settings.filter { $0.name == name }.map(\.value) }

    /// The words of a setting.
    func words(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: " ").map(String.init) }
    }
}
