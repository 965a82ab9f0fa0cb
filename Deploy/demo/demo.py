"""Starts, shows, proves and ends the demo of Deploy/demo.sh."""

import os
import shutil
import subprocess
import sys
import time

import mesh
from machines import (BASE, INSTANCE, LOGS, RUN, STATE, Networks, remove_everything, sh,
                      wait_until)


def say(text):
    print(f"\033[1m==>\033[0m {text}", file=sys.stderr, flush=True)


def up():
    say("Removing what an earlier run left")
    remove_everything()
    for folder in (STATE, RUN / "bin", LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    for program in ("rialto", "shop", "rialto-inject"):
        (RUN / "bin" / program).symlink_to(f"{os.environ['RIALTO_BIN']}/{program}")
    (RUN / "envoy").write_text(os.environ["RIALTO_ENVOY"])

    say(f"Making {len(mesh.MACHINES)} machines in two networks")
    networks = Networks()
    networks.create(["wan", "east"])
    networks.attach_host("wan", f"{BASE}.0.254")
    for machine in mesh.MACHINES:
        machine.create(networks)

    say("Starting the server")
    mesh.server.start()
    mesh.own_context()
    wait_until("the server is ready", mesh.is_ready)

    say("Applying Deploy/demo/config")
    applied = mesh.rialto("apply", "-f", mesh.HERE / "config")
    print(applied.stdout, end="")

    say("Adding the cluster east: its agent joins by the printed line")
    line = mesh.join_line(mesh.rialto("cluster", "add", "east").stdout)
    mesh.hand_over(mesh.agent, line)
    wait_until("the agent of east is connected", agent_is_connected)

    say("Adding the ingress gateway and the workloads, each by its printed line")
    join(mesh.ingress, "--namespace", "gateways", "--service", "ingress", "--role", "ingress",
         "--label", "app=ingress", "--address", mesh.GATEWAY.legs["east"])
    for workload in mesh.WORKLOADS:
        workload.program.start()
        join(workload.proxy, *workload.options())

    say("Waiting for every proxy to be in step")
    wait_until("every proxy is connected and in step", everything_in_step, 60)
    wait_until("the shop answers", the_shop_answers, 30)
    explain()


def join(process, *options):
    output = mesh.GATEWAY.run("rialto", "workload", "add", *options).stdout
    mesh.hand_over(process, mesh.join_line(output))


def agent_is_connected():
    clusters = mesh.rialto_json("cluster", "list")["items"]
    return any(item["status"].get("agent", {}).get("connected") for item in clusters)


def everything_in_step():
    items = mesh.rialto_json("proxies", "status")["items"]
    return len(items) == len(mesh.PROXIES) and all(
        item["connected"] and item["healthy"] and item["inSync"] for item in items)


def the_shop_answers():
    done = subprocess.run(shop_curl(), capture_output=True, text=True)
    return done.returncode == 0 and '"payments"' in done.stdout


def shop_curl():
    return ["curl", "-sSf", "-m", "5", "-H", f"Host: {mesh.HOST_NAME}",
            f"http://{mesh.GATEWAY.legs['wan']}:{mesh.GATEWAY_PORT}/"]


def explain():
    binary = os.path.realpath(RUN / "bin" / "rialto")
    print(f"""
The demo runs. Try:

  export RIALTO_CONFIG={mesh.CONTEXT} PATH={os.path.dirname(binary)}:$PATH

  {" ".join(f"'{a}'" if " " in a else a for a in shop_curl())} | python3 -m json.tool
  rialto status
  rialto get all
  rialto get workloads
  rialto get serviceroute orders -o yaml
  rialto status serviceroute orders
  rialto proxies config web

The dashboard: https://{mesh.SERVER.address}:8443/ (paste the token of {mesh.CONTEXT}).
Proof with real traffic: Deploy/demo.sh check. The end: Deploy/demo.sh down.""")


def status():
    if not RUN.exists():
        print("The demo does not run: Deploy/demo.sh up starts it.")
        return
    for process in mesh.PROCESSES:
        pid = process.pid
        print(f"{process.name:28} {'pid ' + str(pid) if pid else 'not running':14} {process.log}")
    if mesh.CONTEXT.exists() and mesh.is_ready():
        print()
        print(mesh.rialto("cluster", "list", check=False).stdout)
        print(mesh.rialto("proxies", "status", check=False).stdout, end="")


def check(names):
    root = mesh.HERE.parent.parent
    sys.path.insert(0, str(root / "Tests" / "EndToEnd"))
    import run
    sys.exit(run.main(names))


def down():
    remove_everything()
    say("Everything that the demo started is gone")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    verb, names = sys.argv[1], sys.argv[2:]
    {"up": up, "status": status, "down": down, "check": lambda: check(names)}[verb]()
