"""What must hold after every scenario, whatever it did: asserted here, never by the scenario."""

import http.client
import os
import pathlib
import re
import socket
import time

import mesh
from machines import wait_until

# Words of a process that did not mean to end.
CRASH = ("Fatal error", "Illegal instruction", "Precondition failed", "stack dump", "Caught Segmentation")
# Beginnings of what no log may hold: join tokens, API tokens, private keys.
SECRETS = ("rlt1.", "rlt_", "PRIVATE KEY")
# How much more memory a process may hold after a scenario than before it.
MEMORY_MARGIN = 64 << 20
# How many descriptors more: connections of the scenario's own requests that are still closing.
DESCRIPTOR_MARGIN = 8
# The span in which nothing may be sent, and what keeping connections alive costs meanwhile.
QUIET_SECONDS = 0.5
QUIET_BYTES = 200


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
    """How many discovery responses this Envoy has taken, by what takes them. When a listener has
    been drained that went, its counters go with it."""
    return statistics(process, "update_success")


def envoy_pids(process):
    """The Envoys in the network of a `rialto proxy`, oldest first: two during a take-over."""
    network = network_of(process)
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (os.path.basename(os.readlink(entry / "exe")) == "envoy"
                    and os.readlink(entry / "ns" / "net") == network):
                found.append((entry.stat().st_ctime, int(entry.name)))
        except OSError:
            continue
    return [pid for _, pid in sorted(found)]


def envoy_pid(process):
    return next(reversed(envoy_pids(process)), None)


def network_of(process):
    return os.readlink(f"/proc/{process.pid}/ns/net") if process.pid else None


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def memory(process):
    """Resident, in bytes."""
    pages = pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def received_from_agent(process):
    """Bytes that a `rialto proxy` has received on its present connections to the agent."""
    return sum(received_by_connection(process).values())


def received_by_connection(process):
    """The same for each connection, by its own address."""
    lines = process.machine.network("ss", "-tinH", "dport = :15012").splitlines()
    # Each connection is followed by a line with its counters.
    return {connection.split()[3]: int(found.group(1))
            for connection, counters in zip(lines[::2], lines[1::2])
            if (found := re.search(r"bytes_received:(\d+)", counters))}


def filter_rules(machine):
    return machine.network("iptables-save", check=False).count("\n-A ")


def is_connected(site=mesh.east):
    """Whether the agent of a site is there."""
    return any(agent["connected"] for agent in mesh.api_json("/v2/agents").get("items", [])
               if agent["cluster"] == site.name)


def in_step():
    """Whether every agent has what the server has for it, and every proxy serves and has answered
    all of it."""
    agents = mesh.api_json("/v2/agents").get("items", [])
    proxies = [proxy for proxy in mesh.api_json("/v2/proxies").get("items", [])
               if proxy["envoyVersion"]]
    return len(agents) >= len(mesh.SITES) and all(
        agent["connected"] and agent["generation"] == agent["acknowledgedGeneration"]
        for agent in agents
    ) and len(proxies) >= len(mesh.PROXIES) and all(
        proxy["connected"] and proxy["inSync"] and proxy["healthy"] for proxy in proxies)


