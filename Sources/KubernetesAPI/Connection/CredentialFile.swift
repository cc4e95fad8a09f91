// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// A file that another process replaces from time to time: a token, a certificate.
///
/// It is read again once it is older than ``period``. If that fails, what was read last stays in use: kubelets replace
/// files in several steps, and the server refuses what is too old.
struct CredentialFile {
    /// The largest file that is read, in bytes.
    private static let sizeLimit = 1 << 20

    let material: Kubeconfig.Material
    let period: Duration
    private var content: [UInt8]?
    private var readAt: ContinuousClock.Instant?

    init(_ material: Kubeconfig.Material, period: Duration) {
        self.material = material
        self.period = period
    }

    /// What it holds now.
    mutating func bytes(now: ContinuousClock.Instant = .now) throws(APIFailure) -> [UInt8] {
        switch material {
        case .bytes(let bytes):
            return bytes
        case .file(let path):
            if let content, let readAt, now - readAt < period { return content }
            do throws(APIFailure) {
                content = try Self.read(path)
            } catch {
                if content == nil { throw error }
            }
            readAt = now
            return content ?? []
        }
    }

    /// Makes the next use read it again.
    mutating func expire() { readAt = nil }

    private static func read(_ path: String) throws(APIFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(InputFiles.Failure) {
            bytes = try InputFiles.content(of: path, limit: sizeLimit)
        } catch {
            throw .credentials("\(ServerText.line(path)) \(error.message)")
        }
        guard !bytes.isEmpty else { throw .credentials("\(ServerText.line(path)) is empty") }
        return bytes
    }
}
