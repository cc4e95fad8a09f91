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
        case is BoringSSLError, is NIOSSLExtraError:
            .untrusted(ServerText.line(String(describing: error)))
        case let error as NIOConnectionError:
            connection(error)
        case let error as IOError:
            isAnswering || error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
                ? .dropped(ServerText.line(error.description)) : .unreachable(ServerText.line(error.description))
        case is ChannelError:
            .dropped(ServerText.line(String(describing: error)))
        default:
            .unreachable(ServerText.line(String(describing: error)))
        }
    }

    private static func client(_ error: HTTPClientError, limits: ClientLimits) -> APIFailure {
        switch error {
        case .cancelled: .cancelled
        case .readTimeout: .silent(limits.silence)
        case .deadlineExceeded: .dropped("the answer was not complete after \(limits.answer)")
        case .connectTimeout, .getConnectionFromPoolTimeout: .unreachable("no connection within \(limits.connect)")
        case .tlsHandshakeTimeout: .untrusted("the TLS handshake did not end in time")
        case .remoteConnectionClosed, .uncleanShutdown: .dropped("the server closed it")
        default: .invalidAnswer("not HTTP: \(error.shortDescription)")
        }
    }

    private static func tls(_ error: NIOSSLError) -> APIFailure {
        if case .uncleanShutdown = error { return .dropped("the server closed it without an end") }
        let text = ServerText.line(String(describing: error))
        if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("unableToValidateCertificate") {
            return .untrusted(
                "the server's certificate is not of the configured authority, not for this address, or expired"
            )
        }
        return .untrusted(text)
    }

    private static func connection(_ error: NIOConnectionError) -> APIFailure {
        let reasons = error.connectionErrors.map { ServerText.line(String(describing: $0.error)) }
        let lookup = [error.dnsAError, error.dnsAAAAError].compactMap { $0 }.map {
            ServerText.line(String(describing: $0))
        }
        let all = reasons.isEmpty ? lookup : reasons
        return .unreachable(all.isEmpty ? "no address of \(error.host) is known" : all.joined(separator: ", "))
    }
}
