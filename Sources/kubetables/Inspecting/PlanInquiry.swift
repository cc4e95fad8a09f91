// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import Inspection
import KernelTables
import NetworkTypes

/// What `plan` and `verify` ask the running program, and its page `/plan` answers: its differences, printed in one form.
struct PlanInquiry: Sendable {
    var format = PlanFormat.text
    var content = PlanContent.headlines
    var wording = PlanWording.changes
    /// The only family; `nil` for all that the program keeps in sync.
    var family: IPFamily?
    var hasColors = false
    /// More lines than this are left out; `nil` for no limit.
    var lineLimit: Int?
    /// Whether foreign rules that take packets count for the exit status.
    var failsOnForeignRules = false

    static let path = "/plan"

    private enum Name {
        static let format = "output"
        static let showsRules = "rules"
        static let namespace = "namespace"
        static let service = "service"
        static let drift = "drift"
        static let family = "family"
        static let color = "color"
        static let lineLimit = "lines"
        static let failsOnForeignRules = "foreign"

        static let all = [
            format, showsRules, namespace, service, drift, family, color, lineLimit, failsOnForeignRules,
        ]
    }

    init() {}

    /// Reads the parameters of a request.
    ///
    /// - Throws: ``InquiryFailure/invalid(_:)``.
    init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        try parameters.check(Name.all)
        format = try Self.word(parameters, Name.format, of: PlanFormat.self) ?? .text
        family = try Self.word(parameters, Name.family, of: IPFamily.self)
        content.showsRules = parameters[Name.showsRules] == "true"
        content.namespace = parameters[Name.namespace]
        content.service = parameters[Name.service]
        wording = parameters[Name.drift] == "true" ? .drift : .changes
        hasColors = parameters[Name.color] == "always"
        failsOnForeignRules = parameters[Name.failsOnForeignRules] == "true"
        if let text = parameters[Name.lineLimit] {
            guard let number = Int(text), number >= 0 else {
                throw .invalid("invalid \(Name.lineLimit)=\(text): write a number")
            }
            lineLimit = number
        }
    }

    private static func word<Value: RawRepresentable<String> & CaseIterable>(
        _ parameters: InquiryParameters, _ name: String, of type: Value.Type
    ) throws(InquiryFailure) -> Value? {
        guard let text = parameters[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            let supported = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("unsupported \(name)=\(text) (supported: \(supported))")
        }
        return value
    }

    /// The parameters of a request: never none, since the page without any is for people.
    var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append(Name.format, format.rawValue)
        parameters.append(Name.family, family?.rawValue)
        if content.showsRules { parameters.append(Name.showsRules, "true") }
        parameters.append(Name.namespace, content.namespace)
        parameters.append(Name.service, content.service)
        if wording == .drift { parameters.append(Name.drift, "true") }
        if hasColors { parameters.append(Name.color, "always") }
        parameters.append(Name.lineLimit, lineLimit.map { "\($0)" })
        if failsOnForeignRules { parameters.append(Name.failsOnForeignRules, "true") }
        return parameters
    }

    var printer: PlanPrinter {
        PlanPrinter(
            format: format, content: content, wording: wording, colors: TerminalColors(isOn: hasColors),
            lineLimit: lineLimit ?? .max)
    }

    /// The exit status of the command that prints these plans.
    func exitStatus(_ plans: [JudgedPlan]) -> Int {
        let isChanged = plans.contains { !$0.plan.isEmpty }
        let hasForeignRules = failsOnForeignRules && plans.contains { !$0.foreign.takingRules.isEmpty }
        return isChanged || hasForeignRules ? Self.changedStatus : 0
    }

    private static let changedStatus = 2
}

extension PlanInquiry {
    /// The inquiry of a command whose output is standard output.
    init(printedOn colors: TerminalColors, lineLimit: Int) {
        self.init()
        hasColors = colors.isOn
        self.lineLimit = lineLimit == .max ? nil : lineLimit
    }
}
