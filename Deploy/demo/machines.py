"""Machines, containers and the processes on them.

A machine has a network namespace, its own /var/lib/rialto, /run/rialto and /var/log/rialto (bind
mounts that only its processes see), and a host name. A container is an OCI container of runc's; it
has more of its own (bundles.py). Everything is named after the instance ("demo", "test"), so that
two of them never meet and `down` removes just what this one made.
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import time

import bundles

INSTANCE = os.environ.get("RIALTO_DEMO_INSTANCE", "demo")
# 198.18.0.0/15 is set aside for tests of networks; each instance has one half.
BASE = {"demo": "198.18", "test": "198.19"}[INSTANCE]
STATE = pathlib.Path(f"/var/lib/rialto-{INSTANCE}")
RUN = pathlib.Path(f"/run/rialto-{INSTANCE}")
LOGS = pathlib.Path(f"/var/log/rialto-{INSTANCE}")
# What every machine sees under these names is its own.
PRIVATE = {"/var/lib/rialto": "data", "/run/rialto": "run", "/var/log/rialto": "log"}


def sh(*arguments, check=True, **options):
    """Runs a command and returns what it printed."""
    done = subprocess.run(arguments, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{shlex.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def wait_until(what, condition, seconds=30.0):
    """Waits for a condition; says what was awaited when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


def at_once(work, items):
    """Does the work for several items at the same time; returns what it gave for each."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, items))


def namespace(name):
    return f"rialto-{INSTANCE}-{name}"


class Networks:
    """One bridge per network, all in a namespace of their own."""

    def __init__(self):
        self.switch = namespace("net")

    def create(self, networks):
        sh("ip", "netns", "add", self.switch)
        sh("ip", "-n", self.switch, "link", "set", "lo", "up")
        for name in networks:
            sh("ip", "-n", self.switch, "link", "add", f"br-{name}", "type", "bridge")
            sh("ip", "-n", self.switch, "link", "set", f"br-{name}", "up")

    def attach_host(self, network, address):
        """Gives this host a leg in a network, so that a plain curl reaches it."""
        link = f"rialto-{INSTANCE}"
        sh("ip", "link", "add", link, "type", "veth", "peer", "name", "host", "netns", self.switch)
        sh("ip", "address", "add", f"{address}/24", "dev", link)
        sh("ip", "link", "set", link, "up")
        sh("ip", "-n", self.switch, "link", "set", "host", "master", f"br-{network}", "up")


class Machine:
    """A host of its own: a virtual machine, a gateway, the server."""

    def __init__(self, name, legs):
        self.name = name
        self.legs = legs  # network → address; the last is its own site's
        self.filter = None
        self.namespace = namespace(name)
        self.folder = STATE / "machines" / name

    @property
    def address(self):
        return next(reversed(self.legs.values()))

    def create(self, networks):
        sh("ip", "netns", "add", self.namespace)
        sh("ip", "-n", self.namespace, "link", "set", "lo", "up")
        for network, address in self.legs.items():
            port = f"{network}-{address.rsplit('.', 1)[1]}"
            sh("ip", "-n", networks.switch, "link", "add", port, "type", "veth",
               "peer", "name", network, "netns", self.namespace)
            sh("ip", "-n", networks.switch, "link", "set", port, "alias", self.name,
               "master", f"br-{network}", "up")
            sh("ip", "-n", self.namespace, "address", "add", f"{address}/24", "dev", network)
            sh("ip", "-n", self.namespace, "link", "set", network, "up")
        last = next(reversed(self.legs))
        sh("ip", "-n", self.namespace, "route", "add", "240.240.0.0/16", "dev", last)
        if self.filter:
            self.filter.install(self)
        prefix = self.address.rsplit(".", 1)[0]
        self.resolver.parent.mkdir(parents=True, exist_ok=True)
        self.resolver.write_text(f"nameserver {prefix}.1\n")
        for inner, part in PRIVATE.items():
            (self.folder / part).mkdir(parents=True, exist_ok=True)
            pathlib.Path(inner).mkdir(parents=True, exist_ok=True)

    @property
    def resolver(self):
        """What this machine sees as /etc/resolv.conf."""
        return pathlib.Path("/etc/netns") / self.namespace / "resolv.conf"

    def network(self, *arguments, check=True, text_in=None):
        """Runs a command of this host in the machine's network, and nothing else of the machine."""
        return sh("ip", "netns", "exec", self.namespace, *arguments, check=check, input=text_in)

    def command(self, arguments):
        """The command line that runs `arguments` on this machine."""
        binds = " && ".join(
            f"mount --bind {shlex.quote(str(self.folder / part))} {inner}"
            for inner, part in PRIVATE.items())
        script = f"hostname {self.name} && {binds} && exec {shlex.join(map(str, arguments))}"
        return ["ip", "netns", "exec", self.namespace, "unshare", "--uts", "bash", "-c", script]

    def spawn(self, arguments, environment, record, log):
        """Starts a process on this machine that outlives this script; returns its pid."""
        child = subprocess.Popen(
            self.command(arguments), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**self.environment(), **environment}, start_new_session=True)
        CHILDREN[child.pid] = child
        return child.pid

    def environment(self):
        return {
            "PATH": f"{RUN / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root", "SWIFT_BACKTRACE": "enable=no",
            "RIALTO_ENVOY": os.environ.get("RIALTO_ENVOY") or (RUN / "envoy").read_text(),
        }

    def run(self, *arguments, check=True, timeout=60, text_in=None):
        done = subprocess.run(self.command(arguments), capture_output=True, text=True,
                              timeout=timeout, env=self.environment(), input=text_in)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {shlex.join(map(str, arguments))}: "
                               f"{(done.stderr or done.stdout).strip()}")
        return done


