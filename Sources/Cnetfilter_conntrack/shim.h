// SPDX-License-Identifier: Apache-2.0

// What kubetables needs of libnetfilter_conntrack: the flows that the kernel tracks, listed, deleted and followed over netlink.
#ifndef KUBETABLES_CNETFILTER_CONNTRACK_SHIM_H
#define KUBETABLES_CNETFILTER_CONNTRACK_SHIM_H

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <libnfnetlink/libnfnetlink.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#endif
