// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What the connections of one server have in common.
struct Connections: Sendable {
    let table: ConnectionTable
    let tasks: ConnectionTasks
    let limits: HTTPLimits
    let refusals: HTTPRefusals
    let place: ListenPlace
    /// The paths that clients may reset by DELETE.
    var resettable: Set<String> = []

    func note(_ refusal: HTTPRefusal) { refusals.note(refusal, on: place) }

    func add(_ channel: any Channel) { if table.add(channel, of: tasks) { note(.tooManyConnections) } }

    func closeAll() { table.closeAll(of: tasks) }

    /// Closes a connection that takes too long to read its answer.
    ///
    /// - Returns: to be cancelled when the answer has been sent.
    func endAnswer(on channel: any Channel) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: TimeAmount(limits.answerTime)) {
            note(.unreadAnswer)
            channel.close(promise: nil)
        }
    }
}
