# SPDX-License-Identifier: Apache-2.0

"""What the scripts here have in common: kubetables run, an API server for it, and the report."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import datetime, timezone

NODE = "test-node"
NOISE = 0.15  # how far above its goal a ratio may be on a shared machine; Benchmarks/run prints it too


class Failed(Exception):
    pass


class Program:
    """A program with its log in a file."""

    running = []

    def __init__(self, arguments, log):
        self.log = log
        self.offset = 0
        self.started = time.time()
        with open(log, "wb") as file:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        Program.running.append(self.process)

    def wait_for(self, pattern, limit):
        """The next line of the log with a pattern, and its match."""
        deadline = time.time() + limit
        while time.time() < deadline:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                file.seek(self.offset)
                while line := file.readline():
                    if not line.endswith("\n"):
                        break
                    self.offset = file.tell()
                    if found := re.search(pattern, line):
                        return line, found
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        with open(self.log, encoding="utf-8", errors="replace") as file:
            raise Failed(f"\"{pattern}\" was not logged within {limit} s:\n{file.read()[-3000:]}")

    def last_line(self, pattern, pause):
        """The last line of the log with a pattern, once no other one has come for so many seconds."""
        line, _ = self.wait_for(pattern, pause)
        while True:
            try:
                line, _ = self.wait_for(pattern, pause)
            except Failed:
                return line

    def resident_megabytes(self):
        return self.megabytes("VmRSS")

    def peak_megabytes(self):
        """The most that it has had since its start."""
        return self.megabytes("VmHWM")

    def megabytes(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"{name}:\s+(\d+) kB", file.read()).group(1)) / 1024

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """Ends a program that has no other way to end."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30) != 0:
            raise Failed(f"{self.process.args[0]} ended with {self.process.returncode}")


class Cluster:
    """An API server with a cluster's objects, and what kubetables run needs to serve its node."""

    def __init__(self, kubetables, api_server, objects, directory):
        self.directory = directory
        self.objects = objects
        self.server = Program([api_server, "--listen", "127.0.0.1:0", "--objects", objects], f"{directory}/server")
        _, found = self.server.wait_for(r"listening on (http://\S+)", 60)
        url = found.group(1)
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        self.lock = f"{directory}/lock"
        self.kubetables = kubetables
        self.lacking = set()
        self.options = [
            kubetables, "run", "--master", url, "--hostname-override", NODE, "--node-ip", "192.168.50.10",
            "--lock-file", self.lock,
        ]
        self.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})

    def put(self, value):
        """Creates or changes an object."""
        self.connection.request("PUT", "/control/objects", body=json.dumps(value))
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed(f"the API server answered {answer.status}")

    def clean(self):
        """Removes all rules; kubetables does not run."""
        done = subprocess.run([self.kubetables, "cleanup", "--lock-file", self.lock], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"cleanup ended with {done.returncode}: {done.stderr}")

    def start(self, name, *more):
        """Starts kubetables; gives back the program and the log line of its first rules."""
        program = Program(self.options + list(more), f"{self.directory}/{name}")
        line, _ = program.wait_for(r"start: IPv4", 120)
        self.show_lacking(program)
        return program, line

    def show_lacking(self, program):
        """Names once what this kernel does not have: figures then are those of other rules."""
        with open(program.log, encoding="utf-8", errors="replace") as file:
            found = set(re.findall(r"kernel has no [^;,]*|kernel refused [^;,]*", file.read())) - self.lacking
        for lack in sorted(found):
            print(f"  the {lack}: these figures are without it", flush=True)
        self.lacking |= found


def time_of(line):
    """When a line was logged, in seconds."""
    stamp = line.split(" ", 1)[0]
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()


def show(title, text):
    print(f"  {title:<58} {text:>22}", flush=True)


def report(title, text, value, goal, goal_text, noise=0.0):
    """Prints what was measured and whether it reaches its goal, within some noise; gives back whether it does."""
    verdict = "reached" if value <= goal else "within noise" if value <= goal * (1 + noise) else "MISSED"
    print(f"  {title:<58} {text:>22}   goal {goal_text:<14} {verdict}", flush=True)
    return verdict != "MISSED"


def named_phases(line):
    """The times of the phases of a sync, in seconds, from the update received to the rules committed."""
    took = line.rsplit("; took ", 1)[1]
    return {name.strip(): float(ms) / 1000 for name, ms in re.findall(r"([a-z ]+) ([\d.]+) ms", took)}


def phases_of(line):
    """The time that the syncer itself reports, in seconds: all phases but compiling."""
    return sum(seconds for name, seconds in named_phases(line).items() if name != "compile")


def main(documentation, measure):
    """Calls `measure` with a Cluster made from the arguments and exits with its result: whether goals are reached."""
    run(documentation, lambda arguments, directory: measure(Cluster(*arguments, directory)))


def run(documentation, measure):
    """Calls `measure` with the three arguments and a folder, and exits with its result: whether goals are reached."""
    if len(sys.argv) != 4:
        print(documentation, file=sys.stderr)
        sys.exit(64)
    status = 70
    with tempfile.TemporaryDirectory() as directory:
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            status = 0 if measure(sys.argv[1:], directory) else 1
        except Failed as failure:
            print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        except Exception:  # Python itself would end with 1, which means something else here.
            traceback.print_exc()
        finally:
            for process in Program.running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
    sys.exit(status)
