// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

// Values of texts that the tests contain: a text that is no value stops the tests.

func address(_ text: String) -> IPAddress { value(IPAddress(text), text) }

func end(_ text: String) -> AddressPort { value(AddressPort(text), text) }

func range(_ text: String) -> CIDR { value(CIDR(text), text) }

private func value<Value>(_ value: Value?, _ text: String) -> Value {
    guard let value else { preconditionFailure("invalid value in a test: \(text)") }
    return value
}
