# SPDX-License-Identifier: Apache-2.0

"""Changes of one endpoint of one Service, from the API server to the end of the commit."""

import json
import time

from programs import Failed, named_phases, time_of

SLICES = 500
# Of the phases of a sync, those that are neither libiptc's nor the kernel's.
OWN_PHASES = ("compile", "encode", "difference")


class Change:
    """What one change has taken, in seconds."""

    def __init__(self, begin, line):
        self.phases = named_phases(line)
        self.from_server = time_of(line) - begin
        self.from_receipt = sum(self.phases.values())
        self.syncer = self.from_receipt - self.phases["compile"]
        self.own = sum(self.phases[name] for name in OWN_PHASES)


class EndpointChanges:
    """Changes the first endpoint of one Service after the other."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.slices = list(slices_of(cluster.objects))
        self.count = 0

    def put(self):
        """Gives the next Service an endpoint with another address, without waiting for the rules."""
        changed = self.slices[self.count % len(self.slices)]
        self.count += 1
        address = f"10.{254 + self.count // 62_500 % 2}.{self.count // 250 % 250}.{self.count % 250 + 1}"
        changed["endpoints"][0]["addresses"] = [address]
        self.cluster.put(changed)

    def measure(self, program):
        """The next change, after a pause in which the program does what the last one has left to do."""
        time.sleep(0.5)
        begin = time.time()
        self.put()
        line, _ = program.wait_for(r"1 Service changed", 30)
        return Change(begin, line)


def slices_of(path):
    """The first endpoint slices of a state."""
    slices = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if '"EndpointSlice"' in line and len(slices) < SLICES:
                slices.append(json.loads(line))
    if not slices:
        raise Failed(f"{path} has no EndpointSlice in a line of its own")
    return slices
