// SPDX-License-Identifier: Apache-2.0

// The floor: what any program must do that changes the nat table through libiptc, and nothing else.
//
//     LibiptcFloor open          open the table
//     LibiptcFloor delete CHAIN  open the table, delete the first rule of a chain, commit
//     LibiptcFloor size          ask the kernel for the size of the table
//
// Prints how long that took, in seconds; freeing libiptc's copy is not counted. For size, prints entries and bytes.
//
// exit: 0 done; 1 the kernel refused; 64 wrong usage
#include <errno.h>
#include <libiptc/libiptc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int fail(const char *what) {
    fprintf(stderr, "LibiptcFloor: %s: %s\n", what, iptc_strerror(errno));
    return 1;
}

static int print_size(void) {
    struct ipt_getinfo table = {.name = "nat"};
    socklen_t length = sizeof table;
    int descriptor = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (descriptor < 0 || getsockopt(descriptor, IPPROTO_IP, IPT_SO_GET_INFO, &table, &length) != 0) {
        perror("LibiptcFloor: size");
        return 1;
    }
    printf("entries %u\nbytes %u\n", table.num_entries, table.size);
    return close(descriptor);
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "size") == 0) return print_size();
    int deletes = count == 3 && strcmp(arguments[1], "delete") == 0;
    if (!deletes && !(count == 2 && strcmp(arguments[1], "open") == 0)) {
        fprintf(stderr, "usage: LibiptcFloor open | delete CHAIN | size\n");
        return 64;
    }
    double start = now();
    struct xtc_handle *table = iptc_init("nat");
    if (table == NULL) return fail("open");
    double opened = now();
    if (deletes && !iptc_delete_num_entry(arguments[2], 0, table)) return fail("delete");
    if (deletes && !iptc_commit(table)) return fail("commit");
    double done = now();
    iptc_free(table);
    printf("total %.6f\nread %.6f\ncommit %.6f\nfree %.6f\n", done - start, opened - start, done - opened, now() - done);
    return 0;
}
