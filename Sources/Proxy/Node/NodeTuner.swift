import Dispatch
import Logging
import NetworkTypes
import NodeTuning
import Synchronization

/// Sets the kernel's parameters once rules are in place, and again when the options change.
///
/// Not before the first commit of IPv4's rules: the parameters of connection tracking exist from then on, and 127.0.0.0/8
/// may only be routed when the rule that drops such packets from elsewhere is there (CVE-2020-8558).
public final class NodeTuner: ProxyObserver {
    private let tuning: NodeTuning
    private let logger: Logger
    /// The family whose rules must be there first.
    private let family: IPFamily
    private let queue = DispatchQueue(label: "kubetables.tuning")
    private let state: Mutex<State>

    private struct State {
        var options: TuningOptions
        /// Whether they are to be set after the next synchronization.
        var isDue = true
        var hasRules = false
    }

    /// Prepares to set what `options` ask for.
    ///
    /// - Parameters:
    ///   - options: the values to set.
    ///   - families: the families that rules are made for.
    ///   - tuning: sets them.
    ///   - logger: is told what became of each.
    public init(
        _ options: TuningOptions, families: [IPFamily], tuning: NodeTuning = NodeTuning(), logger: Logger
    ) {
        family = families.contains(.ipv4) ? .ipv4 : .ipv6
        state = Mutex(State(options: options))
        self.tuning = tuning
        self.logger = logger
    }

    /// Takes over other options; to be called before the loop takes over those that it depends on.
    public func reconfigure(_ options: TuningOptions) {
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
                "\(KernelParameter.routeLocalnet) stays 1; set it to 0 unless something else on this node needs it")
        }
    }

    /// Something happened.
    public func observe(_ event: ProxyEvent) {
        guard case .synchronized(let synchronization) = event, synchronization.family == family else { return }
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
