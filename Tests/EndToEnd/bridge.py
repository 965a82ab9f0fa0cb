"""The bridge: sites that cannot see each other call each other by name."""

import contextlib
import itertools
import json
import re
import secrets
import subprocess
import time

import conditions
import filters
import mesh
from machines import at_once, sh, wait_until
from scenarios import ROUTE, changed, document, plain, put_and_wait
from traffic import (CALLERS, Background, assert_nothing_failed, call, dump, every_proxy_in_step,
                     identity, load, passed_on, share, url)

NETWORKS = "organizations/acme/settings/defaults"
EXPOSURE = "organizations/acme/tenants/retail/workspaces/shop/settings/defaults"
LEDGER = ("organizations/acme/tenants/finance/workspaces/books/securitygroups/ledger/settings/"
          "callers")
TRAFFIC = "organizations/acme/tenants/retail/workspaces/shop/trafficgroups/traffic/settings/defaults"
OPENABLE = "timeout 1 bash -c 'exec 3<>/dev/tcp/{}/{}'"


def can_open(machine, address, port):
    """Whether a program on a machine can open a connection."""
    done = machine.run("bash", "-c", OPENABLE.format(address, port), check=False)
    return done.returncode == 0


def fences(watch):
    """gateways open connections to the server and the edge and to nothing else, nobody but the edge
    opens one to a gateway, and the server dials nobody"""
    gateways = [site.machine for site in (mesh.east, mesh.west, mesh.vm)]
    edge, server = mesh.edge.machine, mesh.SERVER
    for gateway in gateways:
        # Controls: or the refusals below would prove nothing.
        assert can_open(gateway, edge.legs["wan"], 15443), f"{gateway.name} cannot reach the edge"
        assert can_open(gateway, server.address, 9443), f"{gateway.name} cannot reach the server"
        assert can_open(edge, gateway.legs["wan"], 15443), f"the edge cannot reach {gateway.name}"
    refused = [(one, other.legs["wan"], 15443) for one, other in itertools.permutations(gateways, 2)]
    refused += [(machine, gateway.legs["wan"], port) for gateway in gateways
                for machine in (server, mesh.STRANGER) for port in (15443, 15012, 22)]
    refused += [(gateway, edge.legs["wan"], port) for gateway in gateways for port in (8080, 15012)]
    refused += [(server, edge.legs["wan"], 15443)]
    # From inside a site no route leads to another one.
    refused += [(mesh.workload("web").machine, other.address, 8080) for other in (
        mesh.workload("coupons").machine, mesh.workload("payments").machine)]
    opened = at_once(lambda attempt: can_open(*attempt), refused)
    for (machine, address, port), was_opened in zip(refused, opened):
        assert not was_opened, f"{machine.name} reaches {address}:{port}"
    drops = {machine.name: filters.dropped(machine) for machine in (*gateways, server)}
    assert all(drops.values()), f"a filter has dropped nothing: {drops}"
    return f"{len(refused)} connections refused"


def pairs(watch):
    """every site calls every other by name, through its gateway, the edge and the other's gateway,
    which is what `rialto path` says; the callee sees the caller's own identity"""
    tried = []
    for (here, caller), (there, callee) in itertools.permutations(CALLERS.items(), 2):
        # The front end of east is not exposed; its catalog is.
        callee = mesh.workload("catalog") if there is mesh.east else callee
        what = f"{here.name} → {there.name}"
        told = told_path(here, caller, there, callee)
        assert told == [here.name, "edge", there.name], f"{what}: rialto path says {told}"
        sites = [here, mesh.edge, there]
        passing = [site.gateway for site in sites]
        aside = [site.gateway for site in CALLERS if site not in sites]
        before = [passed_on(gateway.proxy) for gateway in passing]
        status, answer = call(caller, url(callee))
        assert status == 200, f"{what}: {status} {answer}"
        assert (answer["service"], answer["site"]) == (callee.service, there.name), f"{what}: {answer}"
        assert answer["caller"] == identity(caller), f"{what}: called by {answer['caller']}"
        # Envoy counts a connection's bytes as they come: the answer was there first.
        wait_until(f"{what}: every gateway on the way counts it", lambda: all(
            passed_on(gateway.proxy) > was for gateway, was in zip(passing, before)), 10)
        # The callee calls further sites: a connection that goes no further tells who is not on it.
        before = [connections(gateway.proxy) for gateway in passing]
        untouched = [connections(gateway.proxy) for gateway in aside]
        knock(here, there, callee)
        wait_until(f"{what}: every gateway on the way takes the connection", lambda: all(
            connections(gateway.proxy) > was for gateway, was in zip(passing, before)), 10)
        assert [connections(gateway.proxy) for gateway in aside] == untouched, \
            f"{what}: a gateway that is not on the way took a connection"
        tried.append(what)
    return f"{len(tried)} pairs"


