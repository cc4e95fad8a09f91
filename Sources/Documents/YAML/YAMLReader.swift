// SPDX-License-Identifier: Apache-2.0

internal import Clibyaml
import Messages

/// Reads one YAML document with libyaml.
///
/// libyaml's events are read directly: libraries above it compose nodes first, and doing so they hash every key of every
/// mapping, also keys that are aliases, so a few lines of YAML can keep them busy for ever; they recurse to any depth,
/// and match regular expressions against each scalar. Events come one at a time, and every limit is checked on the way.
///
/// An alias shares the value of its anchor. What the document would be with all of them written out is counted, never
/// built: see ``YAMLReader/valueLimit``.
struct YAMLReader: ~Copyable {
    /// The number of values a document of a few bytes may have with its aliases written out; a longer document may
    /// have one per byte, which is more than it could have without aliases.
    static let valueLimit = 10_000

    /// At an address of its own, since libyaml keeps a pointer to it.
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let firstLine: Int
    private let bytes: UnsafeBufferPointer<UInt8>
    private let budget: Int
    private var valueCount = 0
    /// What may still be built and referred to; what aliases share is left out.
    private var allowance: DocumentAllowance
    private var anchors: [String: Built] = [:]
    private let interner: StringInterner
    /// How many collections in brackets are open.
    private var flowLevel = 0

    /// A value, what it costs with its aliases written out, and how deep it is.
    private struct Built {
        var value: DocumentValue
        var valueCount: Int
        var height: Int
    }

