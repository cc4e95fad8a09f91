// SPDX-License-Identifier: Apache-2.0

/// A value behind one reference, which copies share until one of them is changed: for what is large, and rarely changed.
@propertyWrapper struct Boxed<Value> {
    private final class Box {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    init(wrappedValue: Value) { box = Box(wrappedValue) }

    var wrappedValue: Value {
        _read { yield box.value }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = Box(box.value) }
            yield &box.value
        }
    }

    /// Whether both are copies that neither has changed since; others can have equal values too.
    func isShared(with other: Boxed) -> Bool { box === other.box }
}
