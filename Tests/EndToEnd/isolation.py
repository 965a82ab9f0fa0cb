"""What becomes of a site that does not belong to the mesh any more."""

import concurrent.futures
import shutil
import time

import conditions
import mesh
from machines import at_once, wait_until
from traffic import CALLERS, call, every_proxy_in_step, identity, load, url

# Within this time a removed site is cut off, on open connections too.
SECONDS = 2


def raw(workload):
    """The same program, at a port whose bytes no proxy looks into."""
    return f"http://{workload.host}:9000/"


def is_busy(proxy, requests=1, connections=1):
    """Whether so many requests of the one port, and connections of the other, are with the
    application beside a proxy."""
    active = conditions.statistics(proxy, "cluster.inbound_.*_active")
    return (active.get("cluster.inbound_8080.upstream_rq_active", 0) >= requests
            and active.get("cluster.inbound_9000.upstream_cx_active", 0) >= connections)


class Held:
    """A request that is answered only after longer than a removal may take."""

    def __init__(self, caller, address):
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.result = pool.submit(call, caller, f"{address}?sleep=9000", timeout=12)

    def is_over(self):
        return self.result.done()

    @property
    def status(self):
        return self.result.result()[0]


def removed_site(watch):
    """a removed cluster is cut off within 2 s, in both directions and on open connections; its agent
    is turned away; it may join anew, which cuts off nobody"""
    west = mesh.west
    watch.killed |= {west.agent.name, *(
        process.name for member in west.members for process in member.processes)}
    watch.envoys_killed |= {member.proxy.name for member in west.members}
    insider, outsider = CALLERS[west], CALLERS[mesh.vm]
    catalog, coupons = mesh.workload("catalog"), mesh.workload("coupons")
    # Opens the connections that the callers' proxies keep.
    for address in (url, raw):
        assert call(insider, address(catalog))[0] == 200
        assert call(outsider, address(coupons))[0] == 200
    open_calls = {f"of {caller.instance} to {address(callee)}": Held(caller, address(callee))
                  for caller, callee in ((insider, catalog), (outsider, coupons))
                  for address in (url, raw)}
    for callee in (catalog, coupons):
        wait_until(f"calls of {callee.instance} are in flight", lambda: is_busy(callee.proxy), 5)
    try:
        mesh.rialto("delete", "cluster", "west")
        removed = time.monotonic()
        wait_until("west is not served any more",
                   lambda: call(insider, url(catalog), timeout=1)[0] != 200, SECONDS)
        wait_until("west is not called any more",
                   lambda: call(outsider, url(coupons), timeout=1)[0] != 200, SECONDS)
        took = time.monotonic() - removed
        for name, held in open_calls.items():
            wait_until(f"the call {name} is cut off",
                       held.is_over, removed + SECONDS - time.monotonic())
            assert held.status != 200, f"the call {name} was answered"
        longest = time.monotonic() - removed
        report = load([url(mesh.workload("orders"))], 50, machine=outsider.machine, of="orders",
                      headers={"x-version": "v1"})
        assert "west" not in report["by"], report["by"]
        wait_until("its agent is turned away", lambda: not any(
            agent["connected"] for agent in mesh.api_json("/v2/agents")["items"]
            if agent["cluster"] == "west"), 10)
        for site in (mesh.east, mesh.vm, mesh.edge):
            for member in site.members:
                wait_until(f"{member.machine.name} has forgotten west", lambda: (
                    ".at.west.mesh" not in conditions.envoy(member.proxy, "/config_dump")), 10)
    finally:
        innocent = Held(outsider, raw(catalog))
        wait_until("an innocent call is in flight", lambda: is_busy(catalog.proxy, requests=0), 5)
        join_anew(west)
    wait_until("the innocent call is over", innocent.is_over, 20)
    assert innocent.status == 200, "a cluster that joined cut off what was connected before"
    wait_until("west is called again", lambda: call(outsider, url(coupons))[0] == 200, 20)
    status, answer = call(insider, url(catalog))
    assert status == 200 and answer["caller"] == identity(insider), f"{status} {answer}"
    return f"{took:.2f} s; calls in flight after {longest:.2f} s"


def join_anew(site):
    """The site as on its first day: machines on which nothing was ever started."""
    at_once(lambda member: member.stop(), site.members)
    site.agent.stop()
    for machine in (site.machine, *(member.machine for member in site.members)):
        for part in ("data", "run"):
            for folder in (machine.folder / part).iterdir():
                shutil.rmtree(folder)
    mesh.rialto("apply", "-f", mesh.HERE / "config" / "0-sites.yaml")
    mesh.join([site])
    at_once(lambda member: member.start(), site.members)
    every_proxy_in_step(60)


ALL = [removed_site]