    private init(
        _ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int, allowance: DocumentAllowance, interner: StringInterner
    ) {
        self.interner = interner
        self.bytes = bytes
        self.firstLine = firstLine
        self.allowance = allowance
        budget = max(Self.valueLimit, bytes.count)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// Reads the only document of `bytes`; nothing but comments is ``DocumentValue/null``.
    ///
    /// - Parameters:
    ///   - firstLine: the line of the file in which `bytes` begin.
    ///   - allowance: what the text that the document is from may still hold.
    ///   - interner: that of the text.
    static func document(
        _ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int = 1, allowance: inout DocumentAllowance,
        interner: StringInterner
    ) throws(DocumentError) -> DocumentValue {
        var reader = YAMLReader(bytes, firstLine: firstLine, allowance: allowance, interner: interner)
        defer { allowance = reader.allowance }
        guard reader.allowance.takeDocument() else {
            throw DocumentError(line: firstLine, column: 1, message: reader.allowance.refusal)
        }
        return try reader.read()
    }

    private mutating func read() throws(DocumentError) -> DocumentValue {
        var result: DocumentValue?
        while true {
            let event = try nextEvent()
            switch event.type {
            case YAML_STREAM_END_EVENT:
                return result ?? .null
            case YAML_DOCUMENT_START_EVENT:
                guard result == nil else { throw error("a second document where the first should end", at: event) }
                result = try build(nextEvent(), depth: 0).value
            default:
                break
            }
        }
    }

    private func nextEvent() throws(DocumentError) -> Event {
        guard let event = Event(parser) else { throw parserError() }
        return event
    }

    private mutating func build(_ event: borrowing Event, depth: Int) throws(DocumentError) -> Built {
        let countBefore = valueCount
        let value: DocumentValue
        var height = 0
        switch event.type {
        case YAML_ALIAS_EVENT:
            guard allowance.takeReference(flowLevel: flowLevel) else { throw error(allowance.refusal, at: event) }
            return try alias(event, depth: depth)
        case _ where !allowance.takeValue(flowLevel: flowLevel):
            throw error(allowance.refusal, at: event)
        case YAML_SCALAR_EVENT:
            try count(1, at: event)
            value = try scalar(event)
        case YAML_SEQUENCE_START_EVENT:
            try checkCollection(event, tag: "seq", depth: depth)
            flowLevel += event.isFlow ? 1 : 0
            value = try sequence(depth: depth, height: &height)
            flowLevel -= event.isFlow ? 1 : 0
        default:
            try checkCollection(event, tag: "map", depth: depth)
            flowLevel += event.isFlow ? 1 : 0
            value = try mapping(event, depth: depth, height: &height)
            flowLevel -= event.isFlow ? 1 : 0
        }
        let built = Built(value: value, valueCount: valueCount - countBefore, height: height)
        if let anchor = event.anchor {
            guard allowance.takeAnchor() else { throw error(allowance.refusal, at: event) }
            anchors[anchor] = built
        }
        return built
    }

    private mutating func alias(_ event: borrowing Event, depth: Int) throws(DocumentError) -> Built {
        let name = event.anchor ?? ""
        guard let built = anchors[name] else {
            throw error(
                "unknown alias *\(MessageText.escaped(name)): there is no anchor of that name before it", at: event)
        }
        try count(built.valueCount, at: event)
        if depth + built.height > DocumentValue.depthLimit { throw tooDeep(event) }
        return built
    }

    private mutating func count(_ number: Int, at event: borrowing Event) throws(DocumentError) {
        valueCount += number
        if valueCount > budget {
            throw error(
                "with its aliases written out the document would have more than \(budget) values; "
                    + "use fewer aliases", at: event)
        }
    }

    private mutating func checkCollection(_ event: borrowing Event, tag: String, depth: Int) throws(DocumentError) {
        try count(1, at: event)
        if depth >= DocumentValue.depthLimit { throw tooDeep(event) }
        if let found = event.tag, found != Event.tagPrefix + tag, found != "!" { throw unknownTag(found, at: event) }
    }

    private mutating func sequence(depth: Int, height: inout Int) throws(DocumentError) -> DocumentValue {
        var elements: [DocumentValue] = []
        var event = try nextEvent()
        height = 1
        while event.type != YAML_SEQUENCE_END_EVENT {
            let element = try build(event, depth: depth + 1)
            height = max(height, element.height + 1)
            elements.append(element.value)
            event = try nextEvent()
        }
        return .array(elements)
    }

    private mutating func mapping(
        _ start: borrowing Event, depth: Int, height: inout Int
    ) throws(DocumentError) -> DocumentValue {
        var members: [DocumentObject.Member] = []
        var merged: [DocumentObject] = []
        var event = try nextEvent()
        height = 1
        while event.type != YAML_MAPPING_END_EVENT {
            let isMerge = event.isPlainMergeKey
            let line = event.line + firstLine
            let key = try key(event)
            let valueEvent = try nextEvent()
            let built = try build(valueEvent, depth: depth + 1)
            height = max(height, built.height + 1)
            if isMerge {
                merged += try mergedMappings(built.value, at: valueEvent)
            } else {
                members.append(DocumentObject.Member(key: key, value: built.value, line: line))
            }
            event = try nextEvent()
        }
        if let key = DocumentObject.firstDuplicate(in: members) {
            throw error("the key \(MessageText.quoted(key)) occurs twice in the mapping that begins here", at: start)
        }
        try merge(merged, into: &members, at: start)
        return .object(DocumentObject(members, line: start.line + firstLine))
    }

    /// The text of a key.
    ///
    /// Numbers and booleans keep their text, as in `kubectl`.
    private mutating func key(_ event: borrowing Event) throws(DocumentError) -> String {
        try count(1, at: event)
        guard allowance.takeReference(flowLevel: flowLevel) else { throw error(allowance.refusal, at: event) }
        guard event.type == YAML_SCALAR_EVENT else {
            throw error("a key must be a string, not an alias, a list or a mapping", at: event)
        }
        let text = event.text(interner)
        if event.isPlain, YAMLScalar.isNull(text) { throw error("a key is missing here", at: event) }
        return text
    }

    private func mergedMappings(_ value: DocumentValue, at event: borrowing Event) throws(DocumentError)
        -> [DocumentObject]
    {
        if let object = value.object { return [object] }
        if let objects = value.array?.map(\.object), !objects.contains(nil) { return objects.compactMap(\.self) }
        throw error("the value of a merge key (<<) must be a mapping or a list of mappings", at: event)
    }

    /// Adds the members of merged mappings: the mapping's own win, then those of the earlier one (yaml.org/type/merge).
    private mutating func merge(
        _ objects: [DocumentObject], into members: inout [DocumentObject.Member], at start: borrowing Event
    ) throws(DocumentError) {
        let count = objects.reduce(0) { $0 + $1.members.count }
        guard count > 0 else { return }
        // Unlike the value of an alias they are copied.
        guard allowance.takeMembers(count) else { throw error(allowance.refusal, at: start) }
        if members.count + count <= DocumentObject.fewMembers {
            for member in objects.lazy.flatMap(\.members) where !members.contains(where: { $0.key == member.key }) {
                members.append(member)
            }
            return
        }
        var known = Set(members.map(\.key))
        for member in objects.lazy.flatMap(\.members) where known.insert(member.key).inserted {
            members.append(member)
        }
    }

    private mutating func scalar(_ event: borrowing Event) throws(DocumentError) -> DocumentValue {
        let text = event.text(interner)
        guard let tag = event.tag else { return event.isPlain ? YAMLScalar.value(text) : .string(text) }
        guard tag != "!", tag != Event.tagPrefix + "str" else { return .string(text) }
        let value = YAMLScalar.value(text)
        switch (tag, value) {
        case (Event.tagPrefix + "int", .integer), (Event.tagPrefix + "bool", .bool),
            (Event.tagPrefix + "null", .null), (Event.tagPrefix + "float", .double):
            return value
        case (Event.tagPrefix + "float", .integer(let number)):
            return .double(Double(number))
        case (Event.tagPrefix + "int", _), (Event.tagPrefix + "bool", _), (Event.tagPrefix + "null", _),
            (Event.tagPrefix + "float", _):
            throw error("\(MessageText.quoted(text)) does not match its tag", at: event)
        default:
            throw unknownTag(tag, at: event)
        }
    }

    private func unknownTag(_ tag: String, at event: borrowing Event) -> DocumentError {
        error("the tag \(MessageText.quoted(tag)) is not supported; only the types of JSON are", at: event)
    }

    private func tooDeep(_ event: borrowing Event) -> DocumentError {
        error("nested more than \(DocumentValue.depthLimit) levels deep", at: event)
    }

    private func error(_ message: String, at event: borrowing Event) -> DocumentError {
        DocumentError(line: event.line + firstLine, column: event.column + 1, message: message)
    }

    private func parserError() -> DocumentError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "libyaml is out of memory"
        if parser.pointee.error == YAML_READER_ERROR {
            let before = bytes.prefix(Int(parser.pointee.problem_offset))
            let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
            let line = before.count { $0 == UInt8(ascii: "\n") } + firstLine
            return DocumentError(line: line, column: column, message: "invalid UTF-8 (\(problem))")
        }
        let context = parser.pointee.context.map { " " + String(cString: $0) } ?? ""
        return DocumentError(
            line: Int(parser.pointee.problem_mark.line) + firstLine,
            column: Int(parser.pointee.problem_mark.column) + 1,
            message: "invalid YAML: \(problem)\(context)")
    }
}
