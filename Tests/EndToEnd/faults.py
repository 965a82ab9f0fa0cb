"""Scenarios in which something dies under load."""

import json
import os
import re
import signal
import time

import conditions
import mesh
from machines import wait_until
from scenarios import ROUTE, BackgroundLoad, call_from_web, get, put, status_of, write_and_wait

LOAD = {"requests": 2000, "rate": 200}


def kill_envoy(process):
    pid = conditions.envoy_pid(process)
    assert pid, f"{process.name} has no Envoy"
    os.kill(pid, signal.SIGKILL)
    return pid


def start_again(process):
    process.start()
    return process


def server_is_back():
    wait_until("the server is ready", mesh.is_ready, 30)
    wait_until("every proxy is in step", conditions.in_step, 30)


def received_from_agent(process):
    """Bytes that a `rialto proxy` has received on its present connections to the agent."""
    shown = process.machine.run("ss", "-tinH", "dst", f"{mesh.GATEWAY.legs['east']}:15012").stdout
    return sum(int(number) for number in re.findall(r"bytes_received:(\d+)", shown))


def server_metric(name):
    shown = mesh.SERVER.run("curl", "-sS", "http://127.0.0.1:8444/metrics").stdout
    values = [float(line.rsplit(" ", 1)[1]) for line in shown.splitlines()
              if line.startswith((f"{name} ", f"{name}{{"))]
    assert values, f"the server has no metric {name}"
    return sum(values)


def server_killed(watch):
    """kill -9 of the server under load: none of 2,000 requests fails, a new service joins and is
    called, the agent comes back from disk; afterwards they agree without a full resend"""
    watch.killed |= {mesh.server.name, mesh.agent.name}
    background = BackgroundLoad(**LOAD)
    mesh.server.kill()
    coupons = mesh.COUPONS
    coupons.program.start()
    line = mesh.join_line(mesh.GATEWAY.run(
        "rialto", "workload", "add", *coupons.options()).stdout)
    mesh.hand_over(coupons.proxy, line)
    try:
        url = "http://coupons.shop.mesh:8080/"
        wait_until("web can call coupons, a service the server never saw",
                   lambda: call_from_web(url)[0] == 200, 20)
        mesh.agent.kill()
        start_again(mesh.agent)
        wait_until("web can still call coupons", lambda: call_from_web(url)[0] == 200, 10)
        background.finish()
        start_again(mesh.server)
        server_is_back()
        wait_until("the server knows coupons", lambda: any(
            item["service"] == "coupons" for item in mesh.rialto_json("get", "workloads")["items"]))
        assert server_metric("rialto_fleet_full_deltas_total") == 0, "everything was sent again"
        assert call_from_web(url)[0] == 200
    finally:
        coupons.proxy.stop()
        coupons.program.stop()
    wait_until("coupons is gone", lambda: not any(
        item["service"] == "coupons" for item in mesh.rialto_json("get", "workloads")["items"]))


def agent_killed(watch):
    """kill -9 of the agent under load: none of 2,000 requests fails; its return sends nothing to
    proxies that did not change"""
    watch.killed.add(mesh.agent.name)
    before = {process.name: conditions.updates(process) for process in mesh.PROXIES}
    background = BackgroundLoad(**LOAD)
    mesh.agent.kill()
    start_again(mesh.agent)
    wait_until("every proxy is connected again", conditions.in_step, 30)
    background.finish()
    for process in mesh.PROXIES:
        assert conditions.updates(process) == before[process.name], \
            f"the Envoy of {process.name} was sent something again"
    sizes = {process.name: received_from_agent(process) for process in mesh.PROXIES}
    for name, size in sizes.items():
        assert size < 24_000, f"{name} received {size} bytes after the agent's return"
    return f"{max(sizes.values())} bytes at the most"


def both_apart(watch):
    """50 writes at the server while the agent is gone, and the agent back: the last one holds"""
    watch.killed.add(mesh.agent.name)
    background = BackgroundLoad(**LOAD)
    mesh.agent.kill()
    from scenarios import document, put
    before = document(ROUTE)
    for number in range(50):
        changed = {**before, "spec": {**before["spec"], "subsets": [
            {**subset, "weight": 100 - number if subset["name"] == "v1" else number}
            for subset in before["spec"]["subsets"]]}}
        put(ROUTE, changed)
    start_again(mesh.agent)
    wait_until("the last write is in force", lambda: status_of(ROUTE)["state"] == "READY", 30)
    background.finish()
    put(ROUTE, before)
    wait_until("the route is back", lambda: status_of(ROUTE)["state"] == "READY", 30)


