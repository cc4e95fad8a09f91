// SPDX-License-Identifier: Apache-2.0

/// Writes encodable values as JSON, without a document in between: a list may have a hundred thousand of them.
///
/// The text is that of ``DocumentValue/json``.
package enum JSONEncoding {
    /// A value as JSON on one line, its members in the order in which it encodes them, without those that are `nil`.
    ///
    /// - Throws: what the value throws; ``DocumentEncodingError`` for what no document can hold.
    package static func text(of value: some Encodable) throws -> String {
        let output = JSONOutput()
        try output.write(value)
        return output.text
    }
}

/// The text that has been written so far.
private final class JSONOutput {
    var text = ""

    init() { text.reserveCapacity(512) }

    /// Writes a value with all that is in it.
    func write(_ value: some Encodable) throws {
        let place = JSONPlace(self)
        try value.encode(to: JSONTextEncoder(codingPath: [], place: place))
        place.end()
    }

    func write(document value: DocumentValue) { value.writeJSON(to: &text) }

    func write(number: UInt64) throws {
        guard let integer = Int64(exactly: number) else { throw DocumentEncodingError.number(number) }
        write(document: .integer(integer))
    }
}

/// A place in the text for one value; what is written at it later ends where the next one begins.
private final class JSONPlace {
    private enum Kind {
        case nothing
        case scalar
        case members
        case elements
    }

    let output: JSONOutput
    private var kind = Kind.nothing
    private(set) var count = 0
    /// A container inside of it that was handed out and may still be written to.
    private var unfinished: JSONPlace?

    init(_ output: JSONOutput) { self.output = output }

    func beginMembers() { begin(.members, "{") }
    func beginElements() { begin(.elements, "[") }
    func beginScalar() { kind = .scalar }

    private func begin(_ kind: Kind, _ mark: String) {
        // A value may ask for its container more than once.
        guard self.kind == .nothing else { return }
        self.kind = kind
        output.text += mark
    }

    /// Begins a member of a mapping: its value follows.
    func beginMember(_ key: some CodingKey) {
        beginElement()
        output.write(document: .string(key.stringValue))
        output.text += ":"
    }

    /// Begins an element of a list: it follows.
    func beginElement() {
        unfinished?.end()
        unfinished = nil
        if count > 0 { output.text += "," }
        count += 1
    }

    /// A place that is written to until the next member or element begins.
    func nested() -> JSONPlace {
        let place = JSONPlace(output)
        unfinished = place
        return place
    }

    func end() {
        unfinished?.end()
        unfinished = nil
        switch kind {
        case .nothing: output.text += "null"
        case .scalar: break
        case .members: output.text += "}"
        case .elements: output.text += "]"
        }
    }
}

private struct JSONTextEncoder: Encoder {
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    let place: JSONPlace

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        place.beginMembers()
        return KeyedEncodingContainer(JSONMembers<Key>(codingPath: codingPath, place: place))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.beginElements()
        return JSONElements(codingPath: codingPath, place: place)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        place.beginScalar()
        return JSONScalar(codingPath: codingPath, output: place.output)
    }
}

private struct JSONMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let codingPath: [any CodingKey]
    let place: JSONPlace

    private func write(_ value: DocumentValue, _ key: Key) {
        place.beginMember(key)
        place.output.write(document: value)
    }

    func encodeNil(forKey key: Key) { write(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { write(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { write(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) { write(.double(value), key) }
    func encode(_ value: Int, forKey key: Key) { write(.integer(Int64(value)), key) }
    func encode(_ value: UInt16, forKey key: Key) { write(.integer(Int64(value)), key) }
    func encode(_ value: UInt32, forKey key: Key) { write(.integer(Int64(value)), key) }

    func encode(_ value: UInt64, forKey key: Key) throws {
        place.beginMember(key)
        try place.output.write(number: value)
    }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        place.beginMember(key)
        try place.output.write(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { nestedEncoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nestedEncoder(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { JSONTextEncoder(codingPath: codingPath, place: place.nested()) }
    func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key) }

    private func nestedEncoder(_ key: Key) -> JSONTextEncoder {
        place.beginMember(key)
        return JSONTextEncoder(codingPath: codingPath + [key], place: place.nested())
    }
}

private struct JSONElements: UnkeyedEncodingContainer {
    let codingPath: [any CodingKey]
    let place: JSONPlace

    var count: Int { place.count }

    private func write(_ value: DocumentValue) {
        place.beginElement()
        place.output.write(document: value)
    }

    func encodeNil() { write(.null) }
    func encode(_ value: String) { write(.string(value)) }

    func encode(_ value: some Encodable) throws {
        place.beginElement()
        try place.output.write(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nestedEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { nestedEncoder() }

    private func nestedEncoder() -> JSONTextEncoder {
        place.beginElement()
        return JSONTextEncoder(codingPath: codingPath, place: place.nested())
    }
}

private struct JSONScalar: SingleValueEncodingContainer {
    let codingPath: [any CodingKey]
    let output: JSONOutput

    func encodeNil() { output.write(document: .null) }
    func encode(_ value: Bool) { output.write(document: .bool(value)) }
    func encode(_ value: String) { output.write(document: .string(value)) }
    func encode(_ value: Double) { output.write(document: .double(value)) }
    func encode(_ value: Float) { output.write(document: .double(Double(value))) }
    func encode(_ value: Int) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: Int8) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: Int16) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: Int32) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: Int64) { output.write(document: .integer(value)) }
    func encode(_ value: UInt) throws { try output.write(number: UInt64(value)) }
    func encode(_ value: UInt8) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: UInt16) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: UInt32) { output.write(document: .integer(Int64(value))) }
    func encode(_ value: UInt64) throws { try output.write(number: value) }
    func encode(_ value: some Encodable) throws { try output.write(value) }
}