class Container(Machine):
    """An OCI container: its first process waits, programs are started in it beside that."""

    def __init__(self, name, legs):
        super().__init__(name, legs)
        self.bundle = self.folder / "bundle"

    def create(self, networks):
        super().create(networks)
        self.boot()

    def boot(self):
        """Makes the container run, in the network that create() made; also after kill()."""
        binds = {inner: self.folder / part for inner, part in PRIVATE.items()}
        environment = self.environment()
        programs = [pathlib.Path(environment["RIALTO_ENVOY"]).parent, RUN / "bin",
                    *{program.resolve().parent for program in (RUN / "bin").iterdir()}]
        bundles.write(self.bundle, self.name, f"/run/netns/{self.namespace}", binds, self.resolver,
                      programs + bundles.libraries(RUN / "bin" / "rialto"), environment)
        runc("run", "--detach", "--bundle", self.bundle, self.namespace)

    def kill(self):
        """kill -9 of everything in the container at once."""
        runc("delete", "--force", self.namespace)

    def command(self, arguments):
        return [*RUNC, "exec", self.namespace, *map(str, arguments)]

    def spawn(self, arguments, environment, record, log):
        """Starts a process in the container, which outlives the command that starts it."""
        file = record.with_suffix(".pid")
        extra = [part for key, value in environment.items() for part in ("--env", f"{key}={value}")]
        runc("exec", "--detach", "--pid-file", file, *extra, self.namespace, *arguments, log=log)
        return int(file.read_text())


RUNC = ["runc", "--root", str(RUN / "runc")]


def runc(*arguments, log=subprocess.DEVNULL):
    """Runs runc; what it starts inherits its output, which therefore goes to a file."""
    with open(RUN / "runc.log", "ab") as own:
        done = subprocess.run(
            [*RUNC, "--log", str(RUN / "runc.log"), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log if log != subprocess.DEVNULL else own,
            start_new_session=True)
    if done.returncode != 0:
        said = (RUN / "runc.log").read_text().splitlines()[-1:]
        raise RuntimeError(f"runc {arguments[0]} {arguments[-1]}: {' '.join(said)}")


class Process:
    """A process of the demo; its identity survives this script in a file."""

    def __init__(self, name, machine, arguments, environment=None):
        self.name = name
        self.machine = machine
        self.arguments = arguments
        self.extra = environment or {}
        self.record = RUN / "processes" / f"{name}.json"
        self.log = LOGS / f"{name}.log"

    def start(self, arguments=None):
        self.record.parent.mkdir(parents=True, exist_ok=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            first = self.machine.spawn(
                arguments or self.arguments, self.extra, self.record, log)
        program = wait_until(f"{self.name} starts", lambda: self.program(first), 20)
        self.record.write_text(json.dumps({
            "pid": program, "started": start_time(program), "machine": self.machine.name}))

    @staticmethod
    def program(first):
        """The process that runs a program of ours: a shell stands before it in a pasted line."""
        reap()
        if start_time(first) is None:
            # Ended already; its log says why.
            return first
        family = [first]
        for pid in family:
            family += children(pid)
        return next((pid for pid in family if executable(pid) in PROGRAMS), None)

    @property
    def pid(self):
        """The process id, or None when it does not run any more."""
        if not self.record.exists():
            return None
        record = json.loads(self.record.read_text())
        child = CHILDREN.get(record["pid"])
        if child is not None and child.poll() is not None:
            return None
        return record["pid"] if start_time(record["pid"]) == record["started"] else None

    def kill(self, number=signal.SIGKILL):
        pid = self.pid
        if pid is None:
            raise RuntimeError(f"{self.name} does not run")
        os.kill(pid, number)
        wait_until(f"{self.name} ends", lambda: self.pid is None, 30)

    def stop(self):
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGTERM)
        try:
            wait_until(f"{self.name} stops", lambda: self.pid is None, 20)
        except TimeoutError:
            self.kill()


CHILDREN = {}
PROGRAMS = ("rialto", "shop")


def children(pid):
    try:
        return [int(child) for child in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def executable(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None


def start_time(pid):
    """When a process started, in ticks: with the pid, who it is. None when there is no such one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def processes_in(names):
    """The pids of everything that still lives in these network namespaces."""
    ours = {os.stat(f"/run/netns/{name}").st_ino for name in names}
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.stat(entry / "ns" / "net").st_ino in ours \
                    and start_time(entry.name) is not None:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def remove_everything():
    """Ends every process in our namespaces and removes what create() made."""
    listed = sh("ip", "netns", "list", check=False)
    names = [line.split()[0] for line in listed.splitlines()
             if line.startswith(f"rialto-{INSTANCE}-")]
    for number, patience in ((signal.SIGTERM, 12), (signal.SIGKILL, 5)):
        for pid in processes_in(names):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        try:
            wait_until("everything ends", lambda: reap() or not processes_in(names), patience)
            break
        except TimeoutError:
            continue
    for name in sh(*RUNC, "list", "--quiet", check=False).split():
        sh(*RUNC, "delete", "--force", name, check=False)
    for name in names:
        sh("ip", "netns", "delete", name, check=False)
        shutil.rmtree(pathlib.Path("/etc/netns") / name, ignore_errors=True)
    sh("ip", "link", "delete", f"rialto-{INSTANCE}", check=False)
    for folder in (STATE, RUN, LOGS):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (*PRIVATE, "/etc/netns"):
        # Only if nobody else put something there.
        try:
            os.rmdir(folder)
        except OSError:
            pass


def reap():
    for child in list(CHILDREN.values()):
        child.poll()
    return False
