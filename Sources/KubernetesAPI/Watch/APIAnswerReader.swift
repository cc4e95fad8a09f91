// SPDX-License-Identifier: Apache-2.0

import Documents

/// Reads what an API server answers, without building what no proxy looks at.
///
/// `metadata.managedFields` is about half the text of most objects; it is stepped over. The items of a list are handed
/// over one by one, so that never more than one of them is in memory as a document.
enum APIAnswerReader {
    /// Reads the answer to a list request.
    ///
    /// - Parameters:
    ///   - json: the answer.
    ///   - item: gets each element of `items` in order, before it is known whether the rest can be read.
    /// - Returns: the members of the list itself, `items` left out if they are a list.
    /// - Throws: ``DocumentError`` with the place of what is wrong.
    static func list(
        _ json: UnsafeBufferPointer<UInt8>, item: (DocumentObject) -> Void
    ) throws(DocumentError) -> List {
        var hasItems = false
        let members = try JSONReader.whole(json) { reader throws(DocumentError) in
            try reader.mapping { reader, key throws(DocumentError) in
                guard key == "items", reader.nextByte() == UInt8(ascii: "[") else { return try reader.anyValue() }
                hasItems = true
                try reader.elements { reader throws(DocumentError) in item(try reader.apiObject()) }
                return nil
            }
        }
        return List(members: members, hasItems: hasItems)
    }

    /// A list without its items.
    struct List {
        let members: DocumentObject
        /// Whether `items` was a list.
        let hasItems: Bool
    }

    /// Reads a line of a watch: a mapping with `type` and `object`.
    ///
    /// - Throws: ``DocumentError`` with the place of what is wrong.
    static func watchEvent(_ json: UnsafeBufferPointer<UInt8>) throws(DocumentError) -> DocumentObject {
        try JSONReader.whole(json) { reader throws(DocumentError) in
            try reader.mapping { reader, key throws(DocumentError) in
                guard key == "object", reader.nextByte() == UInt8(ascii: "{") else { return try reader.anyValue() }
                return .object(try reader.apiObject())
            }
        }
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
}
