// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Makes an accounting object in the network namespace of this process, over nfnetlink, as `nfacct add` does.
enum AccountingObject {
    private static let netfilterSubsystem = 7  // NFNL_SUBSYS_ACCT
    private static let protocolNumber: Int32 = 12  // NETLINK_NETFILTER

    /// Answers whether the object is there afterwards.
    static func make(_ name: String) -> Bool {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), protocolNumber)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = Array(name.utf8) + [0]
        var attribute = number16(4 + text.count) + number16(1) + text  // nlattr: NFACCT_NAME
        while attribute.count % 4 != 0 { attribute.append(0) }
        let body: [UInt8] = [0, 0, 0, 0] + attribute  // nfgenmsg
        // nlmsghdr: NFNL_MSG_ACCT_NEW, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
        let message =
            number32(16 + body.count) + number16(netfilterSubsystem << 8) + number16(0x405) + number32(1) + number32(0)
            + body
        guard send(descriptor, message, message.count, 0) == message.count else { return false }
        var answer = [UInt8](repeating: 0, count: 256)
        let length = recv(descriptor, &answer, answer.count, 0)
        // nlmsgerr: behind the head the negative error number, 0 for none.
        guard length >= 20 else { return false }
        let number = answer.withUnsafeBytes { -$0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
        return number == 0 || number == EEXIST || number == EBUSY
    }

    private static func number16(_ value: Int) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8 & 0xff)] }
    private static func number32(_ value: Int) -> [UInt8] { number16(value & 0xffff) + number16(value >> 16) }
}
