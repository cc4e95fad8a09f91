// SPDX-License-Identifier: Apache-2.0

import Documents

/// Reads objects for the server: one JSON value after the other, each an object, a list, or an array of them.
public enum ObjectFile {
    /// The objects in their order.
    ///
    /// - Throws: ``DocumentError`` or ``ServerProblem`` if it is no such text.
    public static func objects(_ text: [UInt8]) throws -> [DocumentObject] {
        var objects: [DocumentObject] = []
        for range in values(text) { try add(DocumentValue(json: Array(text[range])), to: &objects) }
        return objects
    }

    private static func add(_ value: DocumentValue, to objects: inout [DocumentObject]) throws {
        switch value {
        case .array(let values):
            for value in values { try add(value, to: &objects) }
        case .object(let object):
            if let kind = object["kind"]?.string, kind.hasSuffix("List"), let items = object["items"]?.array {
                for item in items { try add(item, to: &objects) }
            } else {
                objects.append(object)
            }
        default:
            throw ServerProblem(description: "\(value.summary) is no object")
        }
    }

    /// Where each value begins and ends; what is between them is blank.
    private static func values(_ text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var depth = 0
        var start = 0
        var isInText = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isInText.toggle()
            case UInt8(ascii: "\\") where isInText: index += 1
            case UInt8(ascii: "{") where !isInText, UInt8(ascii: "[") where !isInText:
                if depth == 0 { start = index }
                depth += 1
            case UInt8(ascii: "}") where !isInText, UInt8(ascii: "]") where !isInText:
                depth -= 1
                if depth == 0 { ranges.append(start..<(index + 1)) }
            default: break
            }
            index += 1
        }
        return ranges
    }
}