def envoy_killed(watch):
    """a killed Envoy is back from its last snapshot, also with the agent gone"""
    payments, catalog = mesh.workload("payments").proxy, mesh.workload("catalog").proxy
    watch.envoys_killed |= {payments.name, catalog.name}
    watch.killed.add(mesh.agent.name)
    took = []
    for process, agent_is_gone in ((payments, False), (catalog, True)):
        if agent_is_gone:
            mesh.agent.kill()
        old = kill_envoy(process)
        started = time.monotonic()
        wait_until(f"the Envoy of {process.name} runs again",
                   lambda: conditions.envoy_pid(process) not in (None, old), 10)
        wait_until("the whole shop answers", lambda: whole_shop_answers(), 10)
        took.append(time.monotonic() - started)
    start_again(mesh.agent)
    wait_until("every proxy is in step", conditions.in_step, 30)
    return ", ".join(f"{seconds:.1f} s" for seconds in took)


def supervisor_killed(watch):
    """kill -9 of a `rialto proxy`: its Envoy goes on, the next one takes it over, nothing fails"""
    process = mesh.workload("catalog").proxy
    watch.killed.add(process.name)
    watch.envoys_killed.add(process.name)
    background = BackgroundLoad(**LOAD)
    process.kill()
    start_again(process)
    wait_until("every proxy is in step", conditions.in_step, 30)
    background.finish()


GATEWAY_OBJECT = ("organizations/acme/tenants/retail/workspaces/shop/gatewaygroups/gateways/"
                  "unifiedgateways/")


def gateway_object(name, hostname, match, status=200):
    """A Gateway that answers by itself on the port that the shop's gateway serves too, so that good
    and bad meet in one Envoy resource."""
    return {
        "apiVersion": "gateway.rialto.mesh/v2", "kind": "Gateway",
        "metadata": {"organization": "acme", "tenant": "retail", "workspace": "shop",
                     "group": "gateways", "name": name},
        "spec": {
            "workloadSelector": {"namespace": "gateways", "labels": {"app": "ingress"}},
            "http": [{"name": name, "hostname": hostname, "port": mesh.GATEWAY_PORT,
                      "routing": {"rules": [{
                          "match": [match],
                          "directResponse": {"status": status, "body": {"string": name}}}]}}]}}


def answer_of(hostname):
    status, body = get(headers={"Host": hostname})
    return status, body


def bad_objects(watch):
    """objects that Envoy refuses, in both ways it refuses, injected past validation together with
    good ones: reported with Envoy's words, everything else goes live, removing them heals"""
    watch.provokes_rejections = True
    watch.killed.add(mesh.server.name)
    injected = {
        # Cannot be built: RE2 knows no back references.
        "bad-regex": gateway_object("bad-regex", "regex.example.com", {"uri": {"regex": "(a)\\1"}}),
        # Violates a constraint of Envoy's protocol: no header may be called so.
        "bad-header": gateway_object(
            "bad-header", "header.example.com", {"headers": {"no such\nname": {"exact": "x"}}}),
        "good": gateway_object("good", "good.example.com", {"uri": {"prefix": "/"}}),
    }
    mesh.server.kill()
    done = mesh.SERVER.run(
        "rialto-inject", "/var/lib/rialto/server",
        text_in=json.dumps({GATEWAY_OBJECT + name: value for name, value in injected.items()}))
    assert done.stdout.strip().isdigit(), done.stdout
    start_again(mesh.server)
    wait_until("the server is ready", mesh.is_ready, 30)
    try:
        reasons = []
        for name in ("bad-regex", "bad-header"):
            status = wait_until(f"{name} is reported as FAILED", lambda: failed(name), 20)
            reasons.append(" ".join(reason for row in status["clusters"] for reason in row["reasons"]))
            assert reasons[-1], f"no word of Envoy's in {status}"
        wait_until("the good object of the same change is live",
                   lambda: answer_of("good.example.com") == (200, "good"), 20)
        later = gateway_object("later", "later.example.com", {"uri": {"prefix": "/"}})
        put(GATEWAY_OBJECT + "later", later)
        wait_until("a later object is live", lambda: answer_of("later.example.com") == (200, "later"), 20)
        write_and_wait(ROUTE, lambda spec: spec["subsets"].reverse())
        assert whole_shop_answers()
    finally:
        for name in [*injected, "later"]:
            mesh.api("DELETE", f"/v2/{GATEWAY_OBJECT}{name}")
        write_and_wait(ROUTE, lambda spec: spec["subsets"].reverse())
    wait_until("what they configured is gone", lambda: answer_of("good.example.com")[0] == 404, 20)
    wait_until("every proxy is in step", conditions.in_step, 20)


def failed(name):
    status = status_of(GATEWAY_OBJECT + name)
    return status if status["state"] == "FAILED" else None


def whole_shop_answers():
    status, body = get(timeout=2)
    return status == 200 and '"payments"' in body


ALL = [server_killed, agent_killed, both_apart, bad_objects, envoy_killed, supervisor_killed]
