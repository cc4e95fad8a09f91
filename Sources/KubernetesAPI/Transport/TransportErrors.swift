// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Translates the errors of the network and the TLS library.
enum TransportErrors {
    /// - Parameter isAnswering: whether the head of an answer had come already.
    static func failure(_ error: any Error, limits: ClientLimits, isAnswering: Bool) -> APIFailure {
        switch error {
        case let failure as APIFailure:
            failure
        case is CancellationError:
            .cancelled
        case let error as HTTPClientError:
            client(error, limits: limits)
        case let error as HTTPParserError:
            error == .invalidEOFState
                ? .dropped("the server closed it in the middle of the answer")
                : .invalidAnswer("not HTTP: \(ServerText.line(String(describing: error)))")
        case let error as NIOSSLError:
            tls(error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            .untrusted(wrongName)
        case is BoringSSLError, is NIOSSLExtraError:
            .untrusted(ServerText.line(String(describing: error)))
        case let error as NIOConnectionError:
            connection(error)
        case let error as IOError:
            isAnswering || error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
                ? .dropped(words(error)) : .unreachable(words(error))
        case is ChannelError:
            .dropped("the connection was closed")
        default:
            .unreachable(words(error))
        }
    }

    /// What is wrong if the certificate is for other names than the server's.
    static let wrongName = "the server's certificate is for another name"

    private static func client(_ error: HTTPClientError, limits: ClientLimits) -> APIFailure {
        switch error {
        case .cancelled: .cancelled
        case .readTimeout: .silent(limits.silence)
        case .deadlineExceeded: .dropped("the answer was not complete after \(limits.answer)")
        case .connectTimeout, .getConnectionFromPoolTimeout: .unreachable("no connection within \(limits.connect)")
        case .tlsHandshakeTimeout: .untrusted("the TLS handshake did not end in time")
        case .remoteConnectionClosed, .uncleanShutdown: .dropped("the server closed it")
        case .proxyAuthenticationRequired: .unreachable("the proxy wants a user name and a password")
        case .invalidProxyResponse: .unreachable("the proxy refuses to connect")
        case .httpProxyHandshakeTimeout, .socksHandshakeTimeout: .unreachable("the proxy did not answer in time")
        default: .invalidAnswer("not HTTP: \(error.shortDescription)")
        }
    }

    private static func tls(_ error: NIOSSLError) -> APIFailure {
        switch error {
        case .uncleanShutdown:
            return .dropped("the server closed it without an end")
        case .handshakeFailed(let reason):
            let text = ServerText.line(String(describing: reason))
            if text.contains("CERTIFICATE_VERIFY_FAILED") { return .untrusted(unverified) }
            if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
                return .untrusted("the server does not speak TLS; is its URL http://?")
            }
            return .untrusted("the handshake failed: \(text)")
        case .unableToValidateCertificate:
            return .untrusted(unverified)
        default:
            return .untrusted(ServerText.line(String(describing: error)))
        }
    }

    private static let unverified =
        "the server's certificate is not of the configured authority, not for this address, or expired"

    private static func connection(_ error: NIOConnectionError) -> APIFailure {
        let reasons = error.connectionErrors.map { words($0.error) }
        var seen: Set<String> = []
        let distinct = reasons.filter { seen.insert($0).inserted }
        guard distinct.isEmpty else { return .unreachable(distinct.joined(separator: ", ")) }
        return .unreachable("unknown host name \(ServerText.quoted(error.host))")
    }

    /// An error of the system as the system describes it, such as `connection refused`; no part of the library's words.
    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError:
            let text = String(cString: strerror(error.errnoCode))
            return text.prefix(1).lowercased() + text.dropFirst()
        case let error as ChannelError:
            if case .connectTimeout(let limit) = error {
                return "no connection within \(limit.nanoseconds / 1_000_000_000) s"
            }
            return "the connection was closed"
        case let error as SocketAddressError.UnknownHost:
            return "unknown host name \(ServerText.quoted(error.host))"
        default:
            return ServerText.line(String(describing: error))
        }
    }
}
