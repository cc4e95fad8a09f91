// SPDX-License-Identifier: Apache-2.0

/// A share as a bar, with a mark where the expected share is.
enum ShareBar {
    /// The width of a bar, in columns.
    static let width = 12

    private static let full: Character = "█"
    private static let half: Character = "▌"
    private static let rest: Character = "·"
    private static let mark: Character = "|"

    /// The bar, ``width`` columns wide.
    ///
    /// - Parameters:
    ///   - share: 0–1.
    ///   - expected: the expected share, 0–1; `nil` for no mark.
    static func text(_ share: Double, expected: Double? = nil) -> String {
        let halves = Int((min(1, max(0, share)) * Double(2 * width)).rounded())
        var cells = (0..<width).map { cell in
            cell * 2 + 1 < halves ? full : cell * 2 < halves ? half : rest
        }
        if let expected {
            let cell = min(width - 1, Int((expected * Double(width)).rounded(.down)))
            // A bar that goes beyond the mark hides it: what matters is how far it goes.
            if cells[cell] == rest { cells[cell] = mark }
        }
        return String(cells)
    }
}
