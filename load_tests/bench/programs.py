"""The programs that are run over the log: Pingliu's worker, and its peers with their output on and off."""

import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from load_tests.bench.outputs import (
    Expected,
    Written,
    WrongError,
    check_covered,
    check_peer,
    check_pingliu,
    check_silent,
)
from load_tests.bench.run import Beside, Measured, Program
from load_tests.peers import bare, kafka_streams
from load_tests.peers.environment import NoEnvironmentError, python
from load_tests.peers.given import VERDICTS, Given
from stream import topics
from stream.local.processes import free_port
from stream.settings import Settings

ROOT = Path(__file__).parents[2]
SESSION_SECONDS = 60.0
"""A program is stopped while the log is written: its group must wait for it as long."""

_OUTPUTS = (
    topics.VERDICTS,
    topics.CYLINDERS_CHANGELOG,
    topics.HOLDERS,
    topics.HOLDERS_CHANGELOG,
    *topics.ALERTS.values(),
)


@dataclass(frozen=True)
class PeerKind:
    """A peer: `scans` at most are given it a round (None: all); `command` may raise what `left_out` turns into a reason."""

    name: str
    command: Callable[[Path], Sequence[str]]
    scans: int | None = None
    warm: int | None = None


def _faust(_: Path) -> Sequence[str]:
    # --without-web: `web_enabled=False` is not enough for the worker command.
    return sys.executable, "-m", "load_tests.peers.stock_faust", "worker", "--without-web", "-l", "warn"


def _quix(folder: Path) -> Sequence[str]:
    return str(python(folder)), "-m", "load_tests.peers.quix"


def _bytewax(folder: Path) -> Sequence[str]:
    return str(python(folder)), "-m", "load_tests.peers.bytewax_flow"


PEERS = {
    # The slow ones take fewer scans: rates are compared, not totals.
    "faust": PeerKind("stock Faust", _faust, scans=20_000, warm=2_000),
    "quixstreams": PeerKind("quixstreams", _quix, scans=100_000, warm=10_000),
    "bytewax": PeerKind("bytewax", _bytewax),
    "kafka-streams": PeerKind("Kafka Streams", lambda folder: kafka_streams.build(folder / "kafka-streams")),
}


def pingliu(
    expected: Expected, settings: Settings, workers: int = 1, beside: Beside | None = None, cli: str = "stream.cli"
) -> Program:
    """The real worker, as `pingliu worker` starts it; its outputs are read whole, for the bare loop's tape."""
    command = (sys.executable, "-m", cli, "worker")
    processes = []
    for number in range(workers):
        changes = {"member": f"worker-{number}", "worker_port": free_port(), "session_seconds": SESSION_SECONDS}
        own = settings.model_copy(update=changes | {"data_dir": settings.data_dir / f"worker-{number}"})
        processes.append((command, own.environment() | paths()))
    return Program(
        name="Pingliu" if workers == 1 else f"Pingliu, {workers} workers",
        expected=expected,
        processes=processes,
        group=topics.APP_ID,
        check=check_pingliu,
        inputs=(topics.SCANS.name, topics.HOLDERS.name),
        reads=[topic.name for topic in _OUTPUTS],
        needs_registry=True,
        beside=beside,
    )


def peer(kind: str, expected: Expected, settings: Settings, home: Path, *, output: bool) -> Program:
    """A peer over a log of its length. Raises NoEnvironmentError, NoJdkError: why it cannot run here."""
    found = PEERS[kind]
    given = Given(settings.broker, _group(kind), settings.data_dir / kind, settings.partitions, output)
    given.folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name=found.name if output else f"{found.name}, output off",
        expected=expected,
        processes=[(found.command(home), given.environment() | paths())],
        group=given.group,
        check=check_peer if output else check_silent,
        reads=(VERDICTS,),
    )


def left_out(kind: str, home: Path) -> str | None:
    """Why a peer cannot be run here; None where it can. What it needs is installed or built by that."""
    try:
        PEERS[kind].command(home)
    except (NoEnvironmentError, kafka_streams.NoJdkError) as error:
        return str(error)
    return None


def bare_loop(expected: Expected, settings: Settings, of: Measured, *, output: bool, reading: bool = False) -> Program:
    """The bare loop with what Pingliu wrote `of` the measured scans in the same round as its tape."""
    log = expected.log
    given = Given(settings.broker, _group("bare"), settings.data_dir / "bare", settings.partitions, output)
    given.folder.mkdir(parents=True, exist_ok=True)
    tape = given.folder / "tape"
    since = of.began * 1000  # what was written before that was of the warm-up
    records = [one for written in of.written.values() for one in written if one.stamp >= since]
    records.sort(key=lambda one: one.stamp)
    bare.write_tape([(one.key, one.value) for one in records], tape)
    command = (
        sys.executable,
        "-m",
        "load_tests.peers.bare",
        str(tape),
        str(log.warm),
        str(len(log.records) - log.warm),
        *([bare.READING] if reading else []),
    )
    return Program(
        name="bare loop" + (", reading" if reading else "") + ("" if output else ", output off"),
        expected=expected,
        processes=[(command, given.environment() | paths())],
        group=given.group,
        check=_check_copy(len(records) if output else 0),
        reads=(bare.COPY,),
        makes=(bare.COPY,),
    )


def judging_nothing(expected: Expected, settings: Settings) -> Program:
    """The worker with its judging taken out."""
    worker = pingliu(expected, settings, cli="load_tests.peers.judging_nothing")
    return replace(worker, name="worker, judging nothing", check=check_covered, reads=(topics.VERDICTS.name,))


def _check_copy(count: int) -> Callable[..., None]:
    def check(_: Expected, written: Mapping[str, Sequence[Written]]) -> None:
        if len(written[bare.COPY]) != count:
            raise WrongError(f"{len(written[bare.COPY])} records copied, wanted {count}")

    return check


def shorter(expected: Expected, kind: str) -> Expected:
    """What a peer of this kind is given of the log."""
    found, log = PEERS[kind], expected.log
    if found.scans is None or found.scans >= log.scans:
        return expected
    return Expected(log.beginning(found.scans, found.warm or log.warm))


def _group(name: str) -> str:
    """One that never was: a member that ended without leaving would keep its partitions for a session."""
    return f"bench-{name}-{uuid.uuid4().hex[:8]}"


def paths() -> dict[str, str]:
    """So that a program finds this tree from wherever the benchmark is started."""
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])}
