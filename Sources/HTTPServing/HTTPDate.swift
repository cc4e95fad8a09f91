import Glibc
import KubernetesObjects

extension Timestamp {
    /// The date as HTTP wants it (RFC 9110, 5.6.7), for example `Tue, 24 Nov 2026 03:47:15 GMT`.
    var httpDate: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            // No locale is set in this process, so that the names are English.
            strftime(buffer.baseAddress, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
