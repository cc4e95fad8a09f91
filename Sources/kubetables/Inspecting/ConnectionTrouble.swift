// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why there was no answer, in words: the errors of the library are values for programs.
struct ConnectionTrouble: CustomStringConvertible {
    /// How long a connection may take, in seconds.
    static let connectSeconds: Int64 = 5
    /// How long an answer may take, in seconds.
    static let answerSeconds: Int64 = 30

    let description: String
    /// That of the system; `nil` if the system reports none.
    let errorNumber: CInt?

    init(_ error: any Error) {
        errorNumber = Self.errorNumber(error)
        description = errorNumber.map { String(cString: strerror($0)) } ?? Self.words(error)
    }

    private static func errorNumber(_ error: any Error) -> CInt? {
        switch error {
        case let error as IOError: error.errnoCode
        case let error as NIOConnectionError:
            error.connectionErrors.first.flatMap { ($0.error as? IOError)?.errnoCode }
        default: nil
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: words(error)
        case ChannelError.connectTimeout: noConnection
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words($0.error) } ?? "the name \"\(error.host)\" has no address"
        case SocketAddressError.unknown(let host, _): "the name \"\(host)\" has no address"
        case SocketAddressError.unixDomainSocketPathTooLong: "the path is too long for a socket (at most 107 bytes)"
        case is HTTPParserError: "the answer is not one of HTTP"
        default: "\(error)"
        }
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout: noConnection
        case .readTimeout, .deadlineExceeded: "no answer within \(answerSeconds) s"
        case .remoteConnectionClosed: "the connection was closed without an answer"
        default: "\(error)"
        }
    }

    private static let noConnection = "no connection within \(connectSeconds) s"
}
