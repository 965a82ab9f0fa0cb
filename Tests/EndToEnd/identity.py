"""With the real key of one cluster's authority in hand, somebody tries to speak for others."""

import json
import pathlib
import sqlite3
import subprocess
import tempfile

import conditions
import mesh
from machines import wait_until

# Whose key is stolen.
STOLEN = "east"
# What to say: an HTTP request that ends the connection, and an empty gRPC message.
REQUEST = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FRAME = b"\0\0\0\0\0"
RENEW = "rialto.workload.v1.Enrollment/Renew"
CONNECT = "rialto.fleet.v1.Fleet/Connect"


def openssl(*arguments, text=None, check=True):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, input=text)
    assert not check or done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
    return done


def domain(cluster):
    return f"{cluster}.acme.mesh"


def workload_name(cluster, namespace, account):
    return f"spiffe://{domain(cluster)}/ns/{namespace}/sa/{account}"


class Forger:
    """Holds the authority of a cluster and makes whatever certificates it likes."""

    def __init__(self, folder, key, certificate):
        self.folder, self.key, self.certificate = folder, key, certificate
        self.made = 0

    @staticmethod
    def steal(folder):
        """The agent's own files, as whoever broke into its machine finds them."""
        data = mesh.GATEWAY.folder / "data" / "agent"
        key, certificate = folder / "stolen.key", folder / "stolen.pem"
        key.write_bytes((data / "cluster-ca.key").read_bytes())
        openssl("x509", "-inform", "der", "-in", data / "cluster-ca.der", "-out", certificate)
        return Forger(folder, key, certificate)

    def twin(self):
        """An authority of the same key and name that no constraint binds."""
        subject = openssl("x509", "-in", self.certificate, "-noout", "-subject", "-nameopt",
                          "RFC2253").stdout.strip().removeprefix("subject=")
        path = self.folder / "twin.pem"
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/{subject}", "-days", "1",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign", "-out", path)
        return Forger(self.folder, self.key, path)

    def certificate_for(self, names, days=1, usage="clientAuth,serverAuth", signed=True):
        """A certificate with these names: the file of the chain, and that of its key."""
        self.made += 1
        base = self.folder / f"{self.certificate.stem}-{self.made}"
        key, request, leaf = (base.with_suffix(end) for end in (".key", ".csr", ".pem"))
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        extensions = base.with_suffix(".ext")
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            f"extendedKeyUsage={usage}\n"
            + (f"subjectAltName={','.join(f'URI:{name}' for name in names)}\n" if names else ""))
        openssl("req", "-new", "-key", key, "-subj", "/CN=forged", "-out", request)
        signer = (["-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial"] if signed
                  else ["-signkey", key])
        openssl("x509", "-req", "-in", request, *signer, "-days", days, "-extfile", extensions,
                "-out", leaf)
        if signed:
            leaf.write_text(leaf.read_text() + self.certificate.read_text())
        return leaf, key

    def believes(self, names):
        """Whether a careful verifier that trusts this authority accepts what it signs."""
        leaf, _ = self.certificate_for(names)
        return openssl("verify", "-x509_strict", "-CAfile", self.certificate, leaf,
                       check=False).returncode == 0


def talk(machine, address, port, credentials, server_name="x"):
    """What a workload answers to a request over TLS: its status, 0 when there is no connection."""
    leaf, key = credentials
    done = machine.run(
        "timeout", "10", "openssl", "s_client", "-quiet", "-connect", f"{address}:{port}",
        "-servername", server_name, "-alpn", "istio-http/1.1,http/1.1",
        "-cert", leaf, "-cert_chain", leaf, "-key", key, text_in=REQUEST, check=False)
    words = done.stdout.split()
    return int(words[1]) if words[:1] == ["HTTP/1.1"] else 0


def call(machine, address, port, method, credentials):
    """The gRPC status of a call, None when there is no connection."""
    leaf, key = credentials
    frame = pathlib.Path(leaf).with_suffix(".frame")
    frame.write_bytes(FRAME)
    done = machine.run(
        "curl", "-sk", "-m", "10", "--http2", "-X", "POST", "-H", "content-type: application/grpc",
        "-H", "te: trailers", "--data-binary", f"@{frame}", "--cert", leaf, "--key", key,
        "-D", "-", "-o", "/dev/null", f"https://{address}:{port}/{method}", check=False)
    for line in done.stdout.splitlines():
        if line.lower().startswith("grpc-status:"):
            return int(line.split(":")[1])
    return None


def cluster_of(workload):
    return workload.site.name if hasattr(workload, "site") else STOLEN


def forgeries(forger, own, other):
    """Every way to put the other's name into a certificate, with and without the constraint beside
    it in the chain."""
    for path, maker in (("", forger), (" beside a twin without constraint", forger.twin())):
        for title, names in (("own, other", [own, other]), ("other, own", [other, own]),
                             ("other", [other])):
            yield f"[{title}]{path}", maker.certificate_for(names)


def audited(event):
    """How often the server's audit log has this event."""
    path = mesh.SERVER.folder / "data" / "server" / "rialto.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as database:
        return database.execute("SELECT count(*) FROM audit WHERE event = ?", [event]).fetchone()[0]


def newest_revision():
    return json.loads(mesh.api("GET", "/v2/changes?limit=1")[2])["items"][0]["revision"]


def stolen_authority(watch):
    """the real key of a cluster's authority speaks for no other cluster: not to workloads, gateways,
    agent or server"""
    before = newest_revision()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        forger = Forger.steal(folder)
        thief = workload_name(STOLEN, "storefront", "thief")
        controls(forger, thief)
        count = to_workloads(forger, thief) + to_agent(forger, thief) + to_server(forger, thief)
    assert newest_revision() == before, "something was changed"
    return f"{count} attempts"


