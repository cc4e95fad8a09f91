// SPDX-License-Identifier: Apache-2.0

/// Gives equal long texts one storage: names of labels and of nodes come back in every object of a cluster.
///
/// A cache in which each text has one place, so a rare one may push a frequent one out; that costs memory, never
/// correctness. Texts of up to 15 bytes live inside `String` itself and need none of it.
///
/// One serves all documents of a text: to prepare its places takes longer than to read a short document.
final class StringInterner {
    private static let placeCount = 1024
    private static let inlineLimit = 15
    private static let lengthLimit = 128

    /// Made for the first long text.
    private var places: [String] = []

    /// The text of `bytes`; `nil` if they are not UTF-8.
    func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? { text(bytes, Self.text) }

    /// The text of `bytes` that are known to be UTF-8.
    func text(validUTF8 bytes: UnsafeBufferPointer<UInt8>) -> String {
        text(bytes) { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func text(
        _ bytes: UnsafeBufferPointer<UInt8>, _ make: (UnsafeBufferPointer<UInt8>) -> String?
    ) -> String? {
        guard bytes.count > Self.inlineLimit, bytes.count <= Self.lengthLimit else { return make(bytes) }
        if places.isEmpty { places = [String](repeating: "", count: Self.placeCount) }
        let place = Self.place(of: bytes)
        let isKnown = places[place].utf8.withContiguousStorageIfAvailable { known in
            known.count == bytes.count && known.elementsEqual(bytes)
        }
        if isKnown == true { return places[place] }
        guard let text = make(bytes) else { return nil }
        places[place] = text
        return text
    }

    /// Most texts are ASCII, which needs no validation; the generic one of the standard library is slow for short texts.
    private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        let isASCII = bytes.reduce(0, |) < 0x80
        return isASCII ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    /// FNV-1a over all bytes.
    private static func place(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int((hash ^ hash >> 16) % UInt32(placeCount))
    }
}
