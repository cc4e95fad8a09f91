// SPDX-License-Identifier: Apache-2.0

/// The changes of one file, also when it is replaced, or is a symbolic link that is swapped.
package struct FileChanges: Sendable {
    private let path: String
    private let pollPeriod: Duration

    /// - Parameters:
    ///   - path: the file.
    ///   - pollPeriod: how often to check without a notice, for file systems without inotify.
    package init(path: String, pollPeriod: Duration = .seconds(30)) {
        self.path = path
        self.pollPeriod = pollPeriod
    }

    /// Calls `body` after each change, until the task is cancelled.
    ///
    /// A file that is gone has not changed; when it is back, it has.
    package func forEach(_ body: @Sendable () async -> Void) async {
        let alarm = Alarm()
        let watch = DirectoryWatch(ringing: alarm)
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var known = FileSignature(path: path)
        while !Task.isCancelled {
            watch?.add(directory.isEmpty ? "/" : directory)
            let signature = FileSignature(path: path)
            if let signature, signature != known, !FileSignature.isBeingWritten(path) {
                known = signature
                await body()
            }
            await alarm.sleep(until: .now + pollPeriod)
        }
    }
}
