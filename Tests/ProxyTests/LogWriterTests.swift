// SPDX-License-Identifier: Apache-2.0

import Glibc
import Proxy
import Synchronization
import SystemPackage
import Testing

@Suite("A log that nobody reads") struct LogWriterTests {
    /// `F_SETPIPE_SZ` (include/uapi/linux/fcntl.h), which is not imported.
    private static let setPipeSize: Int32 = 1031

    /// A pipe that holds one page.
    private static func pipe() throws -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
        let pipe = try FileDescriptor.pipe(options: .closeOnExec)
        try #require(fcntl(pipe.writeEnd.rawValue, Self.setPipeSize, 4096) == 4096)
        return pipe
    }

    @Test(
        "keeps nobody waiting: lines wait, then they are dropped and counted, and that is reported when the reader is back"
    )
    func stalledReader() async throws {
        let pipe = try Self.pipe()
        let writer = LogWriter(pipe.writeEnd, capacity: 10_000)
        let reports = Mutex<[Int]>([])
        writer.onRecovery { count in
            reports.withLock { $0.append(count) }
            writer.write("dropped \(count)\n")
        }
        let line = String(repeating: "x", count: 99) + "\n"
        let time = ContinuousClock().measure { for _ in 0..<1000 { writer.write(line) } }
        #expect(time < .seconds(5))
        let dropped = writer.droppedCount
        // The pipe and the queue have room for 140.
        #expect(dropped > 800 && dropped < 1000)
        #expect(!writer.flush(limit: .milliseconds(20)))
        #expect(reports.withLock(\.self).isEmpty)

        let expected = "dropped \(dropped)\n"
        let read = Task.detached {
            var text = ""
            var chunk = [UInt8](repeating: 0, count: 4096)
            while !text.hasSuffix(expected) {
                let count = try chunk.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
                text += String(decoding: chunk[..<count], as: UTF8.self)
                if count == 0 { break }
            }
            return text
        }
        let text = try await read.value
        #expect(writer.flush(limit: .seconds(10)))
        #expect(reports.withLock(\.self) == [dropped])
        let lines = text.split(separator: "\n")
        #expect(lines.count == 1000 - dropped + 1)
        #expect(lines.dropLast().allSatisfy { $0.count == 99 })
        #expect(writer.droppedCount == dropped)
        try pipe.readEnd.close()
        try pipe.writeEnd.close()
    }

    @Test("writes lines in their order, also one that is longer than all the room")
    func order() throws {
        let pipe = try FileDescriptor.pipe(options: .closeOnExec)
        let writer = LogWriter(pipe.writeEnd, capacity: 10)
        for number in 1...3 {
            writer.write("a line of more than ten bytes: \(number)\n")
            #expect(writer.flush(limit: .seconds(10)))
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = try chunk.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
        let numbers = String(decoding: chunk[..<count], as: UTF8.self).split(separator: "\n").compactMap(\.last)
        #expect(numbers == ["1", "2", "3"])
        #expect(writer.droppedCount == 0)
        try pipe.readEnd.close()
        try pipe.writeEnd.close()
    }
}
