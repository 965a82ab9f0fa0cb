"""Gateways that pass connections on, and read nothing of what they carry."""

import contextlib
import shutil
import subprocess
import tempfile

import mesh
from machines import wait_until
from scenarios import changed, get, put_and_wait
from sites import OUTSIDE_TLS_PORT
from traffic import every_proxy_in_step

GROUP = "organizations/acme/tenants/retail/workspaces/shop/gatewaygroups/gateways"
EDGE = f"{GROUP}/unifiedgateways/edge"
SHOP = f"{GROUP}/unifiedgateways/shop"
TIER1 = f"{GROUP}/tier1gateways/passing"
# Where the application of the newcomer that speaks TLS itself listens.
TLS_PORT = 9443

# As it stands in many repositories: a kind that came before.
OLD_GATEWAY = """
apiVersion: gateway.tsb.tetrate.io/v2
kind: IngressGateway
metadata: {organization: acme, tenant: retail, workspace: shop, group: gateways, name: raw}
spec:
  workloadSelector: {namespace: gateways, labels: {app: ingress, site: east}}
  tcp:
    - name: raw
      hostname: raw.example.com
      port: 8443
      route: {host: shop/catalog.shop.svc.cluster.local, port: 9000}
"""
OLD_NAME = f"{GROUP}/ingressgateways/raw"


