"""Input that must be refused: each with a clear error, changing nothing."""

import base64
import json
import pathlib
import re
import shutil
import tempfile

import mesh
from machines import wait_until
from scenarios import ROUTE, document, plain

WORKSPACE = "organizations/acme/tenants/retail/workspaces/shop"


def newest_revision():
    status, _, body = mesh.api("GET", "/v2/changes?limit=1")
    assert status == 200, body
    return json.loads(body)["items"][0]["revision"]


def apply_text(text):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "bad.yaml"
        file.write_text(text)
        return mesh.rialto("apply", "-f", file, check=False)


def bad_files(watch):
    """bad manifests name file, line, column and path, all at once, and change nothing"""
    before = newest_revision()
    head = ("apiVersion: traffic.rialto.mesh/v2\nkind: ServiceRoute\nmetadata:\n  organization: acme\n"
            "  tenant: retail\n  workspace: shop\n  group: traffic\n  name: catalog\nspec:\n"
            "  service: shop/catalog.shop.mesh\n")
    cases = {
        "an unknown field and a wrong type": (
            head + "  subsets:\n    - name: v1\n      labels: {version: v1}\n      weigth: 100\n"
            "  httpRoutes: 7\n", ["bad.yaml:14:", "weigth", "weight", "bad.yaml:15:", "httpRoutes"]),
        "an unknown kind": (head.replace("ServiceRoute", "ServiceRout"), ["bad.yaml:2:", "ServiceRoute"]),
        "broken syntax": ("kind: [\n", ["bad.yaml:"]),
        "a duplicate key": (head + "  service: shop/orders.shop.mesh\n", ["bad.yaml:11:", "service"]),
        "an alias": ("a: &x 1\nb: *x\n", ["bad.yaml:1:"]),
        "a parent that does not exist": (
            head.replace("group: traffic", "group: nowhere"), ["nowhere"]),
        "a namespace that somebody owns": (
            "apiVersion: api.rialto.mesh/v2\nkind: Workspace\nmetadata:\n  organization: acme\n"
            "  tenant: retail\n  name: thief\nspec:\n  namespaceSelector:\n    names: [\"*/shop\"]\n",
            ["shop", "workspaces/shop"]),
    }
    for name, (text, words) in cases.items():
        done = apply_text(text)
        assert done.returncode == 1, f"{name}: exit status {done.returncode}: {done.stderr}"
        for word in words:
            assert word in done.stderr, f"{name}: '{word}' is missing in: {done.stderr}"
    assert newest_revision() == before, "something was changed"
    return f"{len(cases)} cases"


def bad_requests(watch):
    """stale etags, oversized bodies, wrong types and missing credentials get their status"""
    before = newest_revision()
    manifest = document(ROUTE)
    body = json.dumps(plain(manifest))
    stale = json.dumps({**plain(manifest), "metadata": {**manifest["metadata"], "etag": "1"}})
    as_json = {"Content-Type": "application/json"}
    cases = [
        ("a stale etag", 412, ("PUT", f"/v2/{ROUTE}", body, {**as_json, "If-Match": '"1"'})),
        ("a stale etag in the body", 412, ("PUT", f"/v2/{ROUTE}", stale, as_json)),
        ("an oversized body", 413, ("POST", "/v2/apply", " " * (1024 * 1024 + 1), as_json)),
        ("a wrong content type", 415, ("PUT", f"/v2/{ROUTE}", body, {"Content-Type": "text/plain"})),
        ("an unknown path", 404, ("GET", "/v2/organizations/acme/nothing/x", None, {})),
        ("an object that is not there", 404, ("GET", f"/v2/{WORKSPACE}/trafficgroups/none", None, {})),
        ("a method that does not exist", 405, ("DELETE", "/v2/changes", None, {})),
        ("a parent with children", 409, ("DELETE", f"/v2/{WORKSPACE}", None, {})),
    ]
    for name, expected, (method, path, text, headers) in cases:
        status, answer_headers, answer = mesh.api(method, path, text, headers)
        assert status == expected, f"{name}: {status} instead of {expected}: {answer}"
        kind = answer_headers.get("Content-Type", answer_headers.get("content-type", ""))
        assert kind.startswith("application/problem+json"), f"{name}: {kind}"
        assert json.loads(answer)["code"].startswith("RL"), f"{name}: {answer}"
    for token in ("rlt_wrong", "x"):
        status, _, answer = mesh.api("GET", f"/v2/{ROUTE}", token=token)
        assert status == 401, f"token '{token}': {status}"
    assert newest_revision() == before, "something was changed"
    return f"{len(cases) + 2} cases"


