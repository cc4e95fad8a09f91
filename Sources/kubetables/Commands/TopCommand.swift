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
            standard output is not a terminal, it prints the table once. Rates take two readings of the counters, at least \
            a second apart: --once waits for the second one.

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

    @Option(name: .shortAndLong, help: "The namespace. (default: all)", transform: NamespaceName.read)
    var namespace: String?

    @Option(
        help: ArgumentHelp(
            "The order: refused for services only, deviation for endpoints only.",
            valueName: "connections|refused|deviation|name"))
    var sort = TopOrder.connections

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often the table is refreshed, and how long --once measures, from 1s to 1h. (default: 2s, with --once 1s)",
            valueName: "duration"),
        transform: TopInterval.init)
    var interval: TopInterval?

    @Flag(help: "Print the table once.")
    var once = false

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: RunningSourceOptions

    /// How long to wait for the second reading of a large node, in addition to the interval.
    private static let patience = Duration.seconds(15)
    /// How often it is asked for again meanwhile.
    private static let retryPause = Duration.milliseconds(100)

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
            program: try RunningProgram(source), resource: listed,
            services: ServiceSelection(namespace: namespace, names: names), order: sort)
        guard !once, TerminalMode.isTerminal else { return try await printOnce(source) }
        guard report.output == .table else {
            throw ValidationError("-o \(report.output.rawValue) prints one table: pass --once")
        }
        let interval = interval ?? .standard
        let title =
            "kubetables top \(listed.rawValue)  every \(interval.description), by \(sort.rawValue)  (q ends)"
        let screen = TopScreen(title: title, hasColors: report.form.hasColors, emptyNote: source.emptyNote)
        try await TopLoop(source: source, screen: screen, interval: interval.duration).run()
    }

    private func printOnce(_ source: TopSource) async throws {
        do {
            let list = try await measured(source)
            guard list.time != nil else { throw Self.notCounting }
            if list.totals.items == 0, report.form.isText { return Console.printToStandardError(source.emptyNote) }
            var text = ""
            try report.form.write(list) { text += $0 }
            try Console.write(Array(text.utf8))
        } catch let failure as ProgramFailure {
            throw failure.report()
        }
    }

    /// The list with rates: it begins a measurement, without asking for items, and waits for its end.
    private func measured(_ source: TopSource) async throws -> any TopReport {
        let begin = ContinuousClock.now
        var pause = (interval ?? .shortest).duration
        let first = try await source.fetch(limit: 0, onOtherVersion: Console.note)
        // The program has measured for another client, or was scraped, a moment ago.
        if interval == nil, first.intervalSeconds != nil { return try await source.fetch(limit: nil) }
        while true {
            try await Task.sleep(for: pause)
            let isLast = .now - begin > Self.patience
            let list = try await source.fetch(limit: isLast ? nil : 0)
            if isLast { return list }
            if list.intervalSeconds != nil { return try await source.fetch(limit: nil) }
            pause = Self.retryPause
        }
    }
}

extension TopCommand {
    fileprivate static let notCounting = ProgramFailure(
        message: "the running kubetables does not read the counters of its rules: start it without "
            + "--traffic-metrics off, and with a --metrics-bind-address", exitCode: .noAnswer)
}

/// How often a table is refreshed.
struct TopInterval: CustomStringConvertible {
    let duration: Duration

    static let standard = TopInterval(duration: .seconds(2))
    /// The counters are read at most once a second.
    static let shortest = TopInterval(duration: .seconds(1))
    private static let longest = TopInterval(duration: .seconds(3600))

    private init(duration: Duration) { self.duration = duration }

    /// Reads `1s` to `1h`.
    ///
    /// - Throws: `ValidationError` for anything else.
    @Sendable init(_ text: String) throws {
        guard let duration = DurationText.parse(text) else {
            throw ValidationError("\(DurationText.requirement(missedBy: text)), from 1s to 1h")
        }
        guard duration >= Self.shortest.duration, duration <= Self.longest.duration else {
            throw ValidationError("must be from 1s to 1h, for example 2s")
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

    /// What is printed if there is nothing to list.
    var emptyNote: String { services.emptyNote(resource == .services ? "services" : "endpoints") }

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
