// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A word or a phrase that must not come back, because operators stop at it: the project has one plain word for the thing.
struct WordRule: Sendable {
    let pattern: String
    /// The words to write.
    let instead: String

    init(_ pattern: String, instead: String) {
        self.pattern = pattern
        self.instead = instead
    }

    /// What people read: messages, help, metrics' help, pages.
    static let ofText: [WordRule] = [
        WordRule(#"\b(in|out of) step\b"#, instead: "in sync, out of sync"),
        WordRule(#"\bmend(s|ed|ing)?\b"#, instead: "repair, correct"),
        WordRule(#"\b(tells?|told|telling)\b"#, instead: "report, describe, log, show"),
        WordRule(#"\b(says?|said|saying)\b"#, instead: "report, describe, log, show"),
        WordRule(#"\b(hears?|heard|hearing)\b"#, instead: "receive"),
        WordRule(#"\b(of|by|from|to) others\b|\bothers'"#, instead: "foreign rules, another process"),
        WordRule(#"\bsome(body|one)\b"#, instead: "another process, an operator"),
        WordRule(#"\bport\b[^.;]{0,20} taken\b|\btaken (port|address)"#, instead: "already in use"),
        WordRule(#"\bshall\b"#, instead: "desired; must"),
        WordRule(#"\bwhat (is|are) wanted\b|\bmanifests mean\b"#, instead: "desired"),
        WordRule(#"\bbeside\b"#, instead: "alongside, next to"),
        WordRule(
            #"\bin (the place of kube-proxy|kube-proxy's place)\b|\btakes? the place of\b"#,
            instead: "as a drop-in replacement for kube-proxy"),
        WordRule(#"\blook(s|ed|ing)\b|\blooks? around\b"#, instead: "check, read, compare"),
        WordRule(#"\b(?<!there )is no (?!longer\b|more\b)[a-z`]"#, instead: "invalid X; X is not a Y"),
        WordRule(#"\bmade here\b|\bnowhere to\b"#, instead: "unsupported; cannot"),
        WordRule(#"\bha(s|d|ve) drifted\b"#, instead: "drift between the kernel and the manifests"),
        WordRule(#"\bchain goes\b"#, instead: "chain removed"),
        WordRule(#"\bat the wrong place\b|\bmisplaced\b"#, instead: "out of order"),
        WordRule(#"\banew\b"#, instead: "again"),
        WordRule(#"\bnot set to [^;]*\bstays\b"#, instead: "left at X (wanted Y)"),
        WordRule(#"\bcannot tell\b"#, instead: "cannot be set; cannot be read"),
        WordRule(#"\b(rooms?|house|arrows?)\b"#, instead: "modules and their dependencies"),
        WordRule(#"\bwhoever\b|\bwell again\b"#, instead: "who; works again"),
        WordRule(#"[“”‘’]"#, instead: "straight quotes: what people see must be found by grep"),
        WordRule(#"−"#, instead: "the hyphen of the keyboard"),
    ]

    /// Names of types, functions and values; `speak` and the rest are the last words of names that meant to report.
    static let ofNames: [WordRule] =
        [
            WordRule(
                #"(?-i)\b(EndpointChain|RuleIdentity|EntryLayout|Part|Job|Surroundings)\b"#,
                instead: "a name that states what it is"),
            WordRule(#"\blookAround\b|\bisImplemented\b"#, instead: "a name that states what it is"),
        ]
        + ["tells?", "told", "says?", "said", "hears?", "heard", "speaks?", "mend(s|ed|ing)?", "somebody", "misplaced"]
        .map { word in
            // As the first word of a name, as a later one, or as all of it.
            let capital = word.prefix(1).uppercased() + word.dropFirst()
            return WordRule(
                #"(?-i)(?<![A-Za-z])\#(word)(?![a-z])|(?-i:\#(capital))(?![a-z])"#,
                instead: "report, log, receive, repair")
        }

    /// What the rule forbids and a text has.
    func matches(in text: String) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern, options: [.caseInsensitive])
        return expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap {
            Range($0.range, in: text).map { String(text[$0]) }
        }
    }
}
