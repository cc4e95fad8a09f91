// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Inspection
import KubernetesObjects

/// `kubetables top`: how many connections Services and endpoints get now, as a table that is refreshed.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show the connections and refusals per second of Services, or of endpoints with their shares.",
        discussion: """
            Asks the running program over its socket, and refreshes a table until q or Ctrl-C; with --once, and where \
            standard output is not a terminal, it prints the table once. The first rates take two readings of the \
            counters: --once waits for the second one.

            A share counts from the last change of the port's endpoints, or from up to a minute ago. It is marked as more \
            or less than expected only if chance alone would cause that less than once in a million times. While the \
            program runs on a large node, it reads the counters less often, so that readings take at most a tenth of the \
            time.

            Examples: kubetables top
                      kubetables top endpoints web -n shop --sort deviation
                      kubetables top services --once -o json
            """)

    /// What is listed.
    enum Resource: String, CaseIterable, ExpressibleByArgument {
        case services
        case endpoints

        var orders: [TopOrder] {
            switch self {
            case .services: TopServiceInquiry.orders
            case .endpoints: TopEndpointInquiry.orders
            }
        }
    }

    @Argument(help: ArgumentHelp("What to list. (default: services)", valueName: "services|endpoints"))
    var resource: Resource?

    @Argument(help: "The names of Services, each alone or as NAMESPACE/NAME. (default: all)")
    var names: [String] = []

    @Option(name: .shortAndLong, help: "The namespace. (default: all)")
    var namespace: String?

    @Option(
        help: ArgumentHelp(
            "The order: refused for services only, deviation for endpoints only.",
            valueName: "connections|refused|deviation|name"))
    var sort = TopOrder.connections

    @Option(help: ArgumentHelp("How often the table is refreshed, 1s or longer.", valueName: "duration"))
    var interval = TopInterval.standard

    @Flag(help: "Print the table once.")
    var once = false

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: RunningSourceOptions

    /// How long to wait for the second reading of a large node, in addition to the interval.
    private static let patience = Duration.seconds(15)

    private var listed: Resource { resource ?? .services }

    func validate() throws {
        guard listed.orders.contains(sort) else {
            let orders = listed.orders.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "--sort \(sort.rawValue) is for other lists (supported for \(listed.rawValue): \(orders))")
        }
    }

    func run() async throws {
        let source = TopSource(
            program: RunningProgram(source), resource: listed,
            services: ServiceSelection(namespace: namespace, names: names), order: sort)
        guard !once, TerminalMode.isTerminal else { return try await printOnce(source) }
        guard report.output == .table else {
            throw ValidationError("-o \(report.output.rawValue) prints one table: pass --once")
        }
        let title =
            "kubetables top \(listed.rawValue)  every \(interval.description), by \(sort.rawValue)  (q ends)"
        let screen = TopScreen(title: title, hasColors: report.form.hasColors)
        try await TopLoop(source: source, screen: screen, interval: interval.duration).run()
    }

    private func printOnce(_ source: TopSource) async throws {
        do {
            var list = try await source.fetch(limit: nil, onOtherVersion: Console.note)
            let deadline = ContinuousClock.now + Self.patience
            while list.intervalSeconds == nil, .now < deadline {
                try await Task.sleep(for: interval.duration)
                list = try await source.fetch(limit: nil)
                if list.time == nil { break }
            }
            guard list.time != nil else { throw Self.notCounting }
            var text = ""
            try report.form.write(list) { text += $0 }
            try Console.write(Array(text.utf8))
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
    }
}

extension TopCommand {
    fileprivate static let notCounting = ProgramFailure(
        message: "the running kubetables does not read the counters of its rules: start it without "
            + "--traffic-metrics off, and with a --metrics-bind-address", exitCode: .noAnswer)
}

/// How often a table is refreshed.
struct TopInterval: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration

    static let standard = TopInterval(duration: .seconds(2))
    /// The counters are read at most once a second.
    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(3600)

    private init(duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = DurationText.parse(argument), duration >= Self.shortest, duration <= Self.longest else {
            return nil
        }
        self.duration = duration
    }

    var description: String { DurationText.text(duration) }
}

extension TopOrder: ExpressibleByArgument {}

/// Where the lists of `top` come from.
struct TopSource: Sendable {
    let program: RunningProgram
    let resource: TopCommand.Resource
    let services: ServiceSelection
    let order: TopOrder

    /// The list now.
    ///
    /// - Parameters:
    ///   - limit: the number of items at most; `nil` for all.
    ///   - onOtherVersion: gets a message if the program is of another version.
    /// - Throws: ``ProgramFailure``.
    func fetch(limit: Int?, onOtherVersion note: (String) -> Void = { _ in }) async throws -> any TopReport {
        let selection = TopSelection(services, order: order, limit: limit)
        switch resource {
        case .services:
            let list: TopServiceList = try await program.ask(TopServiceInquiry(selection), onOtherVersion: note)
            return list
        case .endpoints:
            let list: TopEndpointList = try await program.ask(TopEndpointInquiry(selection), onOtherVersion: note)
            return list
        }
    }
}