def refused(machine, line, *words):
    """Pastes a join line that must be refused, with these words and without telling the token."""
    done = machine.run("timeout", "20", "bash", "-c", line, check=False, timeout=40)
    assert done.returncode not in (0, 124), f"taken, or waited for ever: {done.stderr}"
    said = done.stdout + done.stderr
    for word in words:
        assert word in said, f"'{word}' is missing in: {said}"
    assert "rlt1." not in said, f"the token is told: {said}"


def forged(line, **changes):
    """The line with other fields in its token."""
    text = re.search(r"rlt1\.[A-Za-z0-9_-]+", line).group()
    body = text.removeprefix("rlt1.")
    fields = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    made = base64.urlsafe_b64encode(json.dumps({**fields, **changes}).encode())
    return line.replace(text, "rlt1." + made.decode().rstrip("="))


def forget(machine):
    """Makes the machine one on which nothing was ever started."""
    for part in ("data", "run"):
        for folder in (machine.folder / part).iterdir():
            shutil.rmtree(folder)


# What needs another clock or another client than ours is proved beside the code: expired tokens and
# requests for a key that is not the connection's in Tests/Management/Fleet/JoiningTests.swift and
# Tests/Agent/JoinTests.swift (and there, that the signer decides the name and that nobody registers
# under another's node id), an agent that greets as another cluster in FleetStreamTests.swift.

def bad_joins(watch):
    """a join token works once, for the workload or the cluster that it was made for; a forged one
    does not, and strangers without a certificate get nowhere"""
    forget(mesh.STRANGER)
    spent = mesh.join_line(mesh.GATEWAY.run(
        "rialto", "workload", "add", "--namespace", "shop", "--service", "spy",
        "--capture", "none").stdout)
    refused(mesh.STRANGER, forged(spent, secret="A" * 43), "token")
    spy = mesh.Process("stranger.proxy", mesh.STRANGER, mesh.unit("rialto-proxy"))
    mesh.hand_over(spy, spent)
    try:
        wait_until("the spy has joined", lambda: is_known("spy"))
    finally:
        spy.stop()
        forget(mesh.STRANGER)
    wait_until("the spy is gone", lambda: not is_known("spy"))
    refused(mesh.STRANGER, spent, "the agent refuses this proxy", "token")
    forget(mesh.STRANGER)

    line = mesh.join_line(mesh.rialto("cluster", "add", "nowhere").stdout)
    try:
        refused(mesh.STRANGER, forged(line, pin="A" * 43), "refused")
        refused(mesh.STRANGER, forged(line, cluster="east", trustDomain="east.acme.mesh"),
                "the token is for another cluster")
        refused(mesh.STRANGER, line, "this join token has been used")
        agents = {agent["cluster"]: agent["connected"]
                  for agent in mesh.api_json("/v2/agents")["items"]}
        assert agents["east"] and not agents.get("nowhere"), agents
    finally:
        mesh.rialto("delete", "cluster", "nowhere")
        forget(mesh.STRANGER)


def bad_connections(watch):
    """without a certificate of the mesh, no stream and no port of the mesh answers"""
    def knock(address):
        return mesh.STRANGER.run("curl", "-sk", "-m", "3", f"https://{address}/", check=False)

    for address in (f"{mesh.GATEWAY.legs['east']}:15012", f"{mesh.SERVER.address}:9443",
                    f"{mesh.workload('payments').machine.address}:8080"):
        assert knock(address).returncode in (16, 35, 52, 55, 56), \
            f"{address} answered a client without a certificate: {knock(address).stdout}"
    # The same knock where no certificate is asked for: or the refusals above would prove nothing.
    control = knock(f"{mesh.SERVER.address}:8443")
    assert control.returncode == 0, control.stderr


def is_known(service):
    return any(item["service"] == service
               for item in mesh.api_json("/v2/workloads").get("items", []))


ALL = [bad_files, bad_requests, bad_joins, bad_connections]
