"""Something in one site dies, under load from another one."""

import contextlib
import os
import random
import signal
import time

import conditions
import filters
import mesh
from machines import INSTANCE, at_once, wait_until
from scenarios import ROUTE, changed
from traffic import (CALLERS, Background, assert_nothing_failed, call, every_proxy_in_step, load,
                     share, url)

LOAD = {"requests": 3000, "rate": 200}
# At the most one in a thousand may fail, and none once this many seconds have passed.
TOLERATED, SECONDS = 3, 2
FAULT_AT = 4


def everything_to_v1(spec):
    """v2 lives in west alone: what is to fail over must live elsewhere, too."""
    for subset in spec["subsets"]:
        subset["weight"] = 100 if subset["name"] == "v1" else 0


def fail_over(caller, at_home, break_it, mend_it):
    """Loads orders from `caller` while something breaks; afterwards mends it and says what failed.
    `at_home` tells whether a report shows where requests go while all is well."""
    orders = [url(mesh.workload("orders"))]
    options = {"machine": caller.machine, "of": "orders"}
    with changed(ROUTE, everything_to_v1):
        before = load(orders, 200, **options)
        assert_nothing_failed(before)
        assert at_home(before), f"not at home before: {before['by']}"
        background = Background(orders, **LOAD, **options)
        background.run_until(FAULT_AT)
        broken_at = background.seconds
        try:
            break_it()
            report = background.finish()
        finally:
            mend_it()
        every_proxy_in_step(60)
        assert report["failed"] <= TOLERATED, \
            f"{report['failed']} failed: {report['statuses']} {report['errors']}"
        late = [at for at in report["failed_at"] if at > broken_at + SECONDS]
        assert not late, f"requests failed at {late} s, the fault was at {broken_at:.1f} s"

        def is_home():
            after = load(orders, 200, **options)
            assert_nothing_failed(after)
            return at_home(after)

        wait_until("traffic is home again", is_home, 40)
        assert_nothing_failed(load(orders, 600, rate=200, **options))
    return f"{report['failed']} of {report['requests']} failed, the slowest took " \
        f"{report['max_ms']:.0f} ms"


def all_in_west(report):
    return report["by"] == {"west": report["requests"]}


def in_both(report):
    return share(report, mesh.west) > 25 and share(report, mesh.east) > 25


ORDERS_IN_WEST = [workload for workload in mesh.west.workloads if workload.service == "orders"]


def instances_killed(watch):
    """kill -9 of every orders container in west: requests of west go on to east and come home"""
    for workload in ORDERS_IN_WEST:
        watch.killed |= {process.name for process in workload.processes}
        watch.envoys_killed.add(workload.proxy.name)

    def kill():
        at_once(lambda workload: workload.machine.kill(), ORDERS_IN_WEST)

    def start():
        for workload in ORDERS_IN_WEST:
            workload.machine.boot()
            for process in workload.processes:
                process.start()

    return fail_over(CALLERS[mesh.west], all_in_west, kill, start)


def gateway_killed(watch):
    """kill -9 of the Envoy of west's gateway: requests of the third site go on to east"""
    gateway = mesh.west.gateway.proxy
    watch.envoys_killed.add(gateway.name)
    return fail_over(CALLERS[mesh.vm], in_both, lambda: kill_envoy(gateway), lambda: None)


def site_agent_killed(watch):
    """kill -9 of west's agent: nothing happens, in west or elsewhere"""
    watch.killed.add(mesh.west.agent.name)
    return fail_over(CALLERS[mesh.vm], in_both, mesh.west.agent.kill, mesh.west.agent.start)


def site_cut_off(watch):
    """every packet between west and the wan is dropped: the third site goes on with east, west goes
    on by itself"""
    def cut():
        filters.cut(mesh.west.machine)
        status, answer = call(CALLERS[mesh.west], url(mesh.workload("orders")) + "healthz")
        assert status == 200, f"{status} {answer}"

    return fail_over(CALLERS[mesh.vm], in_both, cut, lambda: filters.mend(mesh.west.machine))


def kill_envoy(process):
    pid = conditions.envoy_pid(process)
    if pid:
        os.kill(pid, signal.SIGKILL)
    return pid


# Random kills

