"""The row of the gateway: batches of 500 scans over HTTP, signatures off, beside a bare decode-and-produce loop of the same.

- *Pingliu*: the real process `pingliu gateway --insecure-devices`. From the first of the measured posts until the last is
  answered 202, which it is when Kafka has all of its scans; four connections, each with one post under way. CPU of its
  process.
- *bare*: the same bodies in memory: each is split, each scan decoded into the same typed struct, and its bytes produced under
  its label with the same producer settings, until Kafka has all of them. No HTTP, no checks, nothing remembered.
- Both have worked off a tenth of the posts before, as a warm-up. Compared: `scans` holds the same records after each, key
  and value, no more and no fewer; ticks, which the gateway writes by itself, are left aside.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from load_tests.bench.city_log import make_log
from load_tests.bench.http_client import Connection, batch
from load_tests.bench.process import Process
from load_tests.bench.programs import paths
from load_tests.bench.results import Figures, Report, Target
from load_tests.bench.run import PATIENCE_S, RunError
from load_tests.bench.services import gateway
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker
from stream import registry_load, topics

BATCH = 500
_CONNECTIONS = 4
Taken = tuple[float, float]  # seconds, CPU seconds
_Records = Counter[tuple[bytes | None, bytes]]


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    log = make_log(asked.scans, PARTITIONS)
    scans = [record for record in log.records if record.key is not None]
    bodies = [batch([one.value for one in scans[at : at + BATCH]]) for at in range(0, len(scans), BATCH)]
    wanted: _Records = Counter((one.key, one.value) for one in scans)
    warm = max(1, len(bodies) // 10)
    count = len(scans) - warm * BATCH
    ours, theirs = Figures("gateway", count=count), Figures("bare decode and produce", count=count)
    with broker(asked, "gateway") as setting:
        for number in range(1, asked.rounds + 1):
            for found, take in ((ours, _gateway), (theirs, _bare)):
                asked.say(f"gateway, round {number} of {asked.rounds}: {found.name}")
                setting.empty()
                try:
                    setting.bus.make_topics()
                    rows = setting.folder / "registry.jsonl"
                    rows.write_bytes(b"\n".join(log.registry))
                    registry_load.load(setting.settings, rows)
                    seconds, cpu = take(setting, bodies, warm)
                    compare(setting, wanted, found.name)
                finally:
                    setting.bus.delete_topics()
                found.rates.append(count / seconds)
                found.cpu.append(cpu / count * 1e6)
    ratios = [one / other for one, other in zip(ours.rates, theirs.rates, strict=True)]
    cpu_ratios = [one / other for one, other in zip(ours.cpu, theirs.cpu, strict=True)]
    row = f"gateway, batches of {BATCH}"
    return Report(
        [ours, theirs],
        [
            Target(row, "speed over bare decode and produce", ratios, 0.3, 0.5),
            Target(row, "CPU a scan", cpu_ratios, more=False),
        ],
    )


def _gateway(setting: Setting, bodies: Sequence[bytes], warm: int) -> Taken:
    with gateway(setting) as process:
        asyncio.run(_post_all(setting, bodies[:warm]))
        began, cpu = time.monotonic(), process.cpu
        asyncio.run(_post_all(setting, bodies[warm:]))
        return time.monotonic() - began, process.cpu - cpu


async def _post_all(setting: Setting, bodies: Sequence[bytes]) -> None:
    coming = iter(bodies)

    async def post() -> None:
        async with Connection(setting.settings.host, setting.settings.gateway_port) as connection:
            for body in coming:
                status, answer = await connection.post(body)
                if status != 202 or json.loads(answer)["rejected"]:
                    raise RunError(f"the gateway answered {status}: {answer[:200]!r}")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_CONNECTIONS):
            tasks.create_task(post())


def _bare(setting: Setting, bodies: Sequence[bytes], warm: int) -> Taken:
    given, told = setting.folder / "bodies", setting.folder / "bare.json"
    given.write_bytes(msgspec.msgpack.encode(bodies))
    arguments = (setting.settings.broker, topics.SCANS.name, str(warm), str(given), str(told))
    command = (sys.executable, "-m", "load_tests.peers.bare_gate", *arguments)
    with Process(command, paths(), setting.folder / "bare.log") as loop:
        if loop.wait(PATIENCE_S) != 0:
            raise RunError(f"the bare loop failed\n{loop.log_tail}")
    seconds, cpu = json.loads(told.read_bytes())
    return seconds, cpu


def compare(setting: Setting, wanted: _Records, name: str) -> None:
    """Raises RunError where the log does not hold just these scans."""
    written = setting.bus.read([topics.SCANS.name])[topics.SCANS.name]
    found: _Records = Counter((record.key, record.value or b"") for record in written if record.key is not None)
    if found != wanted:
        missing, more = (wanted - found).total(), (found - wanted).total()
        raise RunError(f"{name}: {missing} scans are missing in the log and {more} too many or changed")
