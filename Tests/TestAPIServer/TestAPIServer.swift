// SPDX-License-Identifier: Apache-2.0

import Documents
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore

/// An API server for tests: it speaks as the recordings of a real one do, and goes wrong as a test wants it to.
///
/// What it knows outlives ``stop()``, so a test can start it again on the same port.
public actor TestAPIServer {
    private let store: ObjectStore
    private let bookmarkPeriod: Duration
    private let encryption: TLSConfiguration?
    private let host: String
    private var running: Task<Void, any Error>?
    private var bookmarks: Task<Void, Never>?
    private var port: Int?

    /// Makes a server that does not run yet.
    ///
    /// - Parameters:
    ///   - port: 0 for any; it stays the same when the server is started again.
    ///   - encryption: its certificate and key, and whose certificates it takes.
    ///   - bookmarkPeriod: how often watches get a bookmark.
    ///   - version: the resourceVersion it begins at.
    public init(
        host: String = "127.0.0.1", port: Int = 0, encryption: TLSConfiguration? = nil,
        bookmarkPeriod: Duration = .seconds(60), version: Int = 1000
    ) {
        store = ObjectStore(version: version)
        self.host = host
        self.port = port == 0 ? nil : port
        self.encryption = encryption
        self.bookmarkPeriod = bookmarkPeriod
    }

    /// Starts to listen; gives back the URL.
    @discardableResult
    public func start() async throws -> String {
        // While the server was stopped, a connection of somebody else may have got its port for a moment.
        for _ in 0..<(port == nil ? 0 : Self.bindTries) {
            if let url = try? await startOnce() { return url }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await startOnce()
    }

    private static let bindTries = 50

    private func startOnce() async throws -> String {
        let requests = APIRequests(store: store)
        let control = ControlRequests(store: store)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test-api-server")
        logger.logLevel = .critical
        let app = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                if let response = try await requests.answer(request) { return response }
                return try await control.answer(request) ?? APIRequests.status(.notFound)
            },
            server: try encryption.map { try .tls(tlsConfiguration: $0) } ?? .http1(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port ?? 0)),
            onServerRunning: { channel in
                continuation.yield(channel.localAddress?.port ?? 0)
                continuation.finish()
            },
            logger: logger)
        let task = Task {
            defer { continuation.finish() }
            try await app.run()
        }
        var found: Int?
        for await port in ports { found = port }
        guard let found else {
            try await task.value
            throw ServerProblem(description: "the server ended at once")
        }
        running = task
        port = found
        let (store, period) = (store, bookmarkPeriod)
        bookmarks = Task {
            while (try? await Task.sleep(for: period)) != nil { store.sendBookmarks() }
        }
        return url
    }

    /// Stops listening and breaks all connections.
    public func stop() async {
        bookmarks?.cancel()
        bookmarks = nil
        for resource in ServedResource.allCases { store.send([.broken], to: resource, isEnd: true) }
        running?.cancel()
        _ = await running?.result
        running = nil
    }

    /// Waits until the server ends, which it does when the task is cancelled.
    public func wait() async throws {
        guard let running else { return }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            running.cancel()
        }
    }

    /// The URL of the server.
    public var url: String { "\(encryption == nil ? "http" : "https")://\(host):\(port ?? 0)" }

    /// Makes objects new or changes them; `json` holds one or several values, each an object or a list.
    public nonisolated func put(json: String) throws { try store.put(try ObjectFile.objects(Array(json.utf8))) }

    /// Makes objects new or changes them.
    public nonisolated func put(_ objects: [DocumentObject]) throws { try store.put(objects) }

    /// Deletes an object, if there is one.
    public nonisolated func delete(_ resource: ServedResource, namespace: String = "default", name: String) {
        store.delete(resource, key: resource.isNamespaced ? "\(namespace)/\(name)" : name)
    }

    /// Changes and deletes objects so that there are these and no others.
    public nonisolated func replaceAll(json: String) throws {
        try store.replaceAll(try ObjectFile.objects(Array(json.utf8)))
    }

    /// Lets the next requests of a kind go wrong.
    public nonisolated func inject(
        _ fault: Fault, into resource: ServedResource, scope: FaultScope = .any, times: Int = 1
    ) {
        store.add(fault, to: resource, scope: scope, times: times)
    }

    /// Lets requests go right again.
    public nonisolated func clearFaults() { store.clearFaults() }

    /// Lets something happen to the running watches.
    public nonisolated func disturbWatches(of resource: ServedResource, _ action: WatchAction) {
        action.apply(to: resource, store)
    }

    /// Sends bytes to the running watches, in a piece of their own each.
    public nonisolated func send(_ pieces: [[UInt8]], toWatchesOf resource: ServedResource) {
        store.send(pieces.map { .bytes(ByteBuffer(bytes: $0)) }, to: resource, isEnd: false)
    }

    /// Sends all running watches a bookmark now.
    public nonisolated func sendBookmarks() { store.sendBookmarks() }

    /// Forgets the history: a watch from an older version expires, and so do lists that are not at their end.
    public nonisolated func compact(asEvent: Bool = false) {
        store.setExpiresAsEvent(asEvent)
        store.compact()
    }

    /// Goes back in time: to an older version, and to what there was then.
    public nonisolated func goBack(to version: Int, json: String) throws {
        try store.goBack(to: version, objects: try ObjectFile.objects(Array(json.utf8)))
    }

    /// Lets in only requests with one of these `Authorization` headers; `nil`: all.
    public nonisolated func allow(authorizations: Set<String>?) { store.setTokens(authorizations) }

    /// How often a resource was asked for.
    public nonisolated func counts(_ resource: ServedResource) -> RequestCounts { store.counts(resource) }

    /// The resourceVersion that the server is at.
    public nonisolated var version: Int { store.version }
}
