// SPDX-License-Identifier: Apache-2.0

/// The bytes of one match or target of our language: what is always the same, and where its values stand.
///
/// Sizes, revisions and constants are those of iptables-legacy 1.8.9, so that our entries are its entries byte by byte.
struct ExtensionForm: Sendable {
    /// Bytes that are the same in every use.
    struct Constant: Sendable {
        let offset: Int
        let bytes: [UInt8]

        init<Number>(_ member: Member<Number>, _ value: Number) {
            offset = member.offset
            bytes = withUnsafeBytes(of: value) { Array($0) }
        }

        init(_ range: Range<Int>, repeating byte: UInt8) {
            offset = range.lowerBound
            bytes = [UInt8](repeating: byte, count: range.count)
        }
    }

    /// The length of that part of the data that userspace sets; what follows belongs to the kernel.
    let userLength: Int
    var constants: [Constant] = []
    /// Where the values stand in the data, ascending: in the order in which the extension's `encode` writes them.
    var values: [Range<Int>] = []
    /// Four bytes that iptables also writes at another place, where they mean nothing: copied there, never compared.
    var copiedWord: (from: Int, to: Int)?
    /// Whether the data is one text that ends with a NUL.
    var isText = false
}
