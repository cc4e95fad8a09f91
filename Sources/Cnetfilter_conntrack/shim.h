// SPDX-License-Identifier: Apache-2.0

// What kubetables needs of libnetfilter_conntrack: the flows that the kernel tracks, listed, deleted and followed over netlink.
#ifndef KUBETABLES_CNETFILTER_CONNTRACK_SHIM_H
#define KUBETABLES_CNETFILTER_CONNTRACK_SHIM_H

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <libnfnetlink/libnfnetlink.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

/* A datagram that is received with others (`struct mmsghdr`, which Glibc declares for GNU sources only). */
struct received_datagram {
    struct msghdr message;
    unsigned int length;
};

/* Receives as many datagrams as there are, up to `count`, without waiting (recvmmsg(2)); -1 with `errno` if there is none. */
static inline int receive_datagrams(int descriptor, struct received_datagram *datagrams, unsigned int count) {
    return (int)syscall(SYS_recvmmsg, descriptor, datagrams, count, MSG_DONTWAIT, NULL);
}

#endif
