// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import KubernetesObjects
import Logging
import NIOCore

/// Follows one resource of the API: lists it, watches it from there on, and lists it again when the watch cannot go on.
///
/// What was delivered stays true until something newer is: no error ever delivers that there is nothing. After a failure
/// it waits, longer each time (``ReflectorTiming``), and the log has one line for it.
package struct Reflector: Sendable {
    package let resource: WatchedResource

    private let client: APIClient
    private let timing: ReflectorTiming
    private let logger: Logger
    private let received: @Sendable () -> Void
    private let contactChanged: @Sendable (ContactChange) -> Void
    private let deliver: @Sendable (ObjectUpdate) async -> Void

    /// - Parameters:
    ///   - resource: what to follow.
    ///   - client: asks the server.
    ///   - timing: how long to wait before another try.
    ///   - logger: gets failures and recoveries.
    ///   - received: is called after each valid answer of the server, even if it has no change.
    ///   - contactChanged: is called when requests begin to fail, and when they succeed again.
    ///   - deliver: gets each update, one at a time and in order. While it works no byte is read, so it must return
    ///     soon: after ``ClientLimits/silence`` the connection counts as dead.
    package init(
        _ resource: WatchedResource, client: APIClient, timing: ReflectorTiming = ReflectorTiming(), logger: Logger,
        received: @escaping @Sendable () -> Void = {},
        contactChanged: @escaping @Sendable (ContactChange) -> Void = { _ in },
        deliver: @escaping @Sendable (ObjectUpdate) async -> Void
    ) {
        self.resource = resource
        self.client = client
        self.timing = timing
        self.logger = logger
        self.received = received
        self.contactChanged = contactChanged
        self.deliver = deliver
    }

    /// Follows the resource until the task is cancelled, which ends it promptly.
    package func run() async {
        let trouble = TroubleLog(
            resource: "\(resource)", server: "\(client.connection.server)", path: resource.path, timing: timing,
            logger: logger, onChange: contactChanged)
        defer { trouble.close() }
        var pass = Pass(reflector: self, trouble: trouble)
        var backoff = Backoff(timing)
        while !Task.isCancelled {
            do throws(APIFailure) {
                try await pass.go()
            } catch {
                if Task.isCancelled || error == .cancelled { continue }
                let isServed = pass.showsRecovery(error)
                pass.prepareRetry(after: error)
                let asked = min(error.retryAfter ?? .zero, timing.longestRetryAfter)
                let pause = max(isServed ? backoff.shortPause() : backoff.pause(), asked)
                trouble.add(error, next: pass.nextStep, pause: pause)
                try? await timing.sleep(pause)
            }
        }
    }

    /// Where the following is at.
    fileprivate struct Pass {
        let reflector: Reflector
        let trouble: TroubleLog
        /// The version that a watch can go on from; `nil`: a list must come first.
        var position: String?
        /// Whether the server may have gone back in time since the last watch.
        var mustCheckVersion = false
        /// The objects of the last list and of the events since then.
        var known: Set<ObjectName> = []
        /// Whether the next watch whose version is forgotten may be followed by a list soon.
        var mayListSoon = true
        /// How many lists in a row took so long that the server forgot where they were.
        var expiredLists = 0

        var nextStep: String { position == nil ? "listing again" : "watching again" }

        /// Lists if need be, and watches until the watch ends.
        mutating func go() async throws(APIFailure) {
            if mustCheckVersion, let position { try await check(position) }
            mustCheckVersion = false
            let start: String
            if let position { start = position } else { start = try await list() }
            position = start
            try await watch(from: start)
        }

        /// Whether the failure shows that the server works again, so that a list will do.
        ///
        /// After an outage it may have forgotten the version of the watch. It is believed once until a watch brings something, lest it
        /// is asked for list after list in vain.
        func showsRecovery(_ failure: APIFailure) -> Bool { mayListSoon && isWatchForgotten(failure) }

        private func isWatchForgotten(_ failure: APIFailure) -> Bool {
            if case .refused(let status) = failure { status.isExpired && position != nil } else { false }
        }

        mutating func prepareRetry(after failure: APIFailure) {
            if isWatchForgotten(failure) { mayListSoon = false }
            if !failure.canResumeWatch { position = nil }
            if failure.mayChangeServer { mustCheckVersion = true }
        }
    }
}

