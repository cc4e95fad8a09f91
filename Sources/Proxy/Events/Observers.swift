/// Several observers as one.
public struct Observers: ProxyObserver {
    private let observers: [any ProxyObserver]

    /// Tells all of `observers`, in their order.
    public init(_ observers: [any ProxyObserver]) { self.observers = observers }

    /// Something happened.
    public func observe(_ event: ProxyEvent) {
        for observer in observers { observer.observe(event) }
    }
}
