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