extension Reflector.Pass {
    /// Lists everything, in pages, and delivers it; gives back the version of the list.
    private mutating func list() async throws(APIFailure) -> String {
        let resource = reflector.resource
        let decoder = ResourceDecoder(kind: resource.kind)
        var whole = ResourceDecoder.Page()
        var progress = ListProgress()
        repeat {
            var query = resource.selectors
            // After two lists whose pages expired on the way, everything at once: that takes the server the longest
            // but cannot expire (as client-go's pager does).
            if expiredLists < Self.expiredListLimit { query.append(("limit", "\(reflector.timing.pageSize)")) }
            if !whole.continuation.isEmpty { query.append(("continue", whole.continuation)) }
            let page: ResourceDecoder.Page
            do throws(APIFailure) {
                page = try decoder.page(try await reflector.client.get(resource.path, query: query))
            } catch {
                if case .refused(let status) = error, status.isExpired, !whole.continuation.isEmpty {
                    expiredLists += 1
                }
                throw error
            }
            let isFruitless = try progress.add(page)
            reflector.received()
            whole.objects += page.objects
            whole.unreadable += page.unreadable
            whole.remarks += page.remarks
            whole.continuation = page.continuation
            if whole.resourceVersion.isEmpty { whole.resourceVersion = page.resourceVersion }
            if Task.isCancelled { throw .cancelled }
            if isFruitless { try? await reflector.timing.sleep(reflector.timing.fruitlessPagePause) }
        } while !whole.continuation.isEmpty
        expiredLists = 0
        if progress.names.isEmpty, !known.isEmpty {
            let objects = known.count == 1 ? "1 object" : "\(known.count) objects"
            reflector.logger.warning("\(trouble.subject): the list is empty now; \(objects) removed")
        }
        known = progress.names
        reflector.logger.debug(
            "\(resource): listed \(whole.objects.count + whole.unreadable.count) objects",
            metadata: ["resourceVersion": "\(whole.resourceVersion)"])
        await reflector.deliver(
            .listed(resource.kind, whole.objects, unreadable: whole.unreadable, remarks: whole.remarks))
        return whole.resourceVersion
    }

    private static var expiredListLimit: Int { 2 }

    /// Asks for a list of one object, only to see at which version the server is.
    ///
    /// A watch from a version that is yet to come shows nothing at all until the server is there again, bookmarks
    /// included.
    private mutating func check(_ position: String) async throws(APIFailure) {
        let resource = reflector.resource
        let answer = try await reflector.client.get(resource.path, query: resource.selectors + [("limit", "1")])
        try advance(to: try ResourceDecoder(kind: resource.kind).page(answer).resourceVersion, isKept: false)
    }

    /// Watches from a version on until the server ends the watch; `position` follows.
    private mutating func watch(from start: String) async throws(APIFailure) {
        let timing = reflector.timing
        let range = timing.watchSeconds
        let seconds = Int(timing.random(Double(range.lowerBound)...Double(range.upperBound)))
        let query =
            reflector.resource.selectors + [
                ("watch", "true"), ("resourceVersion", start), ("allowWatchBookmarks", "true"),
                ("timeoutSeconds", "\(seconds)"),
            ]
        let body = try await reflector.client.stream(reflector.resource.path, query: query)
        reflector.received()
        trouble.watchGoesOn(hasData: false)
        let began = ContinuousClock.now
        var splitter = LineSplitter(limit: timing.lineLimit)
        var chunks = body.makeAsyncIterator()
        while let chunk = try await next(&chunks) {
            try await take(chunk, &splitter)
            mayListSoon = true
            reflector.received()
            trouble.watchGoesOn(hasData: true)
        }
        // The sequence of a cancelled task just ends.
        if Task.isCancelled { throw .cancelled }
        let rest = splitter.finish()
        if !rest.isEmpty { throw .dropped("the watch ended in the middle of a line") }
        if .now - began < timing.shortestWatch { throw .shortWatch }
    }

    private func next(
        _ chunks: inout HTTPClientResponse.Body.AsyncIterator
    ) async throws(APIFailure) -> ByteBuffer? {
        do {
            return try await chunks.next()
        } catch {
            throw TransportErrors.failure(error, limits: reflector.client.limits, isAnswering: true)
        }
    }

    /// Delivers what the lines of a chunk say, up to the first invalid one.
    private mutating func take(_ chunk: ByteBuffer, _ splitter: inout LineSplitter) async throws(APIFailure) {
        let decoder = ResourceDecoder(kind: reflector.resource.kind)
        var steps: [ResourceDecoder.Step] = []
        var failure: APIFailure?
        chunk.withUnsafeReadableBytes { bytes in
            do throws(APIFailure) {
                try splitter.add(bytes.bindMemory(to: UInt8.self)) { line throws(APIFailure) in
                    steps.append(try decoder.step(line))
                }
            } catch {
                failure = error
            }
        }
        for step in steps {
            if Task.isCancelled { throw .cancelled }
            switch step {
            case .bookmark(let version):
                try advance(to: version)
            case .update(let update, let version):
                try advance(to: version)
                takeNote(of: update)
                await reflector.deliver(update)
            case .ended(let status):
                throw .refused(status)
            }
        }
        if let failure { throw failure }
        if splitter.isOverlong { throw .invalidAnswer("a line of more than \(splitter.limit) bytes") }
    }

    private mutating func takeNote(of update: ObjectUpdate) {
        switch update {
        case .changed(let object, _): known.insert(object.name)
        case .unreadable(let object): known.insert(object.name)
        case .removed(_, let name): known.remove(name)
        case .listed, .unreadableFiles: break
        }
    }

    /// Versions are numbers that only rise (KEP-5504); if they fall, the server's state is an older one.
    ///
    /// - Parameter isKept: whether the watch is at that version now.
    private mutating func advance(to version: String, isKept: Bool = true) throws(APIFailure) {
        if let position, let old = UInt64(position), let new = UInt64(version), new < old {
            throw .wentBack(from: ServerText.line(position), to: ServerText.line(version))
        }
        if isKept { position = version }
    }
}