class Watch:
    """Takes stock before a scenario and compares afterwards."""

    def __init__(self):
        # What a scenario says it does.
        self.killed = set()
        self.envoys_killed = set()
        self.provokes_rejections = False

    def __enter__(self):
        wait_until("every proxy is in step before the scenario", in_step, 20)
        self.pids = {process.name: process.pid for process in mesh.PROCESSES}
        self.envoys = {process.name: envoy_pid(process) for process in mesh.PROXIES}
        self.rejected = {process.name: rejections(process) for process in mesh.PROXIES}
        self.rules = {machine.name: filter_rules(machine) for machine in mesh.MACHINES}
        self.descriptors = {process.name: descriptors(process) for process in mesh.PROCESSES}
        self.memory = {process.name: memory(process) for process in mesh.PROCESSES}
        self.log_sizes = {process.name: size(process.log) for process in mesh.PROCESSES}
        return self

    def __exit__(self, kind, problem, trace):
        if kind is None:
            self.check()
        return False

    def check(self):
        self.assert_alive()
        wait_until("every proxy is in step with the server", in_step, 20)
        self.assert_no_rejections()
        self.assert_clean_logs()
        for machine in mesh.MACHINES:
            assert filter_rules(machine) == self.rules[machine.name], \
                f"the packet filter of {machine.name} changed"
        self.assert_quiet()
        for process in mesh.PROCESSES:
            # The shop's programs hold as many connections as Envoys pool.
            if process.name not in self.killed and not process.name.endswith(".shop"):
                self.assert_no_leak(process)

    def assert_alive(self):
        for process in mesh.PROCESSES:
            assert process.pid is not None, f"{process.name} does not run any more"
            if process.name not in self.killed:
                assert process.pid == self.pids[process.name], f"{process.name} was restarted"
        for process in mesh.PROXIES:
            if process.name not in self.envoys_killed:
                assert envoy_pid(process) == self.envoys[process.name], \
                    f"the Envoy of {process.name} was restarted"
            wait_until(f"{process.name} has one Envoy", lambda: len(envoy_pids(process)) == 1, 20)

    def assert_no_rejections(self):
        for process in mesh.PROXIES:
            if self.provokes_rejections or process.name in self.envoys_killed:
                continue
            refused = rejections(process) - self.rejected[process.name]
            assert refused == 0, f"the Envoy of {process.name} refused {refused} updates"

    def assert_clean_logs(self):
        for process in mesh.PROCESSES:
            # A shell repeats the pasted line when its program is killed; that is no log of ours.
            grown = "\n".join(
                line for line in tail(process.log, self.log_sizes[process.name]).splitlines()
                if not line.startswith("bash: line "))
            for word in CRASH + SECRETS:
                assert word not in grown, f"{process.name} says '{word}' in {process.log}"
            if self.provokes_rejections or process.name in self.killed | self.envoys_killed:
                continue
            for line in grown.splitlines():
                assert not re.search(r'"level":"(error|critical)"', line), \
                    f"{process.name}: {line}"

    def assert_quiet(self):
        """Nothing is sent while nothing happens."""
        updated = {process.name: updates(process) for process in mesh.PROXIES}
        # When both streams of a proxy come back at the same time, gRPC may dial a second time, a
        # little later: then the span begins anew. Whoever goes on dialling fails.
        for _ in range(4):
            before = {process.name: received_by_connection(process) for process in mesh.PROXIES}
            time.sleep(QUIET_SECONDS)  # the span itself is what is asserted
            after = {process.name: received_by_connection(process) for process in mesh.PROXIES}
            dialling = [name for name in after if after[name].keys() - before[name].keys()]
            if not dialling:
                break
        assert not dialling, f"dial the agent again and again: {dialling}"
        for process in mesh.PROXIES:
            more = {name: count for name, count in updates(process).items()
                    if count > updated[process.name].get(name, 0)}
            assert not more, f"{process.name} got updates while nothing happened: {more}"
            more = sum(after[process.name].values()) - sum(before[process.name].values())
            assert more <= QUIET_BYTES, f"{process.name} got {more} bytes while nothing happened"

    def assert_no_leak(self, process):
        name = process.name
        wait_until(
            f"{name} holds no more descriptors than before",
            lambda: descriptors(process) <= self.descriptors[name] + DESCRIPTOR_MARGIN, 20)
        more = memory(process) - self.memory[name]
        assert more <= MEMORY_MARGIN, f"{name} holds {more >> 20} MiB more than before"


def recover():
    """After a scenario that failed: starts what is dead, so that the next one speaks for itself."""
    for process in mesh.PROCESSES:
        if process.pid is None:
            process.start()


def size(path):
    return path.stat().st_size if path.exists() else 0


def tail(path, start):
    with open(path, "rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace")
