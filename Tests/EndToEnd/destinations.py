"""Where the edge sends what comes from outside, when several sites serve a host."""

import contextlib

import mesh
from failover import everything_to_v1, kill_envoy
from machines import wait_until
from refusals import GATEWAYS
from scenarios import ROUTE, changed, put_and_wait
from traffic import assert_nothing_failed, every_proxy_in_step, load, share

PARENTS = {"organization": "acme", "tenant": "retail", "workspace": "shop", "group": "gateways"}
WEST = "organizations/acme/clusters/west"
HOST = "orders.example.com"
EDGE = f"http://{mesh.edge.machine.legs['wan']}:{mesh.GATEWAY_PORT}/"


def server(route):
    return {"name": "orders", "hostname": HOST, "port": mesh.GATEWAY_PORT,
            "routing": {"rules": [{"route": route}]}}


def at_site(site, service="shop/orders.shop.mesh"):
    """Lets the gateways of a site answer for the host, with a service."""
    return {
        "apiVersion": "gateway.rialto.mesh/v2", "kind": "Gateway",
        "metadata": {**PARENTS, "name": f"orders-{site.name}"},
        "spec": {
            "workloadSelector": {
                "namespace": "gateways", "labels": {"app": "east-west", "site": site.name}},
            "http": [server({"serviceDestination": {
                "host": service, "port": 8080}})]}}


@contextlib.contextmanager
def served_by(*sites):
    """Both sites have orders of their own, and each answers with these."""
    names = [f"{GATEWAYS}orders-{site.name}" for site in sites]
    try:
        with changed(ROUTE, everything_to_v1):
            for name, site in zip(names, sites):
                put_and_wait(name, at_site(site))
            yield
    finally:
        for name in names:
            mesh.api("DELETE", f"/v2/{name}")
        every_proxy_in_step()


def forwarding(*clusters):
    """A change of the edge's gateway: the host goes to these clusters, to all when there are none."""
    def add(spec):
        spec["http"].append(server(
            {"clusterDestination": {"clusters": list(clusters)} if clusters else {}}))
    return add


def ask(requests, **options):
    return load([EDGE], requests, of="orders", headers={"Host": HOST}, **options)


def several_sites_from_outside(watch):
    """a host that two sites serve: the edge sends requests to both alike, by weight where a write
    says so, to the near one where the other is far, and to the one that is left when a gateway dies"""
    weighted = forwarding({"name": "east", "weight": 80}, {"name": "west", "weight": 20})

    def far(spec):
        spec["locality"] = {"region": "south"}

    with served_by(mesh.east, mesh.west):
        with changed(f"{GATEWAYS}edge", forwarding(), weighted, forwarding()) as proceed:
            alike = ask(400)
            assert_nothing_failed(alike)
            assert 40 < share(alike, mesh.east) < 60, alike["by"]
            proceed()
            by_weight = ask(1000)
            assert_nothing_failed(by_weight)
            assert 75 < share(by_weight, mesh.east) < 85, by_weight["by"]
            proceed()
            with changed(WEST, far):
                near = ask(200)
                assert_nothing_failed(near)
                assert near["by"] == {"east": 200}, near["by"]
                gateway = mesh.east.gateway.proxy
                watch.envoys_killed.add(gateway.name)
                kill_envoy(gateway)
                left = ask(400, rate=200)
                assert_nothing_failed(left)
                every_proxy_in_step(60)
                wait_until("requests go to the near site again",
                           lambda: ask(100)["by"] == {"east": 100}, 40)
    return f"{share(alike, mesh.east):.0f} % alike, {share(by_weight, mesh.east):.1f} % of 80, " \
        f"{left['by']} while the near gateway was dead"


ALL = [several_sites_from_outside]
