// SPDX-License-Identifier: Apache-2.0

internal import Clibyaml

extension YAMLReader {
    /// An event of libyaml, freed with its only holder: there are millions of them, and a reference to each costs time.
    struct Event: ~Copyable {
        /// What the tags of YAML's own types begin with; `!!str` is short for this and `str`.
        static let tagPrefix = "tag:yaml.org,2002:"

        private var raw = yaml_event_t()

        /// The next event of a parser; `nil` if it found an error.
        init?(_ parser: UnsafeMutablePointer<yaml_parser_t>) {
            guard yaml_parser_parse(parser, &raw) == 1 else { return nil }
        }

        deinit {
            var raw = raw
            yaml_event_delete(&raw)
        }

        var type: yaml_event_type_t { raw.type }

        /// The line in the text given to libyaml, from 0.
        var line: Int { Int(raw.start_mark.line) }

        /// The column in characters, from 0.
        var column: Int { Int(raw.start_mark.column) }

        /// The anchor that is defined here, or the one that an alias names.
        var anchor: String? {
            switch type {
            case YAML_ALIAS_EVENT: Self.text(raw.data.alias.anchor)
            case YAML_SCALAR_EVENT: Self.text(raw.data.scalar.anchor)
            case YAML_SEQUENCE_START_EVENT: Self.text(raw.data.sequence_start.anchor)
            case YAML_MAPPING_START_EVENT: Self.text(raw.data.mapping_start.anchor)
            default: nil
            }
        }

        /// The tag that is written here, in its long form.
        var tag: String? {
            switch type {
            case YAML_SCALAR_EVENT: Self.text(raw.data.scalar.tag)
            case YAML_SEQUENCE_START_EVENT: Self.text(raw.data.sequence_start.tag)
            case YAML_MAPPING_START_EVENT: Self.text(raw.data.mapping_start.tag)
            default: nil
            }
        }

        /// Whether it begins a collection in brackets.
        var isFlow: Bool {
            switch type {
            case YAML_SEQUENCE_START_EVENT: raw.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
            case YAML_MAPPING_START_EVENT: raw.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
            default: false
            }
        }

        /// Whether it is a scalar without quotes, whose type its text decides.
        var isPlain: Bool { type == YAML_SCALAR_EVENT && raw.data.scalar.style == YAML_PLAIN_SCALAR_STYLE }

        /// Whether it is the key `<<`.
        var isPlainMergeKey: Bool { isPlain && scalarBytes.elementsEqual("<<".utf8) }

        /// The content of a scalar; libyaml has checked that it is UTF-8.
        func text(_ interner: StringInterner) -> String { interner.text(validUTF8: scalarBytes) }

        private var scalarBytes: UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(start: raw.data.scalar.value, count: Int(raw.data.scalar.length))
        }

        private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
            pointer.map { String(cString: $0) }
        }
    }
}
