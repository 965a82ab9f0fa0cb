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

from machines import BASE, INSTANCE, LOGS, RUN, STATE, Machine, Process, sh, wait_until

HERE = pathlib.Path(__file__).resolve().parent
CONTEXT = STATE / "context.yaml"
GATEWAY_PORT = 8080
HOST_NAME = "shop.example.com"

SERVER = Machine("server", {"wan": f"{BASE}.0.10"})
GATEWAY = Machine("east-gw", {"wan": f"{BASE}.0.11", "east": f"{BASE}.1.2"})
# The machine from which somebody outside the mesh knocks.
STRANGER = Machine("stranger", {"wan": f"{BASE}.0.99", "east": f"{BASE}.1.99"})
# Where a workload joins that nobody has seen before: the machine is there from the beginning.
SPARE = Machine("east-spare", {"east": f"{BASE}.1.16"})


class Workload:
    """A machine with one instance of a service of the shop beside its proxy."""

    def __init__(self, number, namespace, service, version, calls=(), machine=None):
        self.instance = service if version == "v1" else f"{service}-{version}"
        self.namespace = namespace
        self.service = service
        self.version = version
        self.machine = machine or Machine(
            f"east-{self.instance}", {"east": f"{BASE}.1.{number}"})
        calling = [part for host in calls for part in ("--call", f"http://{host}:8080/")]
        self.program = Process(
            f"{self.machine.name}.shop", self.machine,
            ["shop", "serve", "--service", service, "--version", version, "--site", "east",
             "--listen", "0.0.0.0:8080", *calling])
        self.proxy = Process(f"{self.machine.name}.proxy", self.machine, unit("rialto-proxy"))

    def options(self):
        """What the operator tells `rialto workload add`."""
        return ["--namespace", self.namespace, "--service", self.service,
                "--label", f"version={self.version}", "--port", "http:8080/http",
                "--health", "http:8080/healthz", "--address", self.machine.address]


def unit(name):
    """The command of a unit file: what the demo runs where no init is."""
    text = (HERE.parent / "systemd" / f"{name}.service").read_text()
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").replace("/usr/bin/", "")
    return ["bash", "-c", f"exec {command}"]


WORKLOADS = [
    Workload(11, "storefront", "web", "v1", ["catalog.shop.mesh"]),
    Workload(12, "shop", "catalog", "v1", ["orders.shop.mesh"]),
    Workload(13, "shop", "orders", "v1", ["payments.bank.mesh"]),
    Workload(14, "shop", "orders", "v2", ["payments.bank.mesh"]),
    Workload(15, "bank", "payments", "v1"),
]
MACHINES = [SERVER, GATEWAY, STRANGER, SPARE] + [workload.machine for workload in WORKLOADS]

server = Process("server", SERVER, unit("rialto-server"), {
    "RIALTO_LISTEN": f"{SERVER.address}:8443", "RIALTO_FLEET": f"{SERVER.address}:9443",
    "RIALTO_ADVERTISE": SERVER.address, "RIALTO_ORGANIZATION": "acme"})
agent = Process("east-gw.agent", GATEWAY, unit("rialto-agent"), {
    "RIALTO_ADVERTISE": GATEWAY.address})
ingress = Process("east-gw.proxy", GATEWAY, unit("rialto-proxy"))
PROCESSES = [server, agent, ingress] + [
    process for workload in WORKLOADS for process in (workload.program, workload.proxy)]
PROXIES = [ingress] + [workload.proxy for workload in WORKLOADS]


def newcomer():
    """A workload on the spare machine, made anew, with a service that no server has ever seen."""
    for part in ("data", "run"):
        shutil.rmtree(SPARE.folder / part / "proxy", ignore_errors=True)
    return Workload(0, "shop", f"coupons-{time.time_ns() // 1_000_000}", "v1", machine=SPARE)


def workload(instance):
    return next(item for item in WORKLOADS if item.instance == instance)


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


def join_line(output):
    """The line of a command's output that the operator would paste on the machine."""
    return next(line for line in output.splitlines()
                if "rialto agent" in line or "rialto proxy" in line).strip()


def hand_over(process, line):
    """Pastes a join line on the machine, unedited."""
    process.start(arguments=["bash", "-c", line])


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
