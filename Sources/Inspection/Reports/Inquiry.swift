// SPDX-License-Identifier: Apache-2.0

import Messages

/// A question about a node: what a command asks, and a page of the running program answers.
package protocol Inquiry: Sendable, Hashable {
    /// The path of the page that answers it.
    static var path: String { get }

    /// The names of its parameters; those of the output are others.
    static var parameterNames: [String] { get }

    /// What must be known for an answer.
    static var needs: InquiryNeeds { get }

    /// Reads an inquiry from the parameters of a request.
    ///
    /// - Throws: ``InquiryFailure/invalid(_:)``.
    init(_ parameters: InquiryParameters) throws(InquiryFailure)

    /// The parameters of a request for it.
    var parameters: InquiryParameters { get }

    /// The answer.
    ///
    /// - Throws: ``InquiryFailure`` if nothing is known of what is asked for.
    func report(on state: InspectedState) throws(InquiryFailure) -> any Report

    /// What a command prints on standard error if the report for people is empty; `nil` if it never is.
    var emptyNote: String? { get }
}

extension Inquiry {
    package var emptyNote: String? { nil }
}

/// What must be known for the answer to an inquiry.
package struct InquiryNeeds: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The rules; before all objects are listed, there are none.
    package static let rules = InquiryNeeds(rawValue: 1)
    /// What rules have counted: to read that takes most of a second on a large node.
    package static let counters = InquiryNeeds(rawValue: 2)
    /// Rates and shares of the last seconds, for clients that ask again and again: rules are read less often if it takes long.
    package static let measuredTraffic = InquiryNeeds(rawValue: 4)
}

/// All inquiries.
package enum Inquiries {
    package static let all: [any Inquiry.Type] = [
        ServiceInquiry.self, EndpointInquiry.self, StatusInquiry.self, ExplanationInquiry.self, TraceInquiry.self,
        GraphInquiry.self, EventInquiry.self, SyncHistoryInquiry.self, TopServiceInquiry.self, TopEndpointInquiry.self,
    ]
}

/// The names and values of a request.
package struct InquiryParameters: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var all: [Parameter]

    package init(_ all: [Parameter] = []) { self.all = all }

    /// The parameters that a request may have several times.
    private static let repeatable: Set<String> = ["name"]

    /// Checks that there are no others than `names`, each of them once: one that is ignored would mean another question.
    ///
    /// - Throws: ``InquiryFailure/invalid(_:)``.
    package func check(_ names: [String]) throws(InquiryFailure) {
        var known: Set<String> = []
        for name in all.map(\.name) {
            let quoted = MessageText.quoted(name)
            guard names.contains(name) else {
                let supported = names.isEmpty ? "none" : names.joined(separator: ", ")
                throw .invalid("unknown parameter \(quoted) (supported: \(supported))")
            }
            guard known.insert(name).inserted || Self.repeatable.contains(name) else {
                throw .invalid("the parameter \(quoted) occurs more than once; pass it once")
            }
        }
    }

    /// The value of a parameter that is there once.
    package subscript(name: String) -> String? { all.last { $0.name == name }?.value }

    /// The value of a parameter that is one of a few words; the first of them is the default.
    ///
    /// - Throws: ``InquiryFailure/invalid(_:)``.
    package func word(_ name: String, of words: [String]) throws(InquiryFailure) -> String {
        guard let value = self[name] else { return words.first ?? "" }
        guard words.contains(value) else {
            throw .invalid(
                "unsupported \(name) \(MessageText.quoted(value)) (supported: \(words.joined(separator: ", ")))")
        }
        return value
    }

    /// The values of a parameter that may be repeated.
    package func values(_ name: String) -> [String] { all.filter { $0.name == name }.map(\.value) }

    package mutating func append(_ name: String, _ value: String?) {
        if let value { all.append(Parameter(name: name, value: value)) }
    }
}

/// Why an inquiry has no answer.
package enum InquiryFailure: Error, Hashable {
    /// There is nothing of that name, in words.
    case notFound(String)
    /// The inquiry itself makes no sense, in words.
    case invalid(String)
    /// The program may not read what is asked for, in words.
    case notPermitted(String)
    /// What is asked for cannot be read now, in words.
    case unavailable(String)
}

extension InquiryFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let text), .invalid(let text), .notPermitted(let text), .unavailable(let text): text
        }
    }
}

extension InquiryParameters {
    package static func + (left: InquiryParameters, right: InquiryParameters) -> InquiryParameters {
        InquiryParameters(left.all + right.all)
    }

    /// The parameters as the end of a URL, with the question mark; empty without any.
    package var query: String {
        let pairs = all.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        return pairs.isEmpty ? "" : "?\(pairs.joined(separator: "&"))"
    }

    /// A text as a part of a URL: only the unreserved characters stay as they are (RFC 3986, §2.3).
    package static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let scalar = UnicodeScalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~".unicodeScalars.contains(scalar)
            {
                result.unicodeScalars.append(scalar)
            } else {
                result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
