"""OCI bundles: what runc needs to run a container of the demo.

A container has process, mount, host name and IPC namespaces of its own and the network namespace
that was made for it. Its root is read-only: this host's /usr and /etc and the folders of the
programs, bound; /tmp and /run are its own and vanish with it, /var/lib/rialto stays.
"""

import json
import pathlib
import subprocess

# Redirecting traffic takes the first two; the others are what a root user expects to do.
CAPABILITIES = ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE", "CAP_DAC_OVERRIDE",
                "CAP_KILL", "CAP_CHOWN", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID"]
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
# Waits, and takes care of processes whose parent has died, until it is told to end.
INIT = "trap 'exit 0' TERM; while :; do sleep infinity & wait $!; done"


def libraries(program):
    """The folders outside /usr that a program takes shared libraries from."""
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True)
    found = {pathlib.Path(word).parent for line in listed.stdout.splitlines()
             for word in line.split()[2:3] if word.startswith("/")}
    return sorted(folder for folder in found if folder.parts[1] not in ("usr", *LINKS))


def mount(destination, kind, *options, source=None):
    return {"destination": str(destination), "type": kind, "source": str(source or kind),
            "options": list(options)}


def bind(source, destination=None, *, writable=False):
    return mount(destination or source, "bind", "rbind", "rprivate", "rw" if writable else "ro",
                 source=source)


def write(bundle, name, network, private, resolver, folders, environment):
    """Writes the bundle: `private` maps paths inside to folders of the container's own, `folders`
    are seen inside where they are."""
    root = bundle / "rootfs"
    for folder in ("dev", "etc", "proc", "run", "sys", "tmp", "usr", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for link, target in LINKS.items():
        if not (root / link).is_symlink():
            (root / link).symlink_to(target)
    # Where containers leave word that they are one.
    mark = bundle / "containerenv"
    mark.write_text('engine="runc"\n')
    mounts = [
        mount("/proc", "proc"),
        mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=64k"),
        mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
        mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=256m"),
        mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        mount("/tmp", "tmpfs", "nosuid", "nodev", "mode=1777"),
        mount("/run", "tmpfs", "nosuid", "nodev", "mode=755"),
        bind("/usr"), bind("/etc"), bind(resolver, "/etc/resolv.conf"),
        bind(mark, "/run/.containerenv"),
        *(bind(folder) for folder in sorted(set(folders))),
        *(bind(source, inner, writable=True) for inner, source in private.items())]
    configuration = {
        "ociVersion": "1.0.2", "hostname": name, "root": {"path": "rootfs", "readonly": True},
        "process": {
            "terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/",
            "args": ["bash", "-c", INIT], "noNewPrivileges": True,
            "env": [f"{key}={value}" for key, value in environment.items()] + ["container=runc"],
            "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")}},
        "mounts": mounts,
        "linux": {"namespaces": [
            {"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"},
            {"type": "network", "path": network}]}}
    (bundle / "config.json").write_text(json.dumps(configuration, indent=1))
