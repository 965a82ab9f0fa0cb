"""Calls and loads from inside the mesh and from outside of it."""

import concurrent.futures
import json
import subprocess
import time

import conditions
import mesh
from machines import RUN, wait_until

# Who stands for a site when it calls or is called.
CALLERS = {site: mesh.workload(name, site)
           for site, name in ((mesh.east, "web"), (mesh.west, "coupons"), (mesh.vm, "payments"))}


def url(workload):
    return f"http://{workload.host}:8080/"


def identity(member):
    """The SPIFFE id of a workload or gateway of the demo."""
    namespace, service = getattr(member, "namespace", "gateways"), \
        getattr(member, "service", None) or member.role
    return f"spiffe://{member.site.name}.acme.mesh/ns/{namespace}/sa/{service}"


def call(workload, address, headers=None, timeout=5):
    """A request by the application of a workload, by its own name resolution and through its own
    proxy: the status (0 when there was none) and the answer."""
    command = ["curl", "-sS", "-m", str(timeout), "-w", "\n%{http_code}"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    done = workload.machine.run(*command, address, check=False, timeout=timeout + 20)
    body, _, status = done.stdout.rpartition("\n")
    try:
        return int(status or 0), json.loads(body)
    except ValueError:
        return int(status or 0), {"text": body or done.stderr}


def load(urls, requests, rate=0, machine=None, of=None, by="site", headers=None, connections=8,
         elsewhere=False, timeout=10):
    """Bounded load from a machine of the mesh, or from outside; counts the answers by a field."""
    command = ["shop", "load", "--requests", requests, "--connections", connections,
               "--timeout", timeout, "--by", by]
    for address in urls:
        command += ["--url", address]
    for name, value in (headers or {}).items():
        command += ["--header", f"{name}:{value}"]
    command += ["--of", of] if of else []
    command += ["--rate", rate] if rate else []
    command += ["--elsewhere"] if elsewhere else []
    command = [str(word) for word in command]
    patience = 60 + (requests / rate if rate else requests / 10)
    if machine is not None:
        done = machine.run(*command, timeout=patience)
    else:
        done = subprocess.run([str(RUN / "bin" / "shop"), *command[1:]], capture_output=True,
                              text=True, timeout=patience)
        assert done.returncode == 0, f"the load did not run: {done.stderr}"
    return json.loads(done.stdout)


class Background:
    """Load that goes on while a scenario does something else."""

    def __init__(self, *arguments, **options):
        self.began = time.time()
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.result = pool.submit(load, *arguments, **options)

    @property
    def seconds(self):
        """How long it has been running."""
        return time.time() - self.began

    def run_until(self, second):
        """Lets the load alone for a while: what happens to it has a before and an after."""
        time.sleep(max(0, second - self.seconds))

    def finish(self):
        """What came of it; times count from here, not from when the program got going."""
        report = self.result.result(timeout=400)
        late = report["began"] - self.began
        return {**report, "failed_at": [at + late for at in report["failed_at"]]}


def assert_nothing_failed(report):
    assert report["failed"] == 0, f"{report['failed']} of {report['requests']} requests failed, " \
        f"at {report['failed_at'][:5]} s: {report['statuses']} {report['errors']}"


def share(report, site):
    """Percent of the answers that came from a site."""
    return 100 * report["by"].get(site.name, 0) / report["requests"]


def dump(process):
    """Everything that an Envoy has been configured with."""
    return conditions.envoy(process, "/config_dump?include_eds")


def passed_on(proxy):
    """Bytes that a gateway has passed on without looking into them."""
    return sum(conditions.statistics(proxy, "tcp.*downstream_cx_rx_bytes_total").values())


def every_proxy_in_step(seconds=30):
    wait_until("every proxy is in step", conditions.in_step, seconds)