def ask(machine, name=None):
    """A request to the second port of a gateway, over TLS where a name is given: the status, the
    answer, and what the client says of the server's certificate."""
    address = machine.legs["wan"]
    where = f"http://{address}:{OUTSIDE_TLS_PORT}/" if name is None else \
        f"https://{name}:{OUTSIDE_TLS_PORT}/"
    command = ["curl", "-ksv", "-m", "5", "-w", "\n%{http_code}", where]
    if name is not None:
        command += ["--resolve", f"{name}:{OUTSIDE_TLS_PORT}:{address}"]
    done = subprocess.run(command, capture_output=True, text=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body, done.stderr


def make_certificate(folder, name):
    """Files `key` and `certificate` that say to be `name`."""
    files = ["-keyout", f"{folder}/key", "-out", f"{folder}/certificate"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", f"/CN={name}", "-days", "1", *files],
        check=True, capture_output=True)


@contextlib.contextmanager
def speaking_tls(workload):
    """An application in the network of the workload's machine that terminates TLS itself, as
    pass.example.com."""
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "pass.example.com")
        server = subprocess.Popen(
            ["ip", "netns", "exec", workload.machine.namespace, "openssl", "s_server",
             "-accept", str(TLS_PORT), "-www", "-quiet", "-key", f"{folder}/key",
             "-cert", f"{folder}/certificate"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            server.terminate()
            server.wait(10)


def connections_old(watch):
    """an older gateway hands every connection to a port to a service that is no HTTP"""
    machine = mesh.INGRESS.machine
    assert ask(machine)[0] == 0
    try:
        mesh.rialto("apply", "-f", "-", "--wait", text_in=OLD_GATEWAY)
        status, body, _ = ask(machine)
        assert status == 200 and '"service":"catalog"' in body, f"{status} {body}"
        assert get()[0] == 200, "the gateway beside it is not served any more"
    finally:
        mesh.api("DELETE", f"/v2/{OLD_NAME}")
        every_proxy_in_step()
    assert ask(machine)[0] == 0


def newcomer_with_tls():
    """A workload in east whose second port is that of an application that terminates TLS."""
    newcomer = mesh.newcomer()
    usual = newcomer.options()
    newcomer.options = lambda: [
        f"raw:9000/tcp={TLS_PORT}" if word.startswith("raw:") else word for word in usual]
    return newcomer


def connections_by_name(watch):
    """on one port of the edge the name in the handshake decides: HTTPS, TLS that ends at the edge,
    and TLS that ends at the service, in another site"""
    edge = mesh.edge.machine
    newcomer = newcomer_with_tls()

    def serves(spec):
        spec["tls"] = [{"name": "pass", "hostname": "pass.example.com", "port": OUTSIDE_TLS_PORT,
                        "route": {"serviceDestination": {
                            "host": f"shop/{newcomer.service}", "port": 9000}}}]
        spec["tcp"] = [{"name": "ends", "hostname": "ends.example.com", "port": OUTSIDE_TLS_PORT,
                        "tls": {"mode": "SIMPLE", "files": {
                            "serverCertificate": "/var/lib/rialto/tls/shop.crt",
                            "privateKey": "/var/lib/rialto/tls/shop.key"}},
                        "route": {"serviceDestination": {"host": "shop/catalog", "port": 9000}}}]

    with speaking_tls(newcomer):
        try:
            newcomer.start()
            with changed(EDGE, serves):
                status, body, said = ask(edge, "ends.example.com")
                assert status == 200 and '"service":"catalog"' in body, f"{status} {body} {said}"
                assert f"CN={mesh.HOST_NAME}" in said, said
                wait_until("the newcomer is called through the edge",
                           lambda: ask(edge, "pass.example.com")[0] == 200, 30)
                status, body, said = ask(edge, "pass.example.com")
                assert status == 200 and "s_server" in body, f"{status} {body} {said}"
                assert "CN=pass.example.com" in said, said
                assert ask(edge, mesh.HOST_NAME)[0] == 200, "HTTPS is not served any more"
                assert ask(edge, "none.example.com")[0] == 0
        finally:
            newcomer.stop()
    every_proxy_in_step()
    assert ask(edge, "ends.example.com")[0] == 0


def connections_to_sites(watch):
    """an older gateway at the edge passes connections on to the gateways of a site: TLS that ends at
    the service, TLS that ends at the site's gateway, and what was inside TLS that ends at the edge"""
    edge, ingress = mesh.edge.machine, mesh.INGRESS.machine
    newcomer = newcomer_with_tls()
    tls = ingress.folder / "data" / "tls"
    port = OUTSIDE_TLS_PORT

    def serves(spec):
        """What the site's own gateways take."""
        spec["tls"] = [{"name": "pass", "hostname": "pass.example.com", "port": port,
                        "route": {"serviceDestination": {
                            "host": f"shop/{newcomer.service}", "port": 9000}}}]
        spec["tcp"] = [{"name": "ends", "hostname": "ends.example.com", "port": 9000,
                        "route": {"serviceDestination": {"host": "shop/catalog", "port": 9000}}}]
        spec["http"].append({
            "name": "web", "hostname": "web.example.com", "port": port,
            "tls": {"mode": "SIMPLE", "files": {
                "serverCertificate": "/var/lib/rialto/tls/certificate",
                "privateKey": "/var/lib/rialto/tls/key"}},
            "routing": {"rules": [{"route": {"serviceDestination": {
                "host": "storefront/web", "port": 8080}}}]}})

    def passing(*clusters):
        at = [{"name": cluster} for cluster in clusters]
        return {
            "apiVersion": "gateway.tsb.tetrate.io/v2", "kind": "Tier1Gateway",
            "metadata": {"organization": "acme", "tenant": "retail", "workspace": "shop",
                         "group": "gateways", "name": "passing"},
            "spec": {
                "workloadSelector": {
                    "namespace": "gateways", "labels": {"app": "edge", "site": "edge"}},
                "passthroughServers": [
                    {"name": name, "hostname": f"{name}.example.com", "port": port, "clusters": at}
                    for name in ("pass", "web")],
                "tcpExternalServers": [
                    {"name": "ends", "hostname": "ends.example.com", "port": port, "clusters": at,
                     "tls": {"mode": "SIMPLE", "files": {
                         "serverCertificate": "/var/lib/rialto/tls/shop.crt",
                         "privateKey": "/var/lib/rialto/tls/shop.key"}}}]}}

    tls.mkdir(exist_ok=True)
    make_certificate(tls, "web.example.com")
    with speaking_tls(newcomer):
        try:
            newcomer.start()
            with changed(SHOP, serves):
                put_and_wait(TIER1, passing("east"))
                wait_until("the newcomer is called through the edge",
                           lambda: ask(edge, "pass.example.com")[0] == 200, 30)
                status, body, said = ask(edge, "pass.example.com")
                assert status == 200 and "s_server" in body, f"{status} {body} {said}"
                assert "CN=pass.example.com" in said, said
                status, body, said = ask(edge, "web.example.com")
                assert status == 200 and '"service":"web"' in body, f"{status} {body} {said}"
                assert "CN=web.example.com" in said, said
                status, body, said = ask(edge, "ends.example.com")
                assert status == 200 and '"service":"catalog"' in body, f"{status} {body} {said}"
                assert f"CN={mesh.HOST_NAME}" in said, said
                assert ask(edge, mesh.HOST_NAME)[0] == 200, "HTTPS is not served any more"
                # West has a gateway, and no server for any of them.
                put_and_wait(TIER1, passing("west"))
                for name in ("pass", "web", "ends"):
                    assert ask(edge, f"{name}.example.com")[0] == 0, f"{name} goes to east still"
        finally:
            mesh.api("DELETE", f"/v2/{TIER1}")
            newcomer.stop()
            shutil.rmtree(tls)
    every_proxy_in_step()


ALL = [connections_old, connections_by_name, connections_to_sites]
