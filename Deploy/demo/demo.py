"""Starts, shows, proves and ends the demo of Deploy/demo.sh."""

import os
import subprocess
import sys

import mesh
from machines import LOGS, RUN, STATE, Networks, at_once, remove_everything, sh, wait_until


def say(text):
    print(f"\033[1m==>\033[0m {text}", file=sys.stderr, flush=True)


def up():
    say("Removing what an earlier run left")
    remove_everything()
    for folder in (STATE, RUN / "bin", LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    for program in ("rialto", "shop", "rialto-inject"):
        (RUN / "bin" / program).symlink_to(os.path.realpath(os.environ["RIALTO_BIN"]) + "/" + program)
    (RUN / "envoy").write_text(os.environ["RIALTO_ENVOY"])

    say(f"Making {len(mesh.MACHINES)} machines in {len(mesh.SITES)} sites that no route connects")
    networks = Networks()
    networks.create(["wan", *(site.name for site in mesh.SITES)])
    networks.attach_host("wan", mesh.OUTSIDE_ADDRESS)
    mesh.SERVER.create(networks)
    mesh.server.start()
    at_once(lambda machine: machine.create(networks), mesh.MACHINES[1:])
    for machine in mesh.edge.gateway.machine, mesh.edge.second.machine:
        own_certificate(machine, mesh.HOST_NAME)
    mesh.own_context()
    wait_until("the server is ready", mesh.is_ready)

    say("Applying Deploy/demo/config")
    print(mesh.rialto("apply", "-f", mesh.HERE / "config").stdout, end="")

    say("Adding the clusters: their agents join by the printed lines")
    mesh.join(mesh.SITES)

    say(f"Adding {len(mesh.MEMBERS)} gateways and workloads, each by its printed line")
    at_once(lambda member: member.start(), mesh.MEMBERS)

    say("Waiting for every proxy to be in step")
    wait_until("every proxy is connected and in step", everything_in_step, 90)
    wait_until("the shop answers", the_shop_answers, 30)
    explain()


def own_certificate(machine, name):
    """What the world trusts at the edge; a real one comes from a public authority."""
    folder = machine.folder / "data" / "tls"
    folder.mkdir()
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
       "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "30",
       "-keyout", folder / "shop.key", "-out", folder / "shop.crt")


def everything_in_step():
    items = mesh.rialto_json("proxies", "status")["items"]
    return len(items) == len(mesh.PROXIES) and all(
        item["connected"] and item["healthy"] and item["inSync"] for item in items)


def the_shop_answers():
    return all(answers(curl) for curl in shop_curls())


def answers(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0 and '"payments"' in done.stdout


def shop_curls():
    """The shop from outside: through the edge, with TLS, and past it at the ingress of east."""
    edge = mesh.edge.machine.legs["wan"]
    authority = mesh.edge.machine.folder / "data" / "tls" / "shop.crt"
    host = ["-H", f"Host: {mesh.HOST_NAME}"]
    return [
        ["curl", "-sSf", "-m", "5", *host, f"http://{edge}:{mesh.GATEWAY_PORT}/"],
        ["curl", "-sSf", "-m", "5", "--cacert", str(authority),
         "--resolve", f"{mesh.HOST_NAME}:{mesh.TLS_PORT}:{edge}",
         f"https://{mesh.HOST_NAME}:{mesh.TLS_PORT}/"],
        ["curl", "-sSf", "-m", "5", *host,
         f"http://{mesh.INGRESS.machine.legs['wan']}:{mesh.GATEWAY_PORT}/"]]


def quoted(command):
    return " ".join(f"'{word}'" if " " in word else word for word in command)


def explain():
    binary = os.path.realpath(RUN / "bin" / "rialto")
    through_edge, with_tls, past_edge = map(quoted, shop_curls())
    print(f"""
The demo runs: the sites east, west and vm, which see only the edge. Try:

  export RIALTO_CONFIG={mesh.CONTEXT} PATH={os.path.dirname(binary)}:$PATH

  {through_edge} | python3 -m json.tool
  {with_tls}
  {past_edge}
  rialto status
  rialto cluster list
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
