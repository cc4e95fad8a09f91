// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import NetworkTypes
import NodeTuning
import ProxyConfiguration
import Synchronization

/// Sets the kernel's parameters once rules are in place, and again when the options change.
///
/// Not before the first commit of IPv4's rules: the parameters of connection tracking exist from then on, and 127.0.0.0/8
/// may only be routed when the rule that drops such packets from elsewhere is there (CVE-2020-8558).
package final class NodeTuner: ProxyObserver {
    private let tuning: NodeTuning
    private let logger: Logger
    private let families: [IPFamily]
    private let queue = DispatchQueue(label: "kubetables.tuning")
    private let state: Mutex<State>

    private struct State {
        var options: TuningOptions
        /// Whether they are to be set after the next synchronization.
        var isDue = true
        var hasRules = false
    }

    /// - Parameters:
    ///   - options: kube-proxy's options, of which some ask for kernel parameters.
    ///   - families: the families that rules are made for.
    ///   - tuning: sets the parameters.
    ///   - logger: gets a line for each parameter that is set, or cannot be.
    package init(
        _ options: ProxyOptions, families: [IPFamily], tuning: NodeTuning = NodeTuning(), logger: Logger
    ) {
        self.families = families
        state = Mutex(State(options: TuningOptions(options, families: families)))
        self.tuning = tuning
        self.logger = logger
    }

    /// The family whose rules must be there first.
    private var decisiveFamily: IPFamily { families.contains(.ipv4) ? .ipv4 : .ipv6 }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .optionsChanged(let options): reconfigure(TuningOptions(options, families: families))
        case .synchronized(let synchronization) where synchronization.family == decisiveFamily: rulesAreInForce()
        default: break
        }
    }

    private func reconfigure(_ options: TuningOptions) {
        let (old, isDue) = state.withLock { state in
            defer { state.options = options }
            guard state.options != options else { return (options, false) }
            // Other rules are on their way, and must be there before.
            state.isDue = state.isDue || options.localhostNodePorts && !state.options.localhostNodePorts
            return (state.options, state.hasRules && !state.isDue)
        }
        if isDue { apply() }
        if old.localhostNodePorts, !options.localhostNodePorts {
            logger.warning(
                "\(KernelParameter.routeLocalnet) is left at 1; set it to 0 unless something else on this node needs it"
            )
        }
    }

    private func rulesAreInForce() {
        let isDue = state.withLock { state in
            defer { state.isDue = false }
            state.hasRules = true
            return state.isDue
        }
        if isDue { apply() }
    }

    private func apply() {
        queue.async { [self] in
            let options = state.withLock(\.options)
            for outcome in tuning.apply(options) {
                switch outcome.result {
                case .unchanged: logger.debug("\(outcome)")
                case .set, .skipped: logger.info("\(outcome)")
                }
            }
        }
    }
}
