// SPDX-License-Identifier: Apache-2.0

import Messages

/// Reading a value part by part, for texts of which only some parts are kept.
extension JSONReader {
    /// Reads a text that holds one value and nothing else.
    ///
    /// - Throws: ``DocumentError`` with the line and column of what is wrong.
    package static func whole<Value>(
        _ json: UnsafeBufferPointer<UInt8>, _ read: (inout JSONReader) throws(DocumentError) -> Value
    ) throws(DocumentError) -> Value {
        var reader = JSONReader(json)
        let value = try read(&reader)
        guard reader.nextByte() == nil else { throw reader.error("\(reader.found()) after the value") }
        return value
    }

    /// A mapping whose values `read` reads; a member for which it gives `nil` is left out.
    package mutating func mapping(
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
                let line = line
                let key = try string()
                guard nextByte() == UInt8(ascii: ":") else { throw error("\(found()) where \":\" should be") }
                position += 1
                if let value = try read(&self, key) {
                    members.append(DocumentObject.Member(key: key, value: value, line: line))
                }
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
    package mutating func elements(
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

    /// The next value, which must be there.
    package mutating func anyValue() throws(DocumentError) -> DocumentValue {
        guard let value = try next() else { throw error("the text ends where a value should be") }
        return value
    }

    /// Steps over a value; in a list or mapping only brackets and quotes are read.
    package mutating func skipValue() throws(DocumentError) {
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
