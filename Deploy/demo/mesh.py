"""What the demo consists of, and the commands of its operator."""

import json
import os
import pathlib
import pwd
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import filters
from machines import RUN, STATE, Container, Machine, Process, at_once, wait_until
from sites import (OUTSIDE_PORT, OUTSIDE_TLS_PORT, SERVER_ADDRESS, WAN, Site, Workload, hand_over,
                   join_line, join_lines, unit)

HERE = pathlib.Path(__file__).resolve().parent
CONTEXT = STATE / "context.yaml"
GATEWAY_PORT, TLS_PORT = OUTSIDE_PORT, OUTSIDE_TLS_PORT
HOST_NAME = "shop.example.com"
# Where this host has a leg: the operator, and whoever calls from outside.
OUTSIDE_ADDRESS = f"{WAN}.254"

SERVER = Machine("server", {"wan": SERVER_ADDRESS})
SERVER.filter = filters.server()

east = Site("east", 1, Container)
west = Site("west", 2, Container)
vm = Site("vm", 3, Machine)
edge = Site("edge", 4, Machine, role="edge")
SITES = [east, west, vm, edge]

INGRESS = east.add_ingress()
east.add(11, "storefront", "web", calls=["catalog.shop.mesh"])
east.add(12, "shop", "catalog", calls=["orders.shop.mesh"])
east.add(13, "shop", "orders", calls=["payments.bank.mesh"])
west.add(11, "shop", "orders", calls=["payments.bank.mesh"])
west.add(12, "shop", "orders", "v2", calls=["payments.bank.mesh"])
west.add(13, "shop", "coupons", calls=["orders.shop.mesh"])
vm.add(11, "bank", "payments")
vm.add(12, "books", "ledger")

# The machine from which somebody outside the mesh knocks, at the wan and inside two sites.
STRANGER = Machine("stranger", {
    "wan": f"{WAN}.99", "vm": f"{vm.subnet}.99", "east": f"{east.subnet}.99"})
# Where a workload joins that nobody has seen before: the machine is there from the beginning.
SPARE = east.host("east-spare", 16)

WORKLOADS = [workload for site in SITES for workload in site.workloads]
MACHINES = [SERVER, *(machine for site in SITES for machine in site.machines), STRANGER, SPARE]
# The machine of the agent and of the gateway of the site whose proxies most scenarios look at.
GATEWAY = east.machine

server = Process("server", SERVER, unit("rialto-server"), {
    "RIALTO_LISTEN": f"{SERVER.address}:8443", "RIALTO_FLEET": f"{SERVER.address}:9443",
    "RIALTO_ADVERTISE": SERVER.address, "RIALTO_ORGANIZATION": "acme"})
agent, ingress = east.agent, INGRESS.proxy
MEMBERS = [member for site in SITES for member in site.members]
PROXIES = [member.proxy for member in MEMBERS]
PROCESSES = [server, *(site.agent for site in SITES),
             *(process for member in MEMBERS for process in member.processes)]


def join(sites):
    """Makes the agents of these sites join, by the lines that the server prints."""
    lines = join_lines(rialto("cluster", "add", *(site.name for site in sites)).stdout)
    at_once(lambda pair: hand_over(pair[0].agent, pair[1]), list(zip(sites, lines)))
    names = {site.name for site in sites}
    wait_until("every agent is connected", lambda: names <= {
        agent["cluster"] for agent in api_json("/v2/agents")["items"] if agent["connected"]})


def newcomer():
    """A workload on the spare machine, made anew, with a service that no server has ever seen."""
    for part in ("data", "run"):
        shutil.rmtree(SPARE.folder / part / "proxy", ignore_errors=True)
    return Workload(east, 0, "shop", f"coupons-{time.time_ns() // 1_000_000}", machine=SPARE)


def workload(instance, site=None):
    """The workload of this name, in the first site that has one unless a site is given."""
    return next(item for item in WORKLOADS
                if item.instance == instance and site in (None, item.site))


def rialto(*arguments, check=True, text_in=None, timeout=60):
    """Runs the command line as the operator would, on this host."""
    done = subprocess.run(
        [str(RUN / "bin" / "rialto"), *map(str, arguments)], capture_output=True, text=True,
        timeout=timeout, input=text_in, env={**os.environ, "RIALTO_CONFIG": str(CONTEXT)})
    if check and done.returncode != 0:
        raise RuntimeError(f"rialto {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done


def rialto_json(*arguments):
    return json.loads(rialto(*arguments, "-o", "json").stdout)


def context():
    """The operator's context: address, authority and token, as the first start wrote them."""
    text = CONTEXT.read_text()

    def field(name):
        value = re.search(rf"{name}: (.*)", text).group(1)
        return json.loads(value) if value.startswith('"') else value

    return field("server"), field("token"), field("certificateAuthority")


def api(method, path, body=None, headers=None, token=None):
    """One request to the server: status, headers and body."""
    url, own_token, pem = context()
    request = urllib.request.Request(url + path, method=method, headers={
        "Authorization": f"Bearer {token or own_token}", **(headers or {})},
        data=body.encode() if isinstance(body, str) else body)
    tls = ssl.create_default_context(cadata=pem)
    try:
        with urllib.request.urlopen(request, context=tls, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read().decode()


def api_json(path):
    """What the server answers to a GET; nothing while it is gone."""
    try:
        status, _, body = api("GET", path)
    except OSError:
        return {}
    return json.loads(body) if status == 200 else {}


def own_context():
    """Copies the administrator's context to where the caller of the demo may read it."""
    made = SERVER.folder / "data" / "server" / "admin-context.yaml"
    wait_until("the server's first start", made.exists, 30)
    CONTEXT.write_bytes(made.read_bytes())
    CONTEXT.chmod(0o600)
    owner = pwd.getpwnam(os.environ.get("RIALTO_DEMO_USER", "root"))
    os.chown(CONTEXT, owner.pw_uid, owner.pw_gid)


def is_ready():
    url = f"https://{SERVER.address}:8443/readyz"
    try:
        with urllib.request.urlopen(url, context=ssl._create_unverified_context(), timeout=2) as a:
            return a.status == 200
    except OSError:
        return False
