// SPDX-License-Identifier: Apache-2.0

import Documents
import Host
import Monitoring
import NetworkTypes
import Proxy
import ProxyConfiguration

extension RunCommand {
    /// The flags of `run` that are no part of ``ProxyOptions``, with their values in force; for `/flagz` and `/configz`.
    ///
    /// None holds a secret: credentials are in files, and a URL with a user or a query is refused.
    func ownFlags(_ objects: ObjectSource) -> [FlagInForce] {
        let ipFamilies = families.map { DocumentValue.string($0.rawValue) }
        return [
            FlagInForce("allow-empty", .bool(source.allowEmpty)),
            FlagInForce("cleanup", .bool(oneShot.cleanup ?? false)),
            FlagInForce("config", .string(node.config ?? "")),
            FlagInForce("init-only", .bool(oneShot.initOnly ?? false)),
            FlagInForce("ip-family", .array(ipFamilies)),
            FlagInForce("lock-file", .string(kernel.lockFile)),
            FlagInForce("lock-wait", .double(kernel.lockWait)),
            FlagInForce("manifests", .string(objects.directory ?? "")),
            FlagInForce("master", .string(source.master ?? "")),
            FlagInForce("owner-lock-file", .string(owner.path)),
            FlagInForce("traffic-metrics", .string(loopOptions.trafficMetrics.rawValue)),
            FlagInForce("write-config-to", .string(oneShot.writeConfigTo ?? "")),
        ]
    }
}

extension ObjectSource {
    /// The directory of manifests; `nil` for a cluster.
    fileprivate var directory: String? {
        if case .manifests(let source) = self { source.directory } else { nil }
    }
}
