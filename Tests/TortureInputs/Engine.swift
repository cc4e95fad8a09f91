// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// Reads mutated inputs of one part, one after the other, and keeps those that do something new as the origin of others.
struct Engine {
    static let memoryLimitKilobytes = 300 << 10
    private static let findingLimit = 10
    private static let corpusLimit = 3000

    let name: String
    let part: any InputPart
    let seed: UInt64
    let folder: String

    /// Runs until so many inputs are tried, or the time is up.
    func run(count: Int, seconds: Double, current: CurrentInput) -> InputRun {
        var result = InputRun(part: name, seed: seed)
        var coverage = Coverage()
        var known: Set<UInt64> = []
        var kinds: Set<String> = []
        var mutator = Mutator(
            vocabulary: part.vocabulary, isBinary: part.isBinary, generator: SeededGenerator(seed: seed))
        var corpus = part.seeds
        let seedCount = corpus.count
        precondition(seedCount > 0, "no seeds for \(name)")
        let (name, seed, folder) = (name, seed, folder)
        let watchdog = Watchdog { number, seconds in
            let file = Self.save(current.input, "\(folder)/\(name)-\(seed)-\(number).input")
            let line = "hang \(number) \(String(format: "%.1f", seconds)) s \(file)\n"
            _ = write(STDOUT_FILENO, line, line.utf8.count)
        }
        let end = ContinuousClock.now + .seconds(seconds)
        while result.tried < count, ContinuousClock.now < end, result.findings.count < Self.findingLimit {
            let number = result.tried
            // First the seeds as they are.
            let input =
                number < seedCount
                ? corpus[number] : mutator.mutate(pick(corpus, seedCount, &mutator.generator), others: corpus)
            current.set(input, number: number)
            coverage.reset()
            var behaviour = Behaviour()
            watchdog.begin(number)
            do throws(Finding) {
                behaviour = try part.run(input)
            } catch {
                result.found += 1
                // Of the same kind, one is enough to look at.
                if kinds.insert(error.kind).inserted {
                    let file = Self.save(input, "\(folder)/\(name)-\(seed)-\(number).input")
                    result.findings.append(InputRun.Finding(number: number, reason: error.reason, file: file))
                }
            }
            let nanoseconds = watchdog.end()
            result.slowestMilliseconds = max(result.slowestMilliseconds, Double(nanoseconds) / 1e6)
            result.tried += 1
            if behaviour.isAccepted { result.accepted += 1 }
            var isNew = coverage.hasNews()
            for feature in behaviour.features where known.insert(feature).inserted { isNew = true }
            if isNew, number >= seedCount, corpus.count < Self.corpusLimit { corpus.append(input) }
            if number % 256 == 0, Self.peakKilobytes > Self.memoryLimitKilobytes {
                let file = Self.save(input, "\(folder)/\(name)-\(seed)-\(number).input")
                result.findings.append(
                    InputRun.Finding(
                        number: number, reason: "\(Self.peakKilobytes >> 10) MB of memory are in use", file: file))
                break
            }
        }
        result.kept = corpus.count - seedCount
        result.edges = coverage.edgeCount
        result.coveredEdges = coverage.coveredCount
        result.peakKilobytes = Self.peakKilobytes
        return result
    }

    /// One of the corpus: often one that was found late, since there is the most to find near it, and rather a short one.
    private func pick(_ corpus: [[UInt8]], _ seedCount: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        if generator.chance(30) { return corpus[Int.random(in: 0..<seedCount, using: &generator)] }
        let first = generator.pick(corpus)
        let second = generator.pick(corpus)
        return first.count <= second.count ? first : second
    }

    private static func save(_ input: [UInt8], _ path: String) -> String {
        try? Data(input).write(to: URL(filePath: path))
        return path
    }

    private static var peakKilobytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}
