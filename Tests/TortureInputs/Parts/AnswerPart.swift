// SPDX-License-Identifier: Apache-2.0

import KubernetesAPI
import KubernetesObjects

/// Answers of an API server: lists, and the lines of watches.
final class AnswerPart: InputPart {
    enum Form { case list, watch }

    let seeds: [[UInt8]]
    let vocabulary = Vocabulary.objects
    private let form: Form
    private var compilation = CompilationCheck()
    private var count = 0

    init(_ form: Form, _ corpus: Corpus) {
        self.form = form
        seeds = corpus.files(["apiserver"], suffix: form == .list ? ".json" : ".jsonl", sizeLimit: 16 << 10)
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        count += 1
        var objects: [KubernetesObject] = []
        // What is asked for need not be what comes.
        let kinds = KubernetesObject.Kind.allCases
        for kind in count % 4 == 0 ? kinds : [kinds[input.count % kinds.count], Self.kind(input) ?? .service] {
            let answer: APIAnswerDecoding.Answer
            do throws(APIFailure) {
                answer = try read(input, kind)
            } catch {
                try MessageCheck.run("\(error)")
                behaviour.add("\(error)")
                continue
            }
            try MessageCheck.run(answer.diagnostics)
            for diagnostic in answer.diagnostics.prefix(20) {
                behaviour.add("\(diagnostic.field) \(diagnostic.message)")
            }
            behaviour.add(min(answer.objects.count, 10) << 8 | min(answer.removed, 10))
            objects += answer.objects
        }
        behaviour.isAccepted = !objects.isEmpty
        guard behaviour.isAccepted else { return behaviour }
        try compilation.run(ClusterObjects(objects), SampleSettings.all[count % SampleSettings.all.count], &behaviour)
        return behaviour
    }

    private func read(_ input: [UInt8], _ kind: KubernetesObject.Kind) throws(APIFailure) -> APIAnswerDecoding.Answer {
        switch form {
        case .list: return try APIAnswerDecoding.list(input, kind: kind)
        case .watch:
            // In pieces, as they come off the network.
            let pieces = stride(from: 0, to: input.count, by: Self.pieceSize).map {
                Array(input[$0..<min($0 + Self.pieceSize, input.count)])
            }
            return try APIAnswerDecoding.watch(pieces, kind: kind, lineLimit: Self.lineLimit)
        }
    }

    private static let pieceSize = 700
    private static let lineLimit = 1 << 20

    /// The kind that an answer seems to be about.
    private static func kind(_ input: [UInt8]) -> KubernetesObject.Kind? {
        let text = String(decoding: input.prefix(200), as: UTF8.self)
        return KubernetesObject.Kind.allCases.first { text.contains("\"\($0.rawValue)") }
    }
}
