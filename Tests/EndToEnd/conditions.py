"""What must hold after every scenario, whatever it did: asserted here, never by the scenario."""

import http.client
import os
import pathlib
import socket
import time

import mesh
from machines import wait_until

# Words of a process that did not mean to end.
CRASH = ("Fatal error", "Illegal instruction", "Precondition failed", "stack dump", "Caught Segmentation")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("envoy", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5)
        self.sock.connect(self.path)


def admin_socket(process):
    """Envoy's administration socket, seen from the host."""
    found = (process.machine.folder / "run").glob("*/admin-*.sock")
    # An Envoy that was taken over goes on for a while; the newest serves.
    return str(max(found, key=lambda path: path.stat().st_ctime))


def envoy(process, path):
    """What the Envoy beside a `rialto proxy` says on its administration socket."""
    # Socket paths are short: reach the folder through our own working directory.
    socket_path = admin_socket(process)
    before = os.getcwd()
    os.chdir(os.path.dirname(socket_path))
    try:
        connection = UnixConnection(os.path.basename(socket_path))
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        os.chdir(before)


def statistics(process, pattern):
    """Envoy's counters and gauges whose names match, by name."""
    values = {}
    for line in envoy(process, f"/stats?filter={pattern}").splitlines():
        name, _, value = line.rpartition(": ")
        if value.isdigit():
            values[name] = int(value)
    return values


def rejections(process):
    return sum(statistics(process, "update_rejected").values())


def updates(process):
    """How many discovery responses this Envoy has taken, of every type."""
    return sum(statistics(process, "update_success").values())


def envoy_pid(process):
    """The Envoy that a `rialto proxy` supervises."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (os.readlink(entry / "exe").endswith("/envoy")
                    and os.readlink(entry / "ns" / "net") == network_of(process)):
                return int(entry.name)
        except OSError:
            continue
    return None


def network_of(process):
    return os.readlink(f"/proc/{process.pid}/ns/net") if process.pid else None


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def filter_rules(machine):
    return len(machine.run("iptables-save", check=False).stdout.splitlines())


class Watch:
    """Takes stock before a scenario and compares afterwards."""

    def __init__(self):
        # What a scenario says it does.
        self.killed = set()
        self.envoys_killed = set()
        self.provokes_rejections = False
        self.added = []

    def __enter__(self):
        self.pids = {process.name: process.pid for process in mesh.PROCESSES}
        dead = [name for name, pid in self.pids.items() if pid is None]
        assert not dead, f"not running before the scenario: {', '.join(dead)}"
        self.rejected = {process.name: rejections(process) for process in mesh.PROXIES}
        self.envoys = {process.name: envoy_pid(process) for process in mesh.PROXIES}
        self.rules = {machine.name: filter_rules(machine) for machine in mesh.MACHINES}
        self.descriptors = {process.name: descriptors(process) for process in mesh.PROCESSES}
        self.log_sizes = {process.name: size(process.log) for process in mesh.PROCESSES}
        return self

    def __exit__(self, kind, problem, trace):
        if kind is not None:
            return False
        for process in mesh.PROCESSES:
            assert process.pid is not None, f"{process.name} does not run any more"
            if process.name not in self.killed:
                assert process.pid == self.pids[process.name], f"{process.name} was restarted"
        for process in mesh.PROXIES:
            name = process.name
            if name not in self.envoys_killed:
                assert envoy_pid(process) == self.envoys[name], f"the Envoy of {name} was restarted"
                if not self.provokes_rejections:
                    now = rejections(process)
                    assert now == self.rejected[name], \
                        f"the Envoy of {name} refused {now - self.rejected[name]} updates"
        for process in mesh.PROCESSES:
            grown = tail(process.log, self.log_sizes[process.name])
            for word in CRASH:
                assert word not in grown, f"{process.name} says '{word}' in {process.log}"
        for machine in mesh.MACHINES:
            assert filter_rules(machine) == self.rules[machine.name], \
                f"the packet filter of {machine.name} changed"
        wait_until("every proxy is in step with the server", in_step, 20)
        self.assert_quiet()
        for process in mesh.PROCESSES:
            if process.name not in self.killed:
                wait_until(
                    f"{process.name} holds no more descriptors than before",
                    lambda: descriptors(process) <= self.descriptors[process.name] + 8, 20)
        return False

    def assert_quiet(self):
        """Nothing is sent while nothing happens."""
        before = {process.name: updates(process) for process in mesh.PROXIES}
        time.sleep(0.5)  # the span over which nothing may happen
        for process in mesh.PROXIES:
            now = updates(process)
            assert now == before[process.name], \
                f"{process.name} got {now - before[process.name]} updates while nothing happened"


def in_step():
    items = mesh.rialto_json("proxies", "status")["items"]
    return len(items) >= len(mesh.PROXIES) and all(
        item["connected"] and item["inSync"] for item in items)


def size(path):
    return path.stat().st_size if path.exists() else 0


def tail(path, start):
    with open(path, "rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace")