def controls(forger, thief):
    """The same certificates are good where nothing binds the authority: what follows tests that."""
    elsewhere = workload_name("nowhere", "shop", "orders")
    assert forger.believes([thief]), "an honest certificate is refused"
    assert forger.twin().believes([thief, elsewhere]), "the forgery is no good for another reason"
    assert not forger.believes([thief, elsewhere]), "the authority names others"
    # Our own trust domain opens every door that it should, or the refusals below prove nothing.
    payments = mesh.workload("payments")
    status = talk(mesh.STRANGER, payments.machine.address, 8080, forger.certificate_for([thief]))
    assert status in (200, 403), f"an honest certificate of {STOLEN} at payments: {status}"


def to_workloads(forger, thief):
    count = 0
    for target in (mesh.workload("payments"), mesh.workload("web")):
        cluster = cluster_of(target)
        # Whom payments serves; of another cluster in any case.
        other = workload_name("west" if cluster == STOLEN else cluster, "shop", "orders")
        failures = conditions.statistics(target.proxy, "ssl.fail_verify")
        attempts = list(forgeries(forger, thief, other))
        attempts.append(("signed by itself", forger.certificate_for([other], signed=False)))
        attempts.append(("without a name", forger.certificate_for([])))
        for title, credentials in attempts:
            status = talk(mesh.STRANGER, target.machine.address, 8080, credentials)
            assert status == 0, f"{title}: {target.instance} answered {status}"
            count += 1
        now = conditions.statistics(target.proxy, "ssl.fail_verify")
        seen = sum(now.values()) - sum(failures.values())
        assert seen >= len(attempts), f"{target.instance} refused {seen} of {len(attempts)} handshakes"
        if hasattr(target, "site"):
            count += through_gateway(target, attempts, forger.certificate_for([thief]))
    return count


def through_gateway(target, attempts, honest):
    """The same, through the gateway of the workload's cluster, which passes TLS on."""
    cluster = cluster_of(target)
    gateway = target.site.machine.legs[cluster]
    name = f"outbound_.8080_._.{target.service}.{target.namespace}.at.{cluster}.mesh"
    if talk(mesh.STRANGER, gateway, 15443, honest, name) == 0:
        return 0  # not exposed: nobody gets there
    for title, credentials in attempts:
        status = talk(mesh.STRANGER, gateway, 15443, credentials, name)
        assert status == 0, f"{title}: {target.instance} answered {status} through its gateway"
    return len(attempts)


def to_agent(forger, thief):
    """As a workload of somewhere else, and as one of the cluster itself that never joined."""
    address = mesh.GATEWAY.legs[STOLEN]
    orders = workload_name(STOLEN, "shop", "orders")
    attempts = [
        ("a workload of another cluster", forger.certificate_for([workload_name("west", "a", "b")])),
        ("two workloads", forger.certificate_for([thief, orders])),
        ("the server", forger.certificate_for(["spiffe://rialto.acme.mesh/server"])),
        ("signed by itself", forger.certificate_for([orders], signed=False)),
        ("for servers only", forger.certificate_for([orders], usage="serverAuth")),
    ]
    for title, credentials in attempts:
        status = call(mesh.STRANGER, address, 15012, RENEW, credentials)
        assert status is None, f"{title}: the agent answered {status}"
    unjoined = [("a key that never joined", forger.certificate_for([orders])),
                ("the agent's own name", forger.certificate_for([f"spiffe://{domain(STOLEN)}/rialto/agent"]))]
    for title, credentials in unjoined:
        status = call(mesh.STRANGER, address, 15012, RENEW, credentials)
        assert status == 7, f"{title}: the agent answered {status}, not PERMISSION_DENIED"
    return len(attempts) + len(unjoined)


def to_server(forger, thief):
    """As the agent of another cluster, and of the own one with the wrong authority."""
    before = audited("handshake.refused")
    attempts = list(forgeries(forger, thief, "spiffe://rialto.acme.mesh/cluster/west/agent"))
    attempts += [
        ("the own agent, by the wrong authority",
         forger.certificate_for([f"spiffe://rialto.acme.mesh/cluster/{STOLEN}/agent"])),
        ("a workload", forger.certificate_for([thief])),
        ("an agent that signed itself",
         forger.certificate_for(["spiffe://rialto.acme.mesh/cluster/west/agent"], signed=False)),
    ]
    address = mesh.SERVER.address
    for title, credentials in attempts:
        status = call(mesh.GATEWAY, address, 9443, CONNECT, credentials)
        assert status is None, f"{title}: the server answered {status}"
    wait_until("the server has written them down",
               lambda: audited("handshake.refused") >= before + len(attempts), 10)
    # Who has not joined gets as far as being told so.
    unenrolled = forger.certificate_for([], signed=False)
    status = call(mesh.GATEWAY, address, 9443, CONNECT, unenrolled)
    assert status == 7, f"a stranger: the server answered {status}, not PERMISSION_DENIED"
    # A certificate is no key to the API.
    leaf, key = forger.certificate_for(["spiffe://rialto.acme.mesh/cluster/west/agent"])
    done = mesh.SERVER.run("curl", "-sk", "-m", "10", "--cert", leaf, "--key", key, "-o", "/dev/null",
                           "-w", "%{http_code}", f"https://{address}:8443/v2/agents", check=False)
    assert done.stdout == "401", f"the API answered {done.stdout} to a certificate"
    return len(attempts) + 2


ALL = [stolen_authority]
