// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

extension Errno {
    /// The system's text with the name that errno.h has, for example `Invalid argument (EINVAL)`.
    package var text: String { "\(self) (\(names[rawValue] ?? "errno \(rawValue)"))" }
}

/// The names of those that a call of this program may meet; glibc's `strerrorname_np` is not imported.
private let names: [Int32: String] = [
    E2BIG: "E2BIG", EACCES: "EACCES", EADDRINUSE: "EADDRINUSE", EADDRNOTAVAIL: "EADDRNOTAVAIL",
    EAFNOSUPPORT: "EAFNOSUPPORT", EAGAIN: "EAGAIN", EBADF: "EBADF", EBADMSG: "EBADMSG", EBUSY: "EBUSY",
    ECONNREFUSED: "ECONNREFUSED", ECONNRESET: "ECONNRESET", EEXIST: "EEXIST", EFAULT: "EFAULT", EINTR: "EINTR",
    EINVAL: "EINVAL", EIO: "EIO", EISDIR: "EISDIR", ELOOP: "ELOOP", EMFILE: "EMFILE", EMLINK: "EMLINK",
    ENAMETOOLONG: "ENAMETOOLONG", ENFILE: "ENFILE", ENOBUFS: "ENOBUFS", ENODEV: "ENODEV", ENOENT: "ENOENT",
    ENOMEM: "ENOMEM", ENOPROTOOPT: "ENOPROTOOPT", ENOSPC: "ENOSPC", ENOSYS: "ENOSYS", ENOTDIR: "ENOTDIR",
    ENOTEMPTY: "ENOTEMPTY", EOPNOTSUPP: "EOPNOTSUPP", EPERM: "EPERM", EPIPE: "EPIPE", EPROTO: "EPROTO",
    EPROTONOSUPPORT: "EPROTONOSUPPORT", ERANGE: "ERANGE", EROFS: "EROFS", ETIMEDOUT: "ETIMEDOUT",
]
