// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Wrong arguments.
struct PlanError: Error {
    let reason: String
}

/// What is to be done, as the command line has it.
struct Plan: Sendable {
    private let start = ContinuousClock.now
    var seconds = 600
    var seed = UInt64.random(in: 0..<1_000_000)
    /// The parts to run; all if there are none.
    var parts: [String] = []
    /// Whether any number of tries is enough.
    var isQuick = false
    /// The program that reads mutated inputs; the one beside this program, unless one is built to count coverage.
    var inputsProgram: String?
    var failures = FileManager.default.temporaryDirectory.appending(path: "kubetables-torture").path

    static let partNames = [Kills.name, Writers.name, APIFaults.name] + InputParts.names
    static let usage = """
        usage: torture [--seconds N] [--seed N] [--part NAME]... [--quick] [--inputs PROGRAM] [--failures FOLDER]
        parts: \(partNames.joined(separator: ", "))
        """

    init(_ arguments: some Sequence<String>) throws(PlanError) {
        var words = Array(arguments)[...]
        func value(_ option: String) throws(PlanError) -> String {
            guard let value = words.popFirst() else { throw PlanError(reason: "\(option) needs a value") }
            return value
        }
        while let option = words.popFirst() {
            switch option {
            case "--seconds":
                guard let number = Int(try value(option)), number > 0 else {
                    throw PlanError(reason: "\(option) needs a number of seconds")
                }
                seconds = number
            case "--seed":
                guard let number = UInt64(try value(option)) else {
                    throw PlanError(reason: "\(option) needs a number")
                }
                seed = number
            case "--part":
                let name = try value(option)
                guard Self.partNames.contains(name) else { throw PlanError(reason: "unknown part \"\(name)\"") }
                parts.append(name)
            case "--quick": isQuick = true
            case "--inputs": inputsProgram = try value(option)
            case "--failures": failures = try value(option)
            default: throw PlanError(reason: "unknown option \"\(option)\"")
            }
        }
        try? FileManager.default.createDirectory(atPath: failures, withIntermediateDirectories: true)
    }

    /// When all parts should be done; a last try may take longer.
    var end: ContinuousClock.Instant { start + .seconds(seconds) }

    func has(_ part: String) -> Bool { parts.isEmpty || parts.contains(part) }

    /// The goal that any number reaches.
    static let anyNumber = 1

    /// A goal that is for ten minutes, in proportion to the time; ``anyNumber`` if that will do.
    func goal(_ tries: Int) -> Int { isQuick ? Self.anyNumber : max(1, tries * min(seconds, 600) / 600) }
}
