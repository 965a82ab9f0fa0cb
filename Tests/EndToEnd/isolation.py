"""What becomes of a site that does not belong to the mesh any more."""

import concurrent.futures
import contextlib
import shutil
import subprocess
import time

import conditions
import destinations
import mesh
from machines import at_once, wait_until
from refusals import GATEWAYS
from scenarios import changed, put_and_wait
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

    def __init__(self, ask, address):
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.result = pool.submit(ask, f"{address}?sleep=9000")

    @classmethod
    def by(cls, caller, address):
        return cls(lambda address: call(caller, address, timeout=12)[0], address)

    @classmethod
    def from_outside(cls, address, host):
        """By somebody at the edge, who is shown the answer only if it is whole."""
        return cls(lambda address: int(subprocess.run(
            ["curl", "-s", "-m", "12", "-o", "/dev/null", "-w", "%{http_code}",
             "-H", f"Host: {host}", address], capture_output=True, text=True).stdout), address)

    def is_over(self):
        return self.result.done()

    @property
    def status(self):
        return self.result.result()


@contextlib.contextmanager
def served_to_the_outside(site, service):
    """The edge sends requests for a host of its own to a service of a site."""
    served = f"{GATEWAYS}orders-{site.name}"
    try:
        put_and_wait(served, destinations.at_site(site, service))
        with changed(f"{GATEWAYS}edge", destinations.forwarding()):
            yield
    finally:
        mesh.api("DELETE", f"/v2/{served}")
        every_proxy_in_step()


def removed_site(watch):
    """a removed cluster is cut off within 2 s, in both directions and on open connections, those
    that the edge ends included; its agent is turned away; it may join anew, which cuts off nobody"""
    west = mesh.west
    watch.killed |= {west.agent.name, *(
        process.name for member in west.members for process in member.processes)}
    watch.envoys_killed |= {member.proxy.name for member in west.members}
    with served_to_the_outside(west, "shop/coupons.shop.mesh"):
        return remove_and_join(west)


def remove_and_join(west):
    insider, outsider = CALLERS[west], CALLERS[mesh.vm]
    catalog, coupons = mesh.workload("catalog"), mesh.workload("coupons")
    # Opens the connections that the callers' proxies keep.
    for address in (url, raw):
        assert call(insider, address(catalog))[0] == 200
        assert call(outsider, address(coupons))[0] == 200
    open_calls = {f"of {caller.instance} to {address(callee)}": Held.by(caller, address(callee))
                  for caller, callee in ((insider, catalog), (outsider, coupons))
                  for address in (url, raw)}
    open_calls["from outside"] = Held.from_outside(destinations.EDGE, destinations.HOST)
    for callee, requests in ((catalog, 1), (coupons, 2)):
        wait_until(f"calls of {callee.instance} are in flight",
                   lambda: is_busy(callee.proxy, requests), 5)
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
                wait_until(f"{member.machine.name} has ended what it has to", lambda: not any(
                    conditions.statistics(member.proxy, "filter_chains_draining").values()), 10)
        innocent = Held.by(outsider, raw(catalog))
        wait_until("an innocent call is in flight", lambda: is_busy(catalog.proxy, requests=0), 5)
    finally:
        join_anew(west)
    wait_until("the innocent call is over", innocent.is_over, 20)
    assert innocent.status == 200, \
        f"a cluster that joined cut off what was connected before: {innocent.status}"
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
