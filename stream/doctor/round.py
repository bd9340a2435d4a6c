"""The doctor's round: every look, in an order in which one may work through what is found, each told as it is done."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from stream.doctor import machine, servers
from stream.doctor.finding import Finding
from stream.doctor.servers import Connect
from stream.settings import CONFIG_FILE, Settings
from stream.terminal import out, write_line

_MARK: Final = {"ok": ("ok ", "green"), "note": ("-- ", "yellow"), "trouble": ("BAD", "bold red")}


def findings(settings: Settings, connect: Connect) -> Iterator[Finding]:
    """Every look. `connect` opens a ClickHouse to read in."""
    yield machine.java()
    yield machine.kafka_files()
    yield machine.disk(settings.data_dir)
    yield from machine.ports(settings)
    yield from servers.broker(settings)
    yield from servers.archive(settings, connect)
    yield machine.clock()
    yield servers.settings_in_force(settings, Path(os.environ.get("PINGLIU_CONFIG", CONFIG_FILE)))


def tell(settings: Settings, connect: Connect, *, as_json: bool) -> bool:
    """Make the round and print it, a line each; whether there is no trouble."""
    troubles = 0
    for finding in findings(settings, connect):
        troubles += finding.state == "trouble"
        if as_json:
            write_line(msgspec.json.encode(finding))
        else:
            _print(finding)
    if not as_json:
        count = f"{troubles} trouble{'s' if troubles > 1 else ''}" if troubles else "no trouble"
        out.print(count, style="bold red" if troubles else "green", highlight=False)
    return troubles == 0


def _print(finding: Finding) -> None:
    mark, colour = _MARK[finding.state]
    do = f": {finding.do}" if finding.do else ""
    out.print(f"[{colour}]{mark}[/]", end="  ")
    out.print(f"{finding.check:14}  {finding.says}{do}", highlight=False, markup=False, soft_wrap=True)
