// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A time as HTTP writes it (RFC 9110, 5.6.7): `Tue, 24 Nov 2026 03:47:15 GMT`.
struct HTTPDate: CustomStringConvertible {
    /// Whole seconds since 1970, in UTC.
    let seconds: Int

    static var now: HTTPDate { HTTPDate(seconds: time(nil)) }

    var description: String {
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
