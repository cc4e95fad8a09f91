import NetworkTypes
import ProxyConfiguration

/// What the machine says about itself, asked again and again.
public protocol HostFactsSource: Sendable {
    /// The machine's name in lower case.
    var hostname: String { get }
    /// The addresses of all interfaces, loopback included.
    var interfaceAddresses: [IPAddress] { get }
    /// Whether the kernel lets packets outside of the TCP window pass.
    var conntrackIsLiberal: Bool { get }
}

/// The machine this runs on.
public struct ThisHost: HostFactsSource {
    /// The machine this runs on.
    public init() {}

    /// The machine's name in lower case.
    public var hostname: String { HostFacts.hostname }
    /// The addresses of all interfaces, loopback included.
    public var interfaceAddresses: [IPAddress] { HostFacts.interfaceAddresses }
    /// Whether the kernel lets packets outside of the TCP window pass.
    public var conntrackIsLiberal: Bool { HostFacts.conntrackIsLiberal }
}
