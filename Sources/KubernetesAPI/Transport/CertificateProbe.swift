// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Finds out for which names a server's certificate is, after it was refused: the TLS library's error has none of them.
enum CertificateProbe {
    private static let limit = TimeAmount.seconds(3)
    private static let nameLimit = 10

    /// The names and addresses in the certificate of the server at `host` and `port`; `nil` if it shows none in time.
    ///
    /// The connection ends with the certificate: nothing is sent to a server that is not trusted.
    static func names(host: String, port: Int, serverName: String?) async -> [String]? {
        let shown = ShownNames()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        guard let context = try? NIOSSLContext(configuration: configuration) else { return nil }
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(limit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let record: NIOSSLCustomVerificationCallback = { chain, promise in
                        shown.names.withLock { $0 = chain.first.map(names) }
                        promise.succeed(.failed)
                    }
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: serverName, customVerificationCallback: record)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        guard let channel = try? await bootstrap.connect(host: host, port: port).get() else { return nil }
        let timeout = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
        try? await channel.closeFuture.get()
        timeout.cancel()
        return shown.names.withLock(\.self)
    }

    private final class ShownNames: Sendable {
        let names = Mutex<[String]?>(nil)
    }

    private static func names(_ certificate: NIOSSLCertificate) -> [String] {
        let all = certificate._subjectAlternativeNames().compactMap { name -> String? in
            switch name.nameType {
            case .dnsName: ServerText.line(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress: address(Array(name.contents))
            default: nil
            }
        }
        let rest = all.count - nameLimit
        return Array(all.prefix(nameLimit)) + (rest > 0 ? ["\(rest) more"] : [])
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress
    }
}
