// SPDX-License-Identifier: Apache-2.0

extension DocumentValue {
    /// An encodable value as a document: its members in the order in which it encodes them, without those that are `nil`.
    ///
    /// Foundation's encoder does the same, but takes much longer for ten thousand small values, and loses their order.
    ///
    /// - Throws: what the value throws; ``DocumentEncodingError`` for what no document can hold.
    package init(encoding value: some Encodable) throws {
        let encoder = DocumentEncoder(codingPath: [])
        try value.encode(to: encoder)
        self = encoder.result.value
    }

    fileprivate init(number: some BinaryInteger) throws {
        guard let integer = Int64(exactly: number) else { throw DocumentEncodingError.number(UInt64(number)) }
        self = .integer(integer)
    }
}

/// Why a value cannot be encoded.
package enum DocumentEncodingError: Error, Hashable {
    /// A number above the largest that a document can hold.
    case number(UInt64)
}

/// What has been encoded so far of one value; containers inside of it may be filled later.
private final class DocumentNode {
    private enum Kind {
        case scalar(DocumentValue)
        case members
        case elements
    }

    private var kind = Kind.scalar(.null)
    private var members: [DocumentObject.Member] = []
    private var elements: [DocumentValue] = []
    /// The containers among the members or elements, with their places.
    private var nested: [(index: Int, node: DocumentNode)] = []

    func becomeMembers() { kind = .members }
    func becomeElements() { kind = .elements }
    func set(_ value: DocumentValue) { kind = .scalar(value) }

    var count: Int { elements.count }

    func append(_ value: DocumentValue, key: String) { members.append(.init(key: key, value: value)) }

    func append(_ value: DocumentValue) { elements.append(value) }

    func append(_ node: DocumentNode, key: String) {
        nested.append((members.count, node))
        append(.null, key: key)
    }

    func append(_ node: DocumentNode) {
        nested.append((elements.count, node))
        append(.null)
    }

    var value: DocumentValue {
        switch kind {
        case .scalar(let value):
            return value
        case .members:
            for (index, node) in nested { members[index].value = node.value }
            return .object(DocumentObject(members))
        case .elements:
            for (index, node) in nested { elements[index] = node.value }
            return .array(elements)
        }
    }
}

private struct DocumentEncoder: Encoder {
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    let result = DocumentNode()

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        result.becomeMembers()
        return KeyedEncodingContainer(MemberContainer<Key>(codingPath: codingPath, node: result))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        result.becomeElements()
        return ElementContainer(codingPath: codingPath, node: result)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarContainer(codingPath: codingPath, node: result)
    }
}

private struct MemberContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let codingPath: [any CodingKey]
    let node: DocumentNode

    private func set(_ value: DocumentValue, _ key: Key) { node.append(value, key: key.stringValue) }

    func encodeNil(forKey key: Key) { set(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { set(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { set(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) { set(.double(value), key) }
    func encode(_ value: Int, forKey key: Key) { set(.integer(Int64(value)), key) }
    func encode(_ value: UInt16, forKey key: Key) { set(.integer(Int64(value)), key) }
    func encode(_ value: UInt32, forKey key: Key) { set(.integer(Int64(value)), key) }
    func encode(_ value: UInt64, forKey key: Key) throws { set(try DocumentValue(number: value), key) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        set(try DocumentValue(encoding: value), key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nestedEncoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nestedEncoder(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { DocumentEncoder(codingPath: codingPath) }

    func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key) }

    private func nestedEncoder(_ key: Key) -> DocumentEncoder {
        let encoder = DocumentEncoder(codingPath: codingPath + [key])
        node.append(encoder.result, key: key.stringValue)
        return encoder
    }
}

private struct ElementContainer: UnkeyedEncodingContainer {
    let codingPath: [any CodingKey]
    let node: DocumentNode

    var count: Int { node.count }

    func encodeNil() { node.append(.null) }
    func encode(_ value: String) { node.append(.string(value)) }
    func encode(_ value: some Encodable) throws { node.append(try DocumentValue(encoding: value)) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nestedEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }

    func superEncoder() -> any Encoder { nestedEncoder() }

    private func nestedEncoder() -> DocumentEncoder {
        let encoder = DocumentEncoder(codingPath: codingPath)
        node.append(encoder.result)
        return encoder
    }
}

private struct ScalarContainer: SingleValueEncodingContainer {
    let codingPath: [any CodingKey]
    let node: DocumentNode

    func encodeNil() { node.set(.null) }
    func encode(_ value: Bool) { node.set(.bool(value)) }
    func encode(_ value: String) { node.set(.string(value)) }
    func encode(_ value: Double) { node.set(.double(value)) }
    func encode(_ value: Float) { node.set(.double(Double(value))) }
    func encode(_ value: Int) { node.set(.integer(Int64(value))) }
    func encode(_ value: Int8) { node.set(.integer(Int64(value))) }
    func encode(_ value: Int16) { node.set(.integer(Int64(value))) }
    func encode(_ value: Int32) { node.set(.integer(Int64(value))) }
    func encode(_ value: Int64) { node.set(.integer(value)) }
    func encode(_ value: UInt) throws { node.set(try DocumentValue(number: value)) }
    func encode(_ value: UInt8) { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt16) { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt32) { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt64) throws { node.set(try DocumentValue(number: value)) }
    func encode(_ value: some Encodable) throws { node.set(try DocumentValue(encoding: value)) }
}
