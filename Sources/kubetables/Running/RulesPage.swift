// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Host
import KernelTables
import NetworkTypes
import Proxy
import ProxyConfiguration
import XTables

/// The content of `/rules` or `/plan`: large on large nodes, so it is made on a thread of its own.
struct RulesPage: Sendable {
    /// Writes what is shown of one family's rules.
    typealias Write = @Sendable (DesiredRules, ProxyOptions, inout PageContent) throws -> Void

    struct NoRules: Error, CustomStringConvertible {
        let description = "no rules yet: Services and endpoints are not known"
    }

    private let loop: ProxyLoop
    private let families: [IPFamily]
    private let write: Write
    private let queue = BlockingQueue(label: "kubetables.pages")

    init(_ loop: ProxyLoop, _ families: [IPFamily], _ write: @escaping Write) {
        self.loop = loop
        self.families = families
        self.write = write
    }

    /// Writes the desired rules, as iptables-save text.
    static let rules: Write = { desired, _, page in
        let rules = desired.ruleset
        page.append("# \(rules.family.kubernetesName)\n")
        rules.writeText(.save) { page.append($0) }
    }

    /// Writes the difference between the desired rules and the kernel.
    static let plan: Write = { desired, options, page in
        let printer = PlanPrinter(format: .text, content: .everything, colors: .none, lineLimit: .max)
        printer.forEachLine(of: try compare(desired, options)) { page.append($0 + "\n") }
    }

    /// Compares the desired rules with the kernel.
    static func compare(_ desired: DesiredRules, _ options: ProxyOptions) throws -> JudgedPlan {
        var backend = KernelOptions.readOnlyBackend
        backend.keepsJumpsFirst = options.keepsJumpsFirst
        return try JudgedPlan(
            desired.ruleset, of: desired.compilation,
            localAddresses: options.interfaceAddresses ?? LinuxHost().interfaceAddresses, backend)
    }

    /// The content for all families.
    func content() async throws -> PageContent {
        var page = PageContent()
        for family in families {
            guard let desired = await loop.desiredRules(family) else { throw NoRules() }
            let options = await loop.options
            let result = await queue.run { [write, page] in
                defer { Memory.giveBack() }
                return Result {
                    var page = page
                    try write(desired, options, &page)
                    return page
                }
            }
            page = try result.get()
        }
        return page
    }
}
