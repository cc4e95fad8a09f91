import Dispatch
import Logging
import NodeTuning
import Synchronization

/// Sets the kernel's parameters once rules are in place, and again when the options change.
///
/// Not before the first commit: the parameters of connection tracking exist from then on, and 127.0.0.0/8 may only be
/// routed when the rule that drops such packets from elsewhere is there (CVE-2020-8558).
public final class NodeTuner: ProxyObserver {
    private let tuning: NodeTuning
    private let logger: Logger
    private let queue = DispatchQueue(label: "kubetables.tuning")
    private let state: Mutex<State>

    private struct State {
        var options: TuningOptions
        /// Whether they are to be set after the next synchronization.
        var isDue = true
        var hasRules = false
    }

    /// Prepares to set what `options` ask for.
    public init(_ options: TuningOptions, tuning: NodeTuning = NodeTuning(), logger: Logger) {
        state = Mutex(State(options: options))
        self.tuning = tuning
        self.logger = logger
    }

    /// Takes over other options.
    public func reconfigure(_ options: TuningOptions) {
        let isDue = state.withLock { state in
            guard state.options != options else { return false }
            state.options = options
            state.isDue = !state.hasRules
            return state.hasRules
        }
        if isDue { apply() }
    }

    /// Something happened.
    public func observe(_ event: ProxyEvent) {
        guard case .synchronized = event else { return }
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
