// SPDX-License-Identifier: Apache-2.0

/// Something that goes wrong with a request.
public enum Fault: Sendable, Hashable {
    /// An answer with a Status object.
    case refuse(code: Int, retryAfter: Int?)
    /// An answer 200 with an ERROR event; for a list, the same as ``refuse(code:retryAfter:)``.
    case errorEvent(code: Int)
    /// An answer 200 whose body is this.
    case garbage([UInt8])
    /// An answer 200 whose body is a line that never ends.
    case endlessLine
    /// An answer 200 that breaks off in the middle of a line.
    case drop
    /// No answer at all, for as long as the client waits.
    case hang
    /// The head of an answer, and then nothing.
    case hangAfterHead
    /// The head of an answer, and then a blank every now and then.
    case trickle
    /// An answer 200 that ends at once.
    case close
    /// The answer comes late.
    case delay(Duration)

    /// HTML, as proxies answer.
    public static let html = garbage(Array("<html><body><h1>502 Bad Gateway</h1></body></html>\n".utf8))
    /// JSON that is cut off, in an answer that is complete as HTTP has it.
    public static let truncated = garbage(Array(#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"#.utf8))
    /// No text.
    public static let binary = garbage([0x00, 0xff, 0x0a, 0x1b, 0x5b, 0x32, 0x4a, 0x80, 0x0a])
    /// JSON of something else.
    public static let wrongKind = garbage(
        Array(#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#.utf8) + [0x0a])

    /// A list whose items are text.
    public static let itemsText = garbage(
        Array(#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":"x"}"#.utf8) + [0x0a]
    )

    /// The fault of a name, as the control endpoint takes it.
    public init?(name: String, code: Int?, retryAfter: Int?) {
        switch name {
        case "refuse": self = .refuse(code: code ?? 500, retryAfter: retryAfter)
        case "gone": self = .refuse(code: 410, retryAfter: nil)
        case "gone-event": self = .errorEvent(code: 410)
        case "error-event": self = .errorEvent(code: code ?? 500)
        case "unavailable": self = .refuse(code: 503, retryAfter: retryAfter)
        case "too-many": self = .refuse(code: 429, retryAfter: retryAfter ?? 1)
        case "unauthorized": self = .refuse(code: 401, retryAfter: nil)
        case "forbidden": self = .refuse(code: 403, retryAfter: nil)
        case "too-large": self = .refuse(code: 504, retryAfter: 1)
        case "html": self = .html
        case "garbage", "binary": self = .binary
        case "truncated": self = .truncated
        case "wrong-kind": self = .wrongKind
        case "endless": self = .endlessLine
        case "drop": self = .drop
        case "hang": self = .hang
        case "hang-after-head": self = .hangAfterHead
        case "trickle": self = .trickle
        case "close": self = .close
        case "items-text": self = .itemsText
        case "delay": self = .delay(.seconds(2))
        default: return nil
        }
    }
}

/// What requests a fault is for.
public enum FaultScope: String, Sendable, Hashable {
    /// The first page of a list.
    case list
    /// The pages after it.
    case page
    /// Watches.
    case watch
    /// All of them.
    case any
}
