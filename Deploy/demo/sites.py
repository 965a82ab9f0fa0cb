"""What a site consists of: the machine of its agent and gateway, and machines of workloads."""

import pathlib

import filters
from machines import BASE, Container, Machine, Process

UNITS = pathlib.Path(__file__).resolve().parent.parent / "systemd"
WAN = f"{BASE}.0"
# Addresses in the wan, where machines of several sites meet.
SERVER_ADDRESS = f"{WAN}.10"
GATEWAY_NUMBERS = {"east": 11, "west": 12, "vm": 13}
EDGE_NUMBER, INGRESS_NUMBER, SECOND = 20, 41, 40
OUTSIDE_PORT, OUTSIDE_TLS_PORT = 8080, 8443


def unit(name):
    """The command of a unit file: what the demo runs where no init is."""
    text = (UNITS / f"{name}.service").read_text()
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").replace("/usr/bin/", "")
    return ["bash", "-c", f"exec {command}"]


def join_lines(output):
    """The lines of a command's output that the operator would paste on machines."""
    return [line.strip() for line in output.splitlines()
            if "rialto agent" in line or "rialto proxy" in line]


def join_line(output):
    return join_lines(output)[0]


def hand_over(process, line):
    """Pastes a join line on the machine, unedited."""
    process.start(arguments=["bash", "-c", line])


class Member:
    """Something with a proxy of its own in a site."""

    def __init__(self, site, machine):
        self.site = site
        self.machine = machine
        self.proxy = Process(f"{machine.name}.proxy", machine, unit("rialto-proxy"))
        self.processes = [self.proxy]

    def start(self):
        """Makes the member part of its site, by the line that its agent prints."""
        hand_over(self.proxy, self.site.workload_line(*self.options()))

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


class Gateway(Member):
    def __init__(self, site, role, machine):
        super().__init__(site, machine)
        self.role = role

    def options(self):
        """What the operator tells `rialto workload add`."""
        return ["--namespace", "gateways", "--service", self.role, "--role", self.role,
                "--label", f"app={self.role}", "--label", f"site={self.site.name}",
                "--address", self.machine.address, "--advertise", self.machine.legs["wan"]]


class Workload(Member):
    """One instance of a service of the shop beside its proxy."""

    def __init__(self, site, number, namespace, service, version="v1", calls=(), machine=None):
        self.instance = service if version == "v1" else f"{service}-{version}"
        self.namespace = namespace
        self.service = service
        self.version = version
        self.host = f"{service}.{namespace}.mesh"
        # What the sites' exposure goes by.
        self.tier = "frontend" if namespace == "storefront" else "backend"
        super().__init__(site, machine or site.host(f"{site.name}-{self.instance}", number))
        calling = [part for host in calls for part in ("--call", f"http://{host}:8080/")]
        self.program = Process(
            f"{self.machine.name}.shop", self.machine,
            ["shop", "serve", "--service", service, "--version", version, "--site", site.name,
             "--listen", "0.0.0.0:8080", *calling])
        self.processes = [self.program, self.proxy]

    def options(self):
        """What the operator tells `rialto workload add`."""
        return ["--namespace", self.namespace, "--service", self.service,
                "--label", f"version={self.version}", "--label", f"tier={self.tier}",
                "--port", "http:8080/http", "--port", "raw:9000/tcp=8080",
                "--health", "http:8080/healthz", "--address", self.machine.address]

    def start(self):
        self.program.start()
        super().start()


class Site:
    """A cluster. The agent lives on the machine of the first gateway; `kind` is what workloads run
    in, Machine or Container."""

    def __init__(self, name, number, kind, role="east-west"):
        self.name = name
        self.subnet = f"{BASE}.{number}"
        self.kind = kind
        wan = GATEWAY_NUMBERS.get(name, EDGE_NUMBER)
        first, second = (
            Machine(f"{name}-{short}", {"wan": f"{WAN}.{address}", name: f"{self.subnet}.{inner}"})
            for short, address, inner in (("gw", wan, 2), ("gw2", wan + SECOND, 3)))
        for machine in (first, second):
            machine.filter = self.filter(role)
        self.machine = first
        self.agent = Process(f"{first.name}.agent", first, unit("rialto-agent"),
                             {"RIALTO_ADVERTISE": first.address})
        self.gateway = Gateway(self, role, first)
        # Not started unless a scenario wants two of a role.
        self.second = Gateway(self, role, second)
        self.gateways = [self.gateway]
        self.workloads = []

    @staticmethod
    def filter(role):
        if role == "edge":
            gateways = [f"{WAN}.{number + more}" for number in GATEWAY_NUMBERS.values()
                        for more in (0, SECOND)]
            return filters.edge(SERVER_ADDRESS, gateways, (OUTSIDE_PORT, OUTSIDE_TLS_PORT))
        edges = [f"{WAN}.{EDGE_NUMBER + more}" for more in (0, SECOND)]
        return filters.site_gateway(SERVER_ADDRESS, edges)

    def host(self, name, number):
        return self.kind(name, {self.name: f"{self.subnet}.{number}"})

    def add(self, number, namespace, service, version="v1", calls=()):
        made = Workload(self, number, namespace, service, version, calls)
        self.workloads.append(made)
        return made

    def add_ingress(self):
        """A gateway that takes traffic from outside into this site, past the edge."""
        machine = Machine(f"{self.name}-ingress", {
            "wan": f"{WAN}.{INGRESS_NUMBER}", self.name: f"{self.subnet}.4"})
        machine.filter = filters.ingress((OUTSIDE_PORT, OUTSIDE_TLS_PORT))
        made = Gateway(self, "ingress", machine)
        self.gateways.append(made)
        return made

    @property
    def members(self):
        return [*self.gateways, *self.workloads]

    @property
    def machines(self):
        return [self.second.machine, *(member.machine for member in self.members)]

    def workload_line(self, *options):
        """The line by which a workload of this site joins, as its agent prints it."""
        return join_line(self.machine.run("rialto", "workload", "add", *options).stdout)
