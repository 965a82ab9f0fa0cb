"""Scenarios in which something dies under load."""

import collections
import contextlib
import json
import os
import signal
import subprocess
import time

import conditions
import mesh
from machines import wait_until
from scenarios import (ROUTE, BackgroundLoad, call_from_web, changed, document, get, put,
                       put_and_wait, status_of)

LOAD = {"requests": 2000, "rate": 200}
AGENT = f"{mesh.GATEWAY.legs['east']}:15012"


def kill_envoy(process):
    pid = conditions.envoy_pid(process)
    assert pid, f"{process.name} has no Envoy"
    os.kill(pid, signal.SIGKILL)
    return pid


def server_is_back():
    wait_until("the server is ready", mesh.is_ready, 30)
    wait_until("every proxy is in step", conditions.in_step, 30)


def server_metric(name):
    shown = mesh.SERVER.run("curl", "-sS", "http://127.0.0.1:8444/metrics").stdout
    values = [float(line.rsplit(" ", 1)[1]) for line in shown.splitlines()
              if line.startswith((f"{name} ", f"{name}{{"))]
    assert values, f"the server has no metric {name}"
    return sum(values)


def services_known():
    """The services that the server knows from agents, with how many workloads each has."""
    items = mesh.api_json("/v2/workloads").get("items", [])
    return collections.Counter(item["service"] for item in items)


@contextlib.contextmanager
def joined(workload):
    """A workload that joins by its printed line, and leaves at the end of the block."""
    try:
        workload.program.start()
        mesh.hand_over(workload.proxy, mesh.join_line(mesh.GATEWAY.run(
            "rialto", "workload", "add", *workload.options()).stdout))
        yield
    finally:
        workload.proxy.stop()
        workload.program.stop()


def server_killed(watch):
    """kill -9 of the server under load: none of 2,000 requests fails, a proxy joins with a service
    never seen and is called, the agent comes back from disk; afterwards they agree without a full
    resend"""
    watch.killed |= {mesh.server.name, mesh.agent.name}
    background = BackgroundLoad(**LOAD)
    mesh.server.kill()
    newcomer = mesh.newcomer()
    url = f"http://{newcomer.service}.shop.mesh:8080/"

    def is_called():
        status, answer = call_from_web(url)
        return status == 200 and answer.get("service") == newcomer.service

    with joined(newcomer):
        wait_until(f"web can call {newcomer.service}", is_called, 20)
        mesh.agent.kill()
        mesh.agent.start()
        for _ in range(50):
            assert is_called(), f"{newcomer.service} went away with the agent"
        background.finish()
        mesh.server.start()
        server_is_back()
        wait_until("the server knows the newcomer", lambda: newcomer.service in services_known())
        assert server_metric("rialto_fleet_full_deltas_total") == 0, "everything was sent again"
        wait_until("every proxy is in step with the server", conditions.in_step, 20)
        assert is_called(), "the server's word broke what the agent had arranged alone"
    wait_until("the newcomer is gone", lambda: newcomer.service not in services_known())


def agent_killed(watch):
    """kill -9 of the agent under load: none of 2,000 requests fails; its return sends nothing to
    proxies that did not change"""
    watch.killed.add(mesh.agent.name)
    before = {process.name: conditions.updates(process) for process in mesh.PROXIES}
    background = BackgroundLoad(**LOAD)
    mesh.agent.kill()
    wait_until("the server notices", lambda: not conditions.is_connected(), 20)
    mesh.agent.start()
    wait_until("every proxy is connected again", conditions.in_step, 30)
    background.finish()
    for process in mesh.PROXIES:
        assert conditions.updates(process) == before[process.name], \
            f"the Envoy of {process.name} was sent something again"
    # A handshake, or two under load, with the headers of the streams: 5 to 11 KB. With the smallest
    # configuration, the gateway's, it would be 15 KB.
    sizes = {member.proxy.name: conditions.received_from_agent(member.proxy)
             for member in mesh.east.members}
    for name, size in sizes.items():
        assert size < 12_000, f"{name} received {size} bytes after the agent's return"
    return f"{max(sizes.values())} bytes at the most"


# How much happens on both sides while they are apart.
WRITES = 50
REGISTRATIONS = 50


