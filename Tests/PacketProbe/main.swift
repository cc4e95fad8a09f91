// SPDX-License-Identifier: Apache-2.0

// Sends packets in network namespaces, and prints what became of them.
//
// usage: packet-probe OBSERVED < PACKETS
//
// Each line of PACKETS is `NAMESPACE tcp|udp|sctp SOURCE DESTINATION`, both ADDRESS:PORT. For each line one is printed:
// `sent`, `refused` (an error came back) or `unsent` (the kernel would not send it); then the connections that the
// namespace OBSERVED has, as /proc/net/nf_conntrack has them.

import Glibc
import NetworkTypes

/// How long answers may take, in microseconds.
private let patience: UInt32 = 150_000

/// `setns`, which the module Glibc leaves out, as it does all that needs `_GNU_SOURCE`.
private let setNamespace = unsafeBitCast(
    dlsym(nil, "setns"), to: (@convention(c) (_ descriptor: Int32, _ type: Int32) -> Int32).self)
/// `CLONE_NEWNET`.
private let networkNamespace: Int32 = 0x4000_0000

private func enter(_ namespace: Substring) {
    let descriptor = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, setNamespace(descriptor, networkNamespace) == 0 else {
        fatalError("cannot enter \(namespace)")
    }
    close(descriptor)
}

private func printFile(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { fatalError("cannot read \(path)") }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(descriptor, &bytes, bytes.count), count > 0 { write(STDOUT_FILENO, bytes, count) }
    close(descriptor)
}

var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
var packets: [SentPacket] = []
var current: Substring = ""
while let line = readLine() {
    let words = line.split(separator: " ")
    guard words.count == 4, let transport = TransportProtocol(rawValue: String(words[1])),
        let source = AddressPort(words[2]), let destination = AddressPort(words[3])
    else { fatalError("invalid line: \(line)") }
    if words[0] != current {
        enter(words[0])
        current = words[0]
    }
    packets.append(SentPacket(transport, from: source, to: destination))
}
usleep(patience)
for packet in packets { print(packet.isUnsent ? "unsent" : packet.isRefused ? "refused" : "sent") }
fflush(nil)
enter(Substring(CommandLine.arguments[1]))
printFile("/proc/thread-self/net/nf_conntrack")
