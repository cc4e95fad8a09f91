// SPDX-License-Identifier: Apache-2.0

/// How often the server was asked for a resource.
public struct RequestCounts: Sendable, Hashable {
    /// Lists begun.
    public var lists = 0
    /// Pages after the first.
    public var pages = 0
    /// Lists of a single object, which only ask for the version.
    public var probes = 0
    /// Watches begun.
    public var watches = 0
    /// Watches that go on.
    public var running = 0
    /// Requests that met a fault.
    public var faults = 0

    /// None yet.
    public init() {}
}