@contextlib.contextmanager
def registered_workloads():
    """Registrations in ten services that nobody has seen, by `rialto-inject`: fifty Envoys at once
    are more than two cores start while a load runs, and what the agent and the server make of a
    registration does not depend on what is behind it."""
    names = [f"depot-{time.time_ns() // 1_000_000}-{number}" for number in range(10)]
    mint = "for i in {1..%d}; do for name in %s; do rialto workload add --namespace shop " \
        "--service $name --output token || exit; done; done"
    tokens = mesh.GATEWAY.run(
        "bash", "-c", mint % (REGISTRATIONS // len(names), " ".join(names)), timeout=120).stdout
    tool = subprocess.Popen(
        mesh.GATEWAY.command(["rialto-inject", "workloads", AGENT]), text=True,
        env=mesh.GATEWAY.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        tool.stdin.write(tokens + "\n")
        tool.stdin.flush()
        assert tool.stdout.readline() == f"{REGISTRATIONS} registered\n"
        yield names
    finally:
        tool.stdin.close()
        try:
            tool.wait(30)
        except subprocess.TimeoutExpired:
            tool.kill()
            raise


def both_apart(watch):
    """50 registrations at the agent without a server, then 50 writes at the server without an agent,
    under load: both come back from disk and agree on all of it without a full resend"""
    watch.killed |= {mesh.agent.name, mesh.server.name}
    before = document(ROUTE)
    background = BackgroundLoad(**LOAD)
    mesh.server.kill()
    with registered_workloads() as names:
        mesh.agent.kill()
        mesh.server.start()
        wait_until("the server is ready", mesh.is_ready, 30)
        for number in range(WRITES):
            # The last one sends everything to v2.
            share = 100 * (number + 1) // WRITES
            put(ROUTE, {**before, "spec": {**before["spec"], "subsets": [
                {**subset, "weight": share if subset["name"] == "v2" else 100 - share}
                for subset in before["spec"]["subsets"]]}})
        revision = status_of(ROUTE)["revision"]
        mesh.agent.start()
        background.finish()
        wait_until("the last write is in force", lambda: status_of(ROUTE)["state"] == "READY", 30)
        assert status_of(ROUTE)["revision"] == revision
        wait_until("the server knows every registration", lambda: sum(
            count for name, count in services_known().items() if name in names) == REGISTRATIONS)
        assert server_metric("rialto_fleet_full_deltas_total") == 0, "everything was sent again"
        wait_until("every proxy is in step", conditions.in_step, 30)
        versions = {version_of_orders() for _ in range(20)}
        assert versions == {"v2"}, f"the last write does not hold: {versions}"
    put_and_wait(ROUTE, before)
    wait_until("the registrations are gone", lambda: not set(names) & set(services_known()))


def version_of_orders():
    answer = json.loads(get()[1])
    while answer["service"] != "orders":
        answer = answer["upstream"][0]
    return answer["version"]


def envoy_killed(watch):
    """a killed Envoy is back within 2 s from its last snapshot, also with the agent gone"""
    payments, catalog = mesh.workload("payments").proxy, mesh.workload("catalog").proxy
    watch.envoys_killed |= {payments.name, catalog.name}
    watch.killed.add(mesh.agent.name)
    took = []
    for process, agent_is_gone in ((payments, False), (catalog, True)):
        if agent_is_gone:
            mesh.agent.kill()
        old = kill_envoy(process)
        started = time.monotonic()
        wait_until(
            f"a new Envoy of {process.name} serves the shop",
            lambda: conditions.envoy_pid(process) not in (None, old) and whole_shop_answers(), 2)
        took.append(time.monotonic() - started)
    mesh.agent.start()
    wait_until("every proxy is in step", conditions.in_step, 30)
    return ", ".join(f"{seconds:.2f} s" for seconds in took)


def supervisor_killed(watch):
    """kill -9 of a `rialto proxy` under load: its Envoy goes on, the next one takes it over, none of
    2,000 requests fails"""
    process = mesh.workload("catalog").proxy
    watch.killed.add(process.name)
    watch.envoys_killed.add(process.name)
    background = BackgroundLoad(**LOAD)
    process.kill()
    process.start()
    wait_until("every proxy is in step", conditions.in_step, 30)
    background.finish()


def whole_shop_answers():
    status, body = get(timeout=1)
    return status == 200 and '"payments"' in body


ALL = [server_killed, agent_killed, both_apart, envoy_killed, supervisor_killed]
