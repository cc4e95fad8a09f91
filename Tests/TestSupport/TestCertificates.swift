// SPDX-License-Identifier: Apache-2.0

/// Certificates that the `openssl` command makes for a test.
public struct TestCertificates: Sendable {
    /// Where they are: each as `NAME.crt`, with its key as `NAME.key`, in PEM.
    public let folder: TemporaryFolder

    /// Two authorities (`ca`, `other`), and what the first has signed: `address` for 127.0.0.1, `name` for api.test, and
    /// `client`.
    public init() throws {
        folder = try TemporaryFolder()
        for name in ["ca", "other"] {
            try run(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", path("\(name).key"), "-out", path("\(name).crt"))
        }
        try sign("address", extensions: "subjectAltName=IP:127.0.0.1")
        try sign("name", extensions: "subjectAltName=DNS:api.test")
        try sign("client", extensions: "extendedKeyUsage=clientAuth")
    }

    /// The path of a file.
    public func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// What a file holds.
    public func bytes(_ name: String) throws -> [UInt8] { Array(try folder.read(name).utf8) }

    private func sign(_ name: String, extensions: String) throws {
        try folder.write("\(name).ext", extensions)
        try run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", path("\(name).key"), "-out", path("\(name).csr"))
        try run(
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-days", "2", "-extfile", path("\(name).ext"), "-out", path("\(name).crt"))
    }

    private func run(_ arguments: String...) throws { try Subprocess.check(["openssl"] + arguments) }
}
