"""Configuration that an Envoy refuses: found, reported and held back, while the rest goes live."""

import json
import time

import conditions
import mesh
from machines import wait_until
from scenarios import ROUTE, changed, get, status_of

GATEWAYS = ("organizations/acme/tenants/retail/workspaces/shop/gatewaygroups/gateways/"
            "unifiedgateways/")


def gateway_object(name, match):
    """A Gateway that answers by itself, on the port that the shop's gateway serves too: good and bad
    meet in one Envoy resource."""
    return {
        "apiVersion": "gateway.rialto.mesh/v2", "kind": "Gateway",
        "metadata": {"organization": "acme", "tenant": "retail", "workspace": "shop",
                     "group": "gateways", "name": name},
        "spec": {
            "workloadSelector": {"namespace": "gateways", "labels": {"app": "ingress"}},
            "http": [{"name": name, "hostname": f"{name}.example.com", "port": mesh.GATEWAY_PORT,
                      "routing": {"rules": [{
                          "match": [match],
                          "directResponse": {"status": 200, "body": {"string": name}}}]}}]}}


def is_live(name):
    return get(headers={"Host": f"{name}.example.com"}) == (200, name)


def refusal(name):
    """What the server says of an object that an Envoy refused: Envoy's words, for what, by whom."""
    status = status_of(GATEWAYS + name)
    if status["state"] != "FAILED":
        return None
    return [rejection for cluster in status["clusters"] for rejection in cluster["rejections"]]


def bad_objects(watch):
    """objects that Envoy refuses, in both ways it refuses, injected past validation together with a
    good one: reported within 2 s with Envoy's words, everything else goes live, removing them heals"""
    watch.provokes_rejections = True
    watch.killed.add(mesh.server.name)
    bad = {
        # Cannot be built: RE2 knows no back references.
        "bad-regex": {"uri": {"regex": "(a)\\1"}},
        # Violates a constraint of Envoy's protocol: no header may be called so.
        "bad-header": {"headers": {"no such\nname": {"exact": "x"}}},
    }
    injected = {name: gateway_object(name, match)
                for name, match in {**bad, "good": {"uri": {"prefix": "/"}}}.items()}
    mesh.server.kill()
    done = mesh.SERVER.run(
        "rialto-inject", "objects", "/var/lib/rialto/server",
        text_in=json.dumps({GATEWAYS + name: value for name, value in injected.items()}))
    assert done.stdout.strip().isdigit(), done.stdout
    mesh.server.start()
    wait_until("the agent is connected", conditions.is_connected, 30)
    connected = time.monotonic()
    try:
        for name in bad:
            words = wait_until(f"{name} is reported", lambda: refusal(name),
                               2 - (time.monotonic() - connected))
            assert all(word["reason"] and word["nodeIDs"] for word in words), words
        reported = time.monotonic() - connected
        wait_until("the good object of the same change is live", lambda: is_live("good"), 2)
        # An Envoy's acknowledgement of everything else is what READY means.
        wait_until("it is READY", lambda: status_of(GATEWAYS + "good")["state"] == "READY", 5)
        # Later writes: one elsewhere, and one to the very resource that has the bad parts in it.
        with changed(ROUTE, lambda spec: spec["subsets"].reverse()):
            assert get()[0] == 200, "the shop does not answer"
        mesh.api("DELETE", f"/v2/{GATEWAYS}good")
        wait_until("what a later write takes away is gone", lambda: not is_live("good"), 2)
        assert get()[0] == 200, "the shop's host of the same resource does not answer"
        assert not any(is_live(name) for name in bad), "what Envoy refused is live"
        assert all(refusal(name) for name in bad), "a report went away by itself"
    finally:
        for name in injected:
            mesh.api("DELETE", f"/v2/{GATEWAYS}{name}")
    wait_until("no rejection is left", lambda: mesh.api_json("/v2/agents")["rejections"] == [], 5)
    return f"reported after {reported:.2f} s"


ALL = [bad_objects]
