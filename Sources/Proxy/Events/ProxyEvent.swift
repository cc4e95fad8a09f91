import ConnectionTracking
import KernelTables
import KubernetesObjects
import NetworkTypes
import ServiceModel

/// What happens in the loop, as it tells whoever writes logs, counts, or answers health checks.
public enum ProxyEvent: Sendable {
    /// Rules are not made yet: no source has told everything of these kinds.
    case waiting([KubernetesObject.Kind])
    /// The options and the node do not fit together, so that rules are not made, or stay as they were.
    case unusableSettings(reason: String)
    /// The cluster has no Node of this node's name: no endpoint counts as one of this node.
    case missingNode(name: String)
    /// The Node object of this node says that the node is about to go, or that it is not any longer.
    case nodeLeaving(Bool)
    /// Objects changed, whether or not rules depend on it.
    case objectsChanged(ChangeCounts)
    /// So many changes of objects wait for a family's rules.
    case changesPending(IPFamily, ChangeCounts)
    /// Something changed that the rules of a family depend on.
    case changeQueued(IPFamily)
    /// A family's tables are as they shall be.
    case synchronized(Synchronization)
    /// What load balancers are told about Services is another; comes after the rules for it.
    case healthChecksChanged(HealthCheckedServices)
    /// A family's tables could not be brought in step.
    case failed(FailedSynchronization)
    /// Flows whose endpoint is gone were deleted.
    case flowsCleaned(IPFamily, StaleFlowCleanup.Report)
    /// Something around our tables makes the rules do less, or other things, than they should.
    case surroundings(IPFamily, warnings: [String])
    /// Flows whose endpoint is gone could not be listed, and so not deleted.
    case flowsNotCleaned(IPFamily, FlowTableFailure)
}

/// One time that a family's tables were brought in step.
public struct Synchronization: Sendable {
    /// Why the tables were read.
    public enum Reason: Sendable, Hashable {
        /// The first time since the start.
        case start
        /// Services, endpoints, the node or options changed.
        case change
        /// The time for a look at the tables had come.
        case check
        /// The last time failed.
        case retry
    }

    /// The family.
    public let family: IPFamily
    /// Why the tables were read.
    public let reason: Reason
    /// The number of Services that changed since the last time; `nil` for all.
    public let changedServices: Int?
    /// How long it took to compile what changed and to put the rules together.
    public let compileTime: Duration
    /// What was done to the tables, and how long each part took.
    public let report: SyncReport
    /// When the changes were seen that led to those of endpoints which are in force now, if their objects say so.
    public let triggerTimes: [Timestamp]
    /// How many service ports of the family miss endpoints on this node by now.
    public let missingLocalEndpoints: MissingLocalEndpoints
}

/// One time that a family's tables could not be brought in step.
public struct FailedSynchronization: Sendable {
    /// The family.
    public let family: IPFamily
    /// Why the tables were to be read.
    public let reason: Synchronization.Reason
    /// The number of Services whose changes were to be served; `nil` for all.
    public let changedServices: Int?
    /// What went wrong.
    public let error: SyncError
    /// After what time it is tried again, if nothing changes meanwhile.
    public let retryAfter: Duration
}

/// Gets told what happens in the loop; must return soon.
public protocol ProxyObserver: Sendable {
    /// Something happened.
    func observe(_ event: ProxyEvent)
}
