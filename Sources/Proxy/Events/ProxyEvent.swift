// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import KubernetesAPI
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration

/// What happens in the loop, for those who write logs, count, or answer health checks.
package enum ProxyEvent: Sendable {
    /// No rules are made yet: no source has listed these kinds completely.
    case waiting([KubernetesObject.Kind])
    /// All required kinds have been listed; rules are made from now on.
    case started(ObjectCounts)
    /// Other options take effect; comes before the rules that they lead to.
    case optionsChanged(ProxyOptions)
    /// The options and the node do not fit together: no rules are made, or they stay as they were.
    case unusableSettings(reason: String)
    /// The cluster has no Node object of this node's name.
    case missingNode(name: String)
    /// The Node object of this node marks the node as about to be removed, or no longer so.
    case nodeLeaving(Bool)
    /// The errors of all objects and files that cannot be used now; the last good state of each stays in force.
    ///
    /// Comes before ``started(_:)`` for what was wrong at the start, and again whenever it changes.
    case invalidObjects([Diagnostic])
    /// The warnings about all objects and files that are used; again whenever they change.
    case objectWarnings([Diagnostic])
    /// What stays of an earlier run's rules because the input cannot be read completely; again whenever it changes, and empty
    /// when nothing stays any longer.
    case rulesKept(KeptRulesReport)
    /// What in the options does less, or other things, on this node than their author may have meant; whenever that changes.
    case configurationChecked(warnings: [String])
    /// All addresses and ports that several Services claim now.
    case conflicts([ServiceConflict])
    /// Objects changed, whether or not rules depend on it.
    case objectsChanged(ChangeCounts)
    /// So many changes of objects wait for a family's rules.
    case changesPending(IPFamily, ChangeCounts)
    /// Something changed that the rules of a family depend on.
    case changeQueued(IPFamily)
    /// A family's tables are in sync.
    case synchronized(Synchronization)
    /// Load balancers get another answer about Services; comes after the rules for it.
    case healthChecksChanged(HealthCheckedServices)
    /// A family's tables could not be synchronized.
    case failed(FailedSynchronization)
    /// Flows whose endpoint is gone were deleted.
    case flowsCleaned(IPFamily, StaleFlowCleanup.Report)
    /// Flows whose endpoint is gone could not be listed, and so not deleted.
    case flowsNotCleaned(IPFamily, FlowTableFailure)
    /// Connections to endpoints failed that are judged.
    case connectionsFailed(IPFamily, [EndpointFailures])
    /// An endpoint gets no connections for a time, or gets them again; comes before the rules for it.
    case endpointJudged(EndpointJudgement)
    /// Connections cannot be followed, so that no endpoint is judged and none is retried; `nil` when they are again, or need
    /// not be.
    case connectionsNotFollowed(FlowTableFailure?)
    /// Connections came faster than they could be followed: some failures were missed.
    case connectionEventsLost
    /// The host was checked for what makes the rules of a family do less, or other things, than they should.
    case hostChecked(IPFamily, warnings: [String])
    /// The foreign rules of a family that can take packets to Services before our jumps do.
    case foreignRulesAhead(IPFamily, [ForeignRuleAhead])
    /// Requests about a resource to the API server begin to fail, or succeed again.
    case contactChanged(ContactChange)
    /// The rules of well-known programs that stand ahead of our jumps, as is usual with them.
    case recognizedRulesAhead(IPFamily, [RecognizedRules])
}

/// Receives what happens in the loop; must return soon.
package protocol ProxyObserver: Sendable {
    func observe(_ event: ProxyEvent)
}

/// Several observers as one, each of which receives an event before the next one does.
package struct Observers: ProxyObserver {
    private let observers: [any ProxyObserver]

    package init(_ observers: [any ProxyObserver]) { self.observers = observers }

    package func observe(_ event: ProxyEvent) {
        for observer in observers { observer.observe(event) }
    }
}
