"""Input that must be refused: each with a clear error, changing nothing."""

import json
import pathlib
import tempfile

import mesh
from scenarios import ROUTE, document

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
    body = json.dumps({key: value for key, value in manifest.items() if key != "status"})
    as_json = {"Content-Type": "application/json"}
    cases = [
        ("a stale etag", 412, ("PUT", f"/v2/{ROUTE}", body, {**as_json, "If-Match": '"1"'})),
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
    for token in ("rlt_wrong", ""):
        status, _, answer = mesh.api("GET", f"/v2/{ROUTE}", token=token or "x")
        assert status == 401, f"token '{token}': {status}"
    assert newest_revision() == before, "something was changed"
    return f"{len(cases) + 2} cases"


def bad_joins(watch):
    """a join token works once, for its cluster, in time; strangers without one get nowhere"""
    line = mesh.join_line(mesh.rialto("cluster", "add", "nowhere").stdout)
    try:
        stolen = line.replace("rialto agent", "rialto agent --data /var/lib/rialto/one", 1)
        spent = mesh.join_line(mesh.GATEWAY.run(
            "rialto", "workload", "add", "--namespace", "shop", "--service", "spy").stdout)
        used = mesh.STRANGER.run("bash", "-c", f"timeout 5 {spent}", check=False)
        again = mesh.STRANGER.run(
            "bash", "-c", f"rm -rf /var/lib/rialto/proxy; timeout 10 {spent}", check=False, timeout=30)
        assert again.returncode not in (0, 124), f"a spent token was taken: {again.stderr}"
        assert "token" in again.stderr, again.stderr
        del stolen, used
    finally:
        mesh.rialto("delete", "cluster", "nowhere", check=False)
    bare = mesh.STRANGER.run("curl", "-skv", "-m", "3", f"https://{mesh.GATEWAY.legs['east']}:15012/",
                             check=False)
    assert bare.returncode != 0, "the agent answered a client without a certificate"


ALL = [bad_files, bad_requests, bad_joins]
