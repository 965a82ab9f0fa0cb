"""The scenarios of the demo, each with real traffic through real Envoys."""

import concurrent.futures
import contextlib
import copy
import json
import subprocess
import urllib.parse

import conditions
import mesh
from machines import RUN, wait_until

GATEWAY = f"http://{mesh.INGRESS.machine.legs['wan']}:{mesh.GATEWAY_PORT}"
ROUTE = "organizations/acme/tenants/retail/workspaces/shop/trafficgroups/traffic/serviceroutes/orders"
CALLERS = "organizations/acme/tenants/retail/workspaces/shop/securitygroups/payments/settings/callers"


# Traffic

def get(path="/", headers=None, timeout=5):
    """One request from outside through the ingress gateway: status and body."""
    command = ["curl", "-sS", "-m", str(timeout), "-o", "-", "-w", "\n%{http_code}"]
    for name, value in {"Host": mesh.HOST_NAME, **(headers or {})}.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(command + [GATEWAY + path], capture_output=True, text=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body


def call_from_web(url):
    """web calls a URL of the mesh and says what it got: the status, and the answer."""
    status, body = get("/call?url=" + urllib.parse.quote(url, safe=""))
    # 424 is web's own word for an upstream that did not succeed; the answer says how.
    assert status in (200, 424) and body.startswith("{"), f"web did not answer: {status} {body}"
    answer = json.loads(body)
    return answer.get("status", 200), answer


def load(requests, rate=0, headers=None, path="/"):
    """Bounded load from outside; counts answers by the version of orders that took part."""
    command = [str(RUN / "bin" / "shop"), "load", "--url", GATEWAY + path,
               "--requests", str(requests), "--connections", "8", "--timeout", "10",
               "--of", "orders", "--by", "version", "--header", f"Host:{mesh.HOST_NAME}"]
    if rate:
        command += ["--rate", str(rate)]
    for name, value in (headers or {}).items():
        command += ["--header", f"{name}:{value}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"the load did not run: {done.stderr}"
    return json.loads(done.stdout)


class BackgroundLoad:
    """Load that goes on while a scenario does something else."""

    def __init__(self, requests, rate):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.result = self.pool.submit(load, requests, rate)

    def finish(self):
        report = self.result.result(timeout=240)
        assert report["failed"] == 0, f"{report['failed']} of {report['requests']} requests failed: " \
            f"{report['statuses']} {report['errors']}, at {report['failed_at'][:3]} s"
        return report


# Objects

def document(fqn):
    status, headers, body = mesh.api("GET", f"/v2/{fqn}")
    assert status == 200, f"{fqn}: {status} {body}"
    return json.loads(body)


def plain(manifest):
    """A manifest without what the server adds, so that it can be written whatever was written since."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "etag"}
    return {**{key: value for key, value in manifest.items() if key != "status"},
            "metadata": metadata}


def put(fqn, manifest):
    status, _, body = mesh.api("PUT", f"/v2/{fqn}", json.dumps(plain(manifest)),
                               {"Content-Type": "application/json"})
    assert status in (200, 201), f"PUT {fqn}: {status} {body}"
    return json.loads(body)


def status_of(fqn):
    code, _, body = mesh.api("GET", f"/v2/{fqn}/status")
    assert code == 200, f"status of {fqn}: {code} {body}"
    return json.loads(body)


def put_and_wait(fqn, manifest, seconds=20):
    """Writes an object and waits until the server says that it is in force everywhere."""
    put(fqn, manifest)
    wait_until(f"{fqn} is READY", lambda: status_of(fqn)["state"] == "READY", seconds)


@contextlib.contextmanager
def changed(fqn, *changes):
    """Changes the spec of an object, in force at the start of the block, and puts it back, in force
    at its end. Yields a function that goes on to the next change."""
    before = document(fqn)
    waiting = iter(changes)

    def proceed():
        manifest = copy.deepcopy(before)
        next(waiting)(manifest["spec"])
        put_and_wait(fqn, manifest)

    proceed()
    try:
        yield proceed
    finally:
        put_and_wait(fqn, before)


# Scenarios

def path(watch):
    """outside → ingress → web → catalog → orders → payments, every hop authenticated"""
    status, body = get(headers={"x-forwarded-client-cert": "URI=spiffe://forged.example/ns/x/sa/y"})
    assert status == 200, f"{status}: {body}"
    answer, caller_site = json.loads(body), "east"
    expected = [("web", "gateways", "ingress", "east"), ("catalog", "storefront", "web", "east"),
                ("orders", "shop", "catalog", "east"), ("payments", "shop", "orders", "vm")]
    for service, namespace, account, site in expected:
        assert answer["service"] == service, f"expected {service}, got {answer}"
        # The canary's version lives in another site, and calls on from there.
        if (service, answer["version"]) == ("orders", "v2"):
            site = "west"
        assert answer["site"] == site, f"expected {service} in {site}, got {answer}"
        identity = f"spiffe://{caller_site}.acme.mesh/ns/{namespace}/sa/{account}"
        assert answer["caller"] == identity, f"{service} was called by {answer['caller']}"
        caller_site = site
        answer = (answer["upstream"] or [None])[0]
    payments = mesh.workload("payments")
    refused = mesh.STRANGER.run("curl", "-sS", "-m", "3", f"http://{payments.machine.address}:8080/",
                                check=False)
    assert refused.returncode != 0, "payments answered plaintext from a stranger"
    handshakes = conditions.statistics(payments.proxy, "listener.*ssl.handshake")
    assert sum(handshakes.values()) > 0, "no TLS handshake at payments"


def canary(watch):
    """90/10 within ±3 points, 0/100 after a write, overridden by a header"""
    report = load(1000)
    assert report["failed"] == 0, report
    share = report["by"].get("v2", 0) / 10
    assert 7 <= share <= 13, f"{share} % went to v2"

    def all_to_v2(spec):
        for subset in spec["subsets"]:
            subset["weight"] = 100 if subset["name"] == "v2" else 0

    def all_to_v1(spec):
        for subset in spec["subsets"]:
            subset["weight"] = 100 if subset["name"] == "v1" else 0

    with changed(ROUTE, all_to_v2, all_to_v1) as proceed:
        everything = load(200)
        assert everything["by"] == {"v2": 200}, everything
        proceed()
        testers = load(100, headers={"x-version": "v2"})
        assert testers["by"] == {"v2": 100}, testers
    return f"v2 got {share:.1f} %"


def authorization(watch):
    """a write turns web → payments from 200 into 403, and back"""
    url = "http://payments.bank.mesh:8080/"
    assert call_from_web(url)[0] == 200

    def without_frontend(spec):
        spec["authorization"]["rules"]["allow"] = [
            rule for rule in spec["authorization"]["rules"]["allow"]
            if not rule["from"]["fqn"].endswith("/frontend")]

    with changed(CALLERS, without_frontend):
        assert call_from_web(url)[0] == 403, "web may still call payments"
        assert get()[0] == 200, "orders may not call payments any more"
    assert call_from_web(url)[0] == 200, "web may not call payments again"


ALL = [path, canary, authorization]
