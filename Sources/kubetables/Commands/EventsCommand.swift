// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection
import KubernetesObjects
import ServiceModel

/// `kubetables events`: what happened on this node.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happened on this node: changes of Services, drift, errors and recoveries.",
        discussion: """
            Asks the running program over its socket. It keeps the last 10,000 events in memory, so they begin with its \
            start at the earliest. Which program caused drift is not known: the kernel does not report it for a network \
            namespace.

            Examples: kubetables events --since 10m
                      kubetables events --follow shop/web
            """)

    @Argument(help: ArgumentHelp("Only events of this Service: NAMESPACE/NAME, or NAME with -n.", valueName: "service"))
    var service: String?

    @Option(
        name: .shortAndLong, help: "The namespace of a Service without one. (default: default)",
        transform: NamespaceName.read)
    var namespace: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only events of the last time, for example 90s, 10m, 2h.", valueName: "duration"),
        transform: EventAge.init)
    var since: EventAge?

    @Flag(help: "Go on with events as they happen, until Ctrl-C.")
    var follow = false

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: RunningSourceOptions

    private static let period = Duration.seconds(1)

    func run() async throws {
        let program = try RunningProgram(source)
        var inquiry = EventInquiry(since: since?.beginning, service: try serviceName)
        guard follow else { return try await program.print(inquiry, report.form) }
        guard report.output == .table || report.output == .wide else {
            throw ValidationError("--follow prints text: leave out -o \(report.output.rawValue)")
        }
        let style = report.form.style
        // Another version is worth one note, not one for each answer.
        var note: (String) -> Void = Console.note
        while true {
            let list: EventList = try await program.fetch(inquiry, onOtherVersion: note)
            note = { _ in }
            var lines: [String] = []
            for event in list.items { event.writeText(style) { lines.append(TextStyle.printable($0, style)) } }
            for line in lines { try Console.printStyledLine(line) }
            if let last = list.items.last { inquiry.after = last.number }
            inquiry.since = nil
            try await Task.sleep(for: Self.period)
        }
    }

    private var serviceName: ServiceName? {
        get throws {
            guard let service else { return nil }
            if !service.contains("/") {
                return ServiceName(namespace: namespace ?? ServiceName.defaultNamespace, name: service)
            }
            guard let name = ServiceName(service) else {
                throw ValidationError("invalid Service \(service): write NAMESPACE/NAME, or NAME with -n")
            }
            return name
        }
    }
}

/// How far back events are wanted.
struct EventAge {
    private let seconds: Int

    /// Reads `90s`, `10m`, `2h`.
    ///
    /// - Throws: `ValidationError` for anything else.
    @Sendable init(_ text: String) throws {
        guard let duration = DurationText.parse(text), duration >= .zero else {
            throw ValidationError("\(DurationText.requirement(missedBy: text)), for example 90s, 10m or 2h")
        }
        seconds = Int(duration.components.seconds)
    }

    /// The moment from which on they are wanted.
    var beginning: Timestamp { Timestamp(seconds: Timestamp.now.seconds - seconds) }
}