SEED = int(os.environ.get("RIALTO_SEED", "20261"))
KILL_SECONDS = int(os.environ.get("RIALTO_KILL_SECONDS", 120 if INSTANCE == "demo" else 30))
RATE = 60


def restart(process):
    process.kill()
    process.start()


def targets(watch, gateways):
    """Everything that may be killed, by name."""
    found = {"server": lambda: restart(mesh.server)}
    watch.killed.add(mesh.server.name)
    for site in mesh.SITES:
        found[f"agent of {site.name}"] = lambda site=site: restart(site.agent)
        watch.killed.add(site.agent.name)
    for gateway in gateways:
        found[f"Envoy of {gateway.machine.name}"] = lambda gateway=gateway: replace_envoy(
            gateway.proxy)
        watch.envoys_killed.add(gateway.proxy.name)
    return found


def kill_at_random(background, found):
    """Kills one after the other until the load is about to end; returns when and what."""
    chosen = random.Random(SEED)
    events = []
    while background.seconds < KILL_SECONDS - 6:
        name = chosen.choice(sorted(found))
        events.append((background.seconds, name))
        found[name]()
        # The next blow falls on a mesh that has recovered from the last one: two at a time are more
        # than two of each are meant for.
        every_proxy_in_step(60)
        background.run_until(background.seconds + chosen.uniform(0.2, 1.5))
    return events


def replace_envoy(process):
    """kill -9; returns once another one has taken its place."""
    old = kill_envoy(process)
    wait_until(f"{process.name} has a new Envoy that takes traffic",
               lambda: conditions.envoy_pid(process) not in (None, old) and is_ready(process), 30)


def is_ready(process):
    try:
        return conditions.envoy(process, "/ready").strip() == "LIVE"
    except (OSError, ValueError):
        return False


def outside(edges):
    return [f"http://{edge.machine.legs['wan']}:{mesh.GATEWAY_PORT}/" for edge in edges]


def kills_with_one_of_each(watch):
    """kill -9 of server, agents, gateways' and the edge's Envoy at random: only requests that used
    the killed one fail"""
    gateways = [site.gateway for site in mesh.SITES]
    found = targets(watch, gateways)
    background = Background(outside([mesh.edge.gateway]), KILL_SECONDS * RATE, RATE,
                            headers={"Host": mesh.HOST_NAME}, timeout=15)
    events = kill_at_random(background, found)
    report = background.finish()
    blows = [at for at, name in events if name.startswith("Envoy")]
    # A request that was on its way when the blow fell counts by when it was sent.
    unexplained = [at for at in report["failed_at"]
                   if not any(blow - 1 <= at <= blow + SECONDS for blow in blows)]
    assert not unexplained, f"failed at {unexplained} s; killed: {events}"
    return summary(report, events)


@contextlib.contextmanager
def seconds_of_each():
    """A second gateway in every site and a second edge, for a while."""
    added = [site.second for site in mesh.SITES]
    try:
        at_once(lambda gateway: gateway.start(), added)
        every_proxy_in_step(60)
        yield added
    finally:
        at_once(lambda gateway: gateway.stop(), added)


def kills_with_two_of_each(watch):
    """the same with two gateways per site and two edges, of which only one dies at a time: no
    request fails; a client from outside may try once more at the other edge"""
    with seconds_of_each() as added:
        gateways = [site.gateway for site in mesh.SITES] + added
        found = targets(watch, gateways)
        edges = [mesh.edge.gateway, mesh.edge.second]
        background = Background(outside(edges), KILL_SECONDS * RATE, RATE, elsewhere=True,
                                headers={"Host": mesh.HOST_NAME}, timeout=15)
        events = kill_at_random(background, found)
        report = background.finish()
        assert report["failed"] == 0, f"failed at {report['failed_at']} s: {summary(report, events)}"
    every_proxy_in_step()
    return summary(report, events)


def summary(report, events):
    killed = ", ".join(f"{at:.0f} s {name}" for at, name in events)
    return f"{report['failed']} of {report['requests']} failed, {report['retried']} tried the other " \
        f"edge; seed {SEED}: {killed}"


ALL = [instances_killed, gateway_killed, site_agent_killed, site_cut_off, kills_with_one_of_each,
       kills_with_two_of_each]
