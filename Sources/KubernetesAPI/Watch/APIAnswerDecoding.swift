// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// What answers of an API server hold, without a server: for tests of what damaged answers do.
package enum APIAnswerDecoding {
    /// What was found in an answer.
    package struct Answer: Sendable {
        /// Objects that are there, new or changed.
        package var objects: [KubernetesObject] = []
        /// How many objects were reported as gone.
        package var removed = 0
        /// What is wrong with objects.
        package var diagnostics: [Diagnostic] = []
    }

    /// Reads a list.
    package static func list(_ json: [UInt8], kind: KubernetesObject.Kind) throws(APIFailure) -> Answer {
        let page = try ResourceDecoder(kind: kind).page(json)
        return Answer(
            objects: page.objects, diagnostics: page.remarks + page.unreadable.flatMap(\.diagnostics))
    }

    /// Reads a watch that comes in pieces.
    ///
    /// - Parameter lineLimit: the longest line that is read, in bytes.
    package static func watch(
        _ pieces: [[UInt8]], kind: KubernetesObject.Kind, lineLimit: Int
    ) throws(APIFailure) -> Answer {
        let decoder = ResourceDecoder(kind: kind)
        var splitter = LineSplitter(limit: lineLimit)
        var answer = Answer()
        func read(_ line: UnsafeBufferPointer<UInt8>) throws(APIFailure) {
            guard case .update(let update, _) = try decoder.step(line) else { return }
            switch update {
            case .changed(let object, let remarks):
                answer.objects.append(object)
                answer.diagnostics += remarks
            case .unreadable(let object): answer.diagnostics += object.diagnostics
            case .removed: answer.removed += 1
            // What a watch does not say.
            case .listed, .unreadableFiles: break
            }
        }
        for piece in pieces {
            let result = piece.withUnsafeBufferPointer { bytes -> Result<Void, APIFailure> in
                Result { () throws(APIFailure) in try splitter.add(bytes) { line throws(APIFailure) in try read(line) }
                }
            }
            try result.get()
            if splitter.isOverlong { throw .invalidAnswer("a line of more than \(lineLimit) bytes") }
        }
        return answer
    }
}
