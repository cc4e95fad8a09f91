# SPDX-License-Identifier: Apache-2.0

"""Starts of kubetables, over empty tables and over tables that are in sync."""

from programs import Failed, phases_of, time_of


class Start:
    """A program that has been started, and what that has taken, in seconds: from the process to its first rules, and the sync
    alone, without compiling the rules."""

    def __init__(self, program, line):
        self.program = program
        self.total = time_of(line) - program.started
        self.sync = phases_of(line)


def start_over_empty(cluster, *options):
    return Start(*cluster.start("empty", *options))


def start_over_equal(cluster, count, *options):
    """Starts it so many times over its own rules; gives back all starts, of which the last one is left running."""
    starts = []
    for number in range(count):
        if starts:
            starts[-1].program.stop()
        program, line = cluster.start(f"equal{number}", "--iptables-min-sync-period", "0s", *options)
        if "nothing committed" not in line:
            raise Failed(f"a restart over equal tables committed something: {line}")
        starts.append(Start(program, line))
    return starts
