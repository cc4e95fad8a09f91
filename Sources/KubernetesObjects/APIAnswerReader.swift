/// Reads what an API server answers, without building what no proxy looks at.
///
/// `metadata.managedFields` is about half the text of most objects; it is stepped over. The items of a list are handed
/// over one by one, so that never more than one of them is in memory as a document.
public enum APIAnswerReader {
    /// Reads the answer to a list request.
    ///
    /// - Parameters:
    ///   - json: the answer.
    ///   - item: gets each element of `items` in order, before it is known whether the rest can be read.
    /// - Returns: the members of the list itself, `items` left out.
    /// - Throws: ``DocumentError`` with the place of what is wrong.
    public static func list(
        _ json: UnsafeBufferPointer<UInt8>, item: (DocumentObject) -> Void
    ) throws(DocumentError) -> DocumentObject {
        try whole(json) { reader throws(DocumentError) in
            try reader.mapping { reader, key throws(DocumentError) in
                guard key == "items", reader.nextByte() == UInt8(ascii: "[") else { return try reader.anyValue() }
                try reader.elements { reader throws(DocumentError) in item(try reader.apiObject()) }
                return nil
            }
        }
    }

    /// Reads a line of a watch: a mapping with `type` and `object`.
    ///
    /// - Throws: ``DocumentError`` with the place of what is wrong.
    public static func watchEvent(_ json: UnsafeBufferPointer<UInt8>) throws(DocumentError) -> DocumentObject {
        try whole(json) { reader throws(DocumentError) in
            try reader.mapping { reader, key throws(DocumentError) in
                guard key == "object", reader.nextByte() == UInt8(ascii: "{") else { return try reader.anyValue() }
                return .object(try reader.apiObject())
            }
        }
    }

    private static func whole(
        _ json: UnsafeBufferPointer<UInt8>, _ read: (inout JSONReader) throws(DocumentError) -> DocumentObject
    ) throws(DocumentError) -> DocumentObject {
        var reader = JSONReader(json)
        let object = try read(&reader)
        guard reader.nextByte() == nil else { throw reader.error("\(reader.found()) after the value") }
        return object
    }
}

extension JSONReader {
    /// An object of the API without its managed fields.
    fileprivate mutating func apiObject() throws(DocumentError) -> DocumentObject {
        try mapping { reader, key throws(DocumentError) in
            guard key == "metadata", reader.nextByte() == UInt8(ascii: "{") else { return try reader.anyValue() }
            let metadata = try reader.mapping { reader, key throws(DocumentError) in
                guard key == "managedFields" else { return try reader.anyValue() }
                try reader.skipValue()
                return nil
            }
            return .object(metadata)
        }
    }

    /// A mapping whose values `read` reads; a member for which it gives `nil` is left out.
    fileprivate mutating func mapping(
        _ read: (inout JSONReader, String) throws(DocumentError) -> DocumentValue?
    ) throws(DocumentError) -> DocumentObject {
        guard nextByte() == UInt8(ascii: "{") else { throw error("\(found()) where a mapping should be") }
        let firstLine = line
        position += 1
        var members: [DocumentObject.Member] = []
        if nextByte() != UInt8(ascii: "}") {
            while true {
                guard nextByte() == UInt8(ascii: "\"") else {
                    throw error("\(found()) where a key in quotes should be")
                }
                let key = try string()
                guard nextByte() == UInt8(ascii: ":") else { throw error("\(found()) where \":\" should be") }
                position += 1
                if let value = try read(&self, key) { members.append(DocumentObject.Member(key: key, value: value)) }
                guard nextByte() == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        guard nextByte() == UInt8(ascii: "}") else { throw error("\(found()) where \",\" or \"}\" should be") }
        if let key = DocumentObject.firstDuplicate(in: members) {
            throw error("the key \(MessageText.quoted(key)) occurs twice in the mapping that ends here")
        }
        position += 1
        return DocumentObject(members, line: firstLine)
    }

    /// A list whose elements `read` reads.
    fileprivate mutating func elements(
        _ read: (inout JSONReader) throws(DocumentError) -> Void
    ) throws(DocumentError) {
        position += 1
        if nextByte() != UInt8(ascii: "]") {
            while true {
                try read(&self)
                guard nextByte() == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        guard nextByte() == UInt8(ascii: "]") else { throw error("\(found()) where \",\" or \"]\" should be") }
        position += 1
    }

    fileprivate mutating func anyValue() throws(DocumentError) -> DocumentValue {
        guard let value = try next() else { throw error("the text ends where a value should be") }
        return value
    }

    /// Steps over a value; of a list or mapping only the brackets and quotes are looked at.
    private mutating func skipValue() throws(DocumentError) {
        guard let first = nextByte(), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            _ = try anyValue()
            return
        }
        var depth = 0
        var isInText = false
        var place = position
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""): isInText.toggle()
            case UInt8(ascii: "\\") where isInText: place += 1
            case UInt8(ascii: "{") where !isInText, UInt8(ascii: "[") where !isInText: depth += 1
            case UInt8(ascii: "}") where !isInText, UInt8(ascii: "]") where !isInText: depth -= 1
            default: break
            }
            place += 1
            if depth == 0 {
                position = place
                return
            }
        }
        throw error("the list or mapping that begins here has no end")
    }
}
