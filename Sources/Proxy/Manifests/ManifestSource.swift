// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// A directory of manifests as the source of objects: its Services get rules.
package struct ManifestSource: Sendable {
    /// How long the directory must be quiet before it is read, so that files written together take effect together.
    package static let defaultQuietTime = Duration.milliseconds(20)
    /// How often the directory is scanned without a notice: for file systems without inotify, while it is gone, and because
    /// nothing announces a mount over it.
    package static let defaultPollPeriod = Duration.seconds(5)

    /// How often to check a file that is open for writing: its closing is noticed, so this is for lost events only.
    private static let openFilePeriod = Duration.seconds(1)

    package let directory: String
    private let allowsEmpty: Bool
    private let removalDelay: Duration
    private let quietTime: Duration
    private let pollPeriod: Duration

    /// - Parameters:
    ///   - allowsEmpty: whether a directory without any object counts at the start: otherwise it is waited for one, or for a
    ///     list without items, since a directory that is not mounted yet must not remove all rules. Later, one without any
    ///     manifest leaves the last good state in force otherwise, since something else may have taken its place.
    ///   - removalDelay: how long an object must be missing in the files before it counts as gone.
    package init(
        directory: String, allowsEmpty: Bool = false, removalDelay: Duration, quietTime: Duration = defaultQuietTime,
        pollPeriod: Duration = defaultPollPeriod
    ) {
        self.directory = directory
        self.allowsEmpty = allowsEmpty
        self.removalDelay = removalDelay
        self.quietTime = quietTime
        self.pollPeriod = pollPeriod
    }

    /// Watches until the task is cancelled.
    ///
    /// - Parameters:
    ///   - report: gets what is wrong with files, once for each content.
    ///   - reportFindings: gets what is wrong with all files now, before each delivery and when it changes.
    ///   - deliver: gets everything there is, after each change.
    package func run(
        report: @Sendable ([Diagnostic]) -> Void, reportFindings: @Sendable ([Diagnostic]) -> Void = { _ in },
        deliver: @Sendable ([ObjectUpdate]) async -> Void
    ) async {
        let alarm = Alarm()
        let watch = DirectoryWatch(ringing: alarm)
        if watch == nil {
            report([
                Diagnostic(
                    .warning, file: directory,
                    message: "cannot be watched (raise fs.inotify.max_user_instances); checking every \(pollPeriod)")
            ])
        }
        var collection = ManifestCollection(
            directory: directory, allowsEmpty: allowsEmpty, removalDelay: removalDelay)
        var isFirst = true
        var awaitedFiles: [String] = []
        var reportedFindings: [Diagnostic] = []
        var deliveredErrors: [Diagnostic] = []
        var hasReportedNothing = false
        while !Task.isCancelled {
            watch?.add(directory)
            watch?.add("\(directory)/..")
            var scan = collection.scan()
            scan.directories.forEach { watch?.add($0) }
            // What a file being written held before is not known at the start, and its rules must not go meanwhile.
            // One that is empty may be replaced at this moment.
            let isWaiting = isFirst && (!scan.openFiles.isEmpty || scan.hasNewEmptyFile)
            if isWaiting, scan.openFiles != awaitedFiles {
                awaitedFiles = scan.openFiles
                scan.diagnostics += awaitedFiles.map {
                    Diagnostic(
                        .warning, file: $0, message: "is being written to; no rules are made before it is closed")
                }
            }
            let lacksObjects = isFirst && !allowsEmpty && scan.isReadable && !isWaiting && collection.holdsNothing
            if lacksObjects, !hasReportedNothing {
                hasReportedNothing = true
                scan.diagnostics.append(
                    Diagnostic(
                        .warning, file: directory,
                        message:
                            "no Service, EndpointSlice, Endpoints or Node; no rules are made before there is one, or a "
                            + "List without items"))
            }
            let unread = collection.errorsSinceTheStart
            let isDeliverable =
                scan.isReadable && !isWaiting && !lacksObjects
                && (scan.hasChanged || isFirst || unread != deliveredErrors)
            let objects = isDeliverable ? collection.objects(&scan) : []
            if !scan.diagnostics.isEmpty { report(scan.diagnostics) }
            if collection.findings != reportedFindings {
                reportedFindings = collection.findings
                reportFindings(reportedFindings)
            }
            if isDeliverable {
                isFirst = false
                let gaps: [ObjectUpdate] = unread == deliveredErrors ? [] : [.unreadableFiles(unread)]
                deliveredErrors = unread
                await deliver(gaps + Self.updates(objects))
            }
            let pause = scan.openFiles.isEmpty ? pollPeriod : min(pollPeriod, Self.openFilePeriod)
            let nextScan = ContinuousClock.now + pause
            await alarm.sleep(until: min(nextScan, scan.nextCheck ?? nextScan))
            // Some programs write several files, or one in several steps.
            try? await Task.sleep(for: quietTime)
        }
    }

    /// Everything there is, kind by kind.
    private static func updates(_ objects: [KubernetesObject]) -> [ObjectUpdate] {
        let byKind = Dictionary(grouping: objects, by: \.kind)
        return KubernetesObject.Kind.allCases.map { .listed($0, byKind[$0] ?? []) }
    }
}