def told_path(here, caller, there, callee):
    """The gateways on the way between two workloads, as `rialto path` has it, by cluster."""
    answer = mesh.rialto_json(
        "path", f"{caller.service}.{caller.namespace}@{here.name}",
        f"{callee.service}.{callee.namespace}@{there.name}")
    assert len(answer["routes"]) == 1, answer
    return [hop["cluster"] for hop in answer["routes"][0]["hops"] if hop["kind"] != "workload"]


def from_outside(watch):
    """from outside to the edge, which forwards to the site whose gateways serve the host, in clear
    and with TLS; a host that nobody serves is not found"""
    edge = mesh.edge.machine
    plain_url = f"http://{edge.legs['wan']}:{mesh.GATEWAY_PORT}/"
    report = load([plain_url], 200, of="web", headers={"Host": mesh.HOST_NAME})
    assert_nothing_failed(report)
    assert report["by"] == {"east": 200}, report["by"]
    authority = edge.folder / "data" / "tls" / "shop.crt"
    over_tls = ["curl", "-sS", "-m", "5", "--cacert", authority, "--resolve",
                f"{mesh.HOST_NAME}:{mesh.TLS_PORT}:{edge.legs['wan']}",
                f"https://{mesh.HOST_NAME}:{mesh.TLS_PORT}/"]
    answer = json.loads(sh(*over_tls))
    assert answer["service"] == "web", answer
    unknown = sh("curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                      "-H", "Host: nobody.example.com", plain_url)
    assert unknown == "404", unknown


def opaque(watch):
    """a capture at the edge holds nothing of what is said between sites; one at the callee does"""
    caller, callee = CALLERS[mesh.east], CALLERS[mesh.vm]
    marks = [f"mark-{secrets.token_hex(12)}" for _ in range(20)]
    with capture(mesh.edge.machine, "wan") as at_edge, capture(callee.machine, "lo") as at_callee:
        for mark in marks:
            status, answer = call(caller, url(callee) + mark, headers={"x-mark": mark})
            assert status == 200, answer
        # The callers' proxies keep their connections: the one that is made here is seen to be made.
        knock(mesh.east, mesh.vm, callee)
        wait_until("the callee's capture holds what was said",
                   lambda: marks[-1].encode() in at_callee(), 10)
    seen, control = at_edge(), at_callee()
    assert all(mark.encode() in control for mark in marks), "the capture does not see the callee"
    # The handshake tells where a connection goes, which the edge must know, and nothing more.
    assert b".at.vm.mesh" in seen, "the capture at the edge does not see the connection"
    for word in (*marks, "x-mark", "x-forwarded-client-cert", "spiffe://", '"caller"'):
        assert word.encode() not in seen, f"the edge reads '{word}'"
    return f"{len(seen)} bytes seen"


@contextlib.contextmanager
def capture(machine, interface):
    """Captures a machine's packets; gives a function that reads what was captured so far."""
    file = machine.folder / f"capture-{interface}.pcap"
    tool = subprocess.Popen(
        ["ip", "netns", "exec", machine.namespace, "tcpdump", "-Z", "root", "-i", interface, "-U",
         "-s", "0", "-w", str(file), "tcp"], stderr=subprocess.DEVNULL)
    try:
        wait_until("the capture runs", lambda: file.exists() and file.stat().st_size > 0, 10)
        yield file.read_bytes
    finally:
        tool.terminate()
        tool.wait(10)


def edge_knows_clusters(watch):
    """the edge is configured per cluster: no service has a name there, and a new one is no news"""
    edge = mesh.edge.gateway.proxy
    shown = dump(edge)
    for site in (mesh.east, mesh.west, mesh.vm):
        assert f"at.{site.name}.mesh" in shown, f"the edge does not know {site.name}"
    for workload in mesh.WORKLOADS:
        for word in (f"{workload.service}.{workload.namespace}", workload.machine.address):
            assert word not in shown, f"the edge knows '{word}'"
    before = conditions.updates(edge)
    newcomer = mesh.newcomer()
    try:
        newcomer.start()
        wait_until("the newcomer is called from another site",
                   lambda: call(CALLERS[mesh.vm], url(newcomer))[0] == 200, 30)
        assert conditions.updates(edge) == before, "the edge was told about a service"
    finally:
        newcomer.stop()
    every_proxy_in_step()
    assert conditions.updates(edge) == before, "the edge was told about a service that left"


def exposure(watch):
    """what is not exposed, or not in a workspace's reach, is not in a proxy's configuration; a write
    exposes it"""
    web, caller = mesh.workload("web"), CALLERS[mesh.west]

    def is_told():
        return web.host in dump(caller.proxy)

    def exposes_front_end(spec):
        spec["defaultEastWestGatewaySettings"][0]["exposedServices"].append(
            {"serviceLabels": {"tier": "frontend"}})

    assert not is_told(), "west knows a service that east does not expose"
    assert call(caller, url(web))[0] == 0, "west resolves a service that east does not expose"
    assert web.host not in dump(mesh.east.gateway.proxy), "east's gateway would let others in"
    with changed(EXPOSURE, exposes_front_end):
        wait_until("west calls the front end", lambda: call(caller, url(web))[0] == 200, 20)
        assert is_told()
    wait_until("the front end is gone from west", lambda: not is_told(), 20)
    assert call(caller, url(web))[0] == 0
    ledger = mesh.workload("ledger")
    assert ledger.host in dump(mesh.workload("payments").proxy), "the bank does not know its ledger"
    for workload in mesh.WORKLOADS:
        if workload.namespace not in ("bank", "books"):
            assert ledger.host not in dump(workload.proxy), f"{workload.instance} knows the ledger"


def rules_between_workspaces(watch):
    """the ledger, of another tenant and in another site, answers whom its owner allows"""
    ledger, payments, web = (mesh.workload(name) for name in ("ledger", "payments", "web"))
    status, answer = call(payments, url(ledger))
    assert status == 200 and answer["caller"] == identity(payments), f"{status} {answer}"

    def reaches_books(spec):
        spec["outbound"]["reachability"] = {
            "mode": "CUSTOM", "hosts": ["storefront/*", "shop/*", "bank/*", "books/*"]}

    def allows_front_end(spec):
        spec["authorization"]["rules"]["allow"].append({
            "from": {"fqn": "organizations/acme/tenants/retail/workspaces/shop/securitygroups/"
                            "frontend"},
            "to": {"fqn": "organizations/acme/tenants/finance/workspaces/books/securitygroups/"
                          "ledger"}})

    assert call(web, url(ledger))[0] == 0, "web resolves what it does not reach"
    with changed(TRAFFIC, reaches_books):
        wait_until("web reaches the ledger and is refused",
                   lambda: call(web, url(ledger))[0] == 403, 20)
        with changed(LEDGER, allows_front_end):
            wait_until("web may call the ledger", lambda: call(web, url(ledger))[0] == 200, 20)
            assert call(web, url(ledger))[1]["caller"] == identity(web)
        wait_until("web may not any more", lambda: call(web, url(ledger))[0] == 403, 20)
    assert call(payments, url(ledger))[0] == 200


def subset_elsewhere(watch):
    """a subset that lives in another site gets its share and no more, and all of a header's"""
    caller = mesh.workload("catalog")
    address = [url(mesh.workload("orders"))]
    report = load(address, 1000, machine=caller.machine, by="version", of="orders")
    assert_nothing_failed(report)
    assert 7 <= report["by"].get("v2", 0) / 10 <= 13, report["by"]
    testers = load(address, 100, machine=caller.machine, of="orders", headers={"x-version": "v2"})
    assert_nothing_failed(testers)
    assert testers["by"] == {"west": 100}, testers["by"]
    return f"v2 got {report['by']['v2'] / 10:.1f} %"


@contextlib.contextmanager
def without_route():
    """Takes the route of orders away for a while: requests go to the service as a whole."""
    before = document(ROUTE)
    status, _, body = mesh.api("DELETE", f"/v2/{ROUTE}")
    assert status in (200, 204), body
    every_proxy_in_step()
    try:
        yield
    finally:
        put_and_wait(ROUTE, plain(before))


def two_sites_behind_one_address(watch):
    """east and west, both behind the edge, stay two: requests of the third site follow the healthy
    instances of each"""
    caller, orders = CALLERS[mesh.vm], mesh.workload("orders")
    second = mesh.workload("orders-v2")
    watch.killed.add(second.program.name)

    def west_gets():
        report = load([url(orders)], 300, machine=caller.machine, of="orders")
        assert_nothing_failed(report)
        return share(report, mesh.west)

    with without_route():
        two_of_three = west_gets()
        assert 60 <= two_of_three <= 73, f"west has two of three instances and got {two_of_three} %"
        second.program.kill()
        one_of_two = wait_until("west gets half", lambda: 44 <= west_gets() <= 56 or None, 40)
        second.program.start()
        wait_until("west gets two of three again", lambda: 60 <= west_gets() <= 73, 40)
    return f"{two_of_three:.0f} % of requests with 2 of 3 instances"


def direct(watch):
    """a write makes two sites talk gateway to gateway, and back, under load: none of 3,000 requests
    fails, new connections take the new path"""
    caller, callee = CALLERS[mesh.east], CALLERS[mesh.west]

    def sees_each_other(spec):
        spec["networkSettings"]["networkReachability"].update(east="edge,west", west="edge,east")

    filters.open_between(mesh.east.machine, mesh.west.machine)
    try:
        background = Background([url(callee) + "?direct"], 3000, 200, machine=caller.machine)
        background.run_until(3)
        assert not is_direct(callee), "the path is direct already"
        with changed(NETWORKS, sees_each_other):
            assert is_direct(callee), "the path still leads through the edge"
            told = told_path(mesh.east, caller, mesh.west, callee)
            assert told == ["east", "west"], f"rialto path says {told}"
            background.run_until(9)
        assert not is_direct(callee), "the path is still direct"
        report = background.finish()
    finally:
        filters.close_between(mesh.east.machine, mesh.west.machine)
    assert_nothing_failed(report)
    return f"the slowest took {report['max_ms']:.0f} ms"


def is_direct(callee):
    """Whether a new connection from the gateway of east to that of west leaves the edge out. It is
    made by hand: a proxy's own connections stay open for long."""
    before = connections(mesh.edge.gateway.proxy), connections(mesh.west.gateway.proxy)
    knock(mesh.east, mesh.west, callee)
    wait_until("the gateway of west takes the connection",
               lambda: connections(mesh.west.gateway.proxy) > before[1], 10)
    return connections(mesh.edge.gateway.proxy) == before[0]


def knock(here, there, callee):
    """Opens a connection to a workload elsewhere, by hand, as far as somebody without a certificate
    gets."""
    listeners = conditions.envoy(here.gateway.proxy, "/listeners")
    port = re.search(rf"^peer_{there.name}::[0-9.]+:(\d+)$", listeners, re.MULTILINE).group(1)
    name = f"outbound_.8080_._.{callee.service}.{callee.namespace}.at.{there.name}.mesh"
    here.machine.run("openssl", "s_client", "-connect", f"{here.machine.address}:{port}",
                     "-servername", name, "-alpn", "istio", check=False, text_in="")


def connections(proxy):
    """How many connections a gateway has passed on without looking into them."""
    return sum(conditions.statistics(proxy, "tcp.*downstream_cx_total").values())


def discovery(watch):
    """a workload that joins in one site is called from the others by its name, and is gone after
    it left; no site but its own knows its address"""
    newcomer = mesh.newcomer()
    callers = [CALLERS[mesh.west], CALLERS[mesh.vm]]
    started = time.monotonic()
    took = []
    try:
        newcomer.start()
        for caller in callers:
            wait_until(f"{caller.site.name} calls {newcomer.service}", lambda: is_served(
                caller, newcomer), 30)
            took.append(time.monotonic() - started)
        for site in (mesh.west, mesh.vm, mesh.edge):
            for member in site.members:
                assert newcomer.machine.address not in dump(member.proxy), \
                    f"{member.machine.name} knows an address of another site"
    finally:
        newcomer.stop()
    for caller in callers:
        wait_until("it is gone", lambda: call(caller, url(newcomer))[0] in (0, 503), 20)
    return ", ".join(f"{seconds:.1f} s after the join line" for seconds in took)


def is_served(caller, workload):
    status, answer = call(caller, url(workload))
    return status == 200 and answer["service"] == workload.service


ALL = [fences, pairs, from_outside, opaque, edge_knows_clusters, exposure, rules_between_workspaces,
       subset_elsewhere, two_sites_behind_one_address, discovery, direct]
