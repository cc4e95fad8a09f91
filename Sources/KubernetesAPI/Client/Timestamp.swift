import Foundation

/// Times as the API writes them (RFC 3339).
enum Timestamp {
    /// The time that a text names, with or without fractions of a second; `nil` if it names none.
    static func date(_ text: String) -> Date? {
        if let date = try? Date(text, strategy: .iso8601) { return date }
        return try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
