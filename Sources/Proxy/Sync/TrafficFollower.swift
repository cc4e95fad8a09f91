import KernelTables
import RuleCompiler

/// Follows what the rules have counted, while rules come and go.
public protocol TrafficFollower: CounterKeeper {
    /// The kernel holds these rules now; what was told of a change until now belongs to those in force before.
    func rulesAreInForce(_ compilation: Compilation)
}
