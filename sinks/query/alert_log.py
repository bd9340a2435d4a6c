"""Where the archive stands in the alerts, and what came after a place: alerts as a log that one may read on.

A place is a position for each partition of each topic of alerts, by the id of the topic (`log`). Rows are in the archive
before their position is, so all that lies below a position can be read, and nothing comes to lie there later.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from sinks.connection import Client

Partition = tuple[str, int]  # log, partition
Place = Mapping[Partition, int]  # the next offset of each; 0 where it is not named

ROWS: Final = 500  # of a partition in one reading
PLACE_AT_MOST: Final = 4_096  # characters of a place: a city has five logs of three partitions, some 200
_LOG_PLACE: Final = re.compile(r"([^:;,\s]{1,64}):((?:\d{1,6}=\d{1,18})(?:,\d{1,6}=\d{1,18})*)", re.ASCII)


class Entry(Struct, frozen=True, kw_only=True):
    """One record of a topic of alerts. `place` is where to read on after it; `alert` the record as told, JSON."""

    place: Place
    authority: str
    code: str
    label: str
    districts: list[str]
    alert: str


def written(place: Place) -> str:
    """A place as text: `log:partition=offset,…;log:…`."""
    logs: dict[str, list[str]] = {}
    for (log, partition), offset in sorted(place.items()):
        logs.setdefault(log, []).append(f"{partition}={offset}")
    return ";".join(f"{log}:{','.join(offsets)}" for log, offsets in logs.items())


def parsed(text: str) -> Place:
    """The place of a text that `written` gave. Raises ValueError where it is none."""
    place: dict[Partition, int] = {}
    for part in text.split(";") if text else ():
        found = _LOG_PLACE.fullmatch(part)
        if found is None or len(text) > PLACE_AT_MOST:
            raise ValueError("no place in the alerts")
        for one in found[2].split(","):
            partition, _, offset = one.partition("=")
            place[found[1], int(partition)] = int(offset)
    return place


def stand(client: Client) -> Place:
    """Where the archive stands now."""
    rows = client.query(
        "SELECT log, partition, max(position) FROM positions WHERE startsWith(topic, 'alerts.') GROUP BY log, partition"
    ).result_rows
    return {(log, int(partition)): int(position) for log, partition, position in rows}


def between(client: Client, start: Place, end: Place) -> list[Entry]:
    """Alerts from `start` on, below `end`: of each partition the first `ROWS`, in its own order. Empty: there is nothing.

    To read on, start at the place of the last entry. Over partitions they come by time as far as each one's order allows.
    """
    gaps = [(*partition, start.get(partition, 0), to) for partition, to in end.items() if start.get(partition, 0) < to]
    if not gaps:
        return []
    ranges = " OR ".join(
        f"(log = {{log{i}:String}} AND partition = {partition:d} AND offset >= {low:d} AND offset < {high:d})"
        for i, (_, partition, low, high) in enumerate(gaps)
    )
    selected = client.query(
        "SELECT log, partition, offset, toUnixTimestamp64Milli(kafka_time), authority, code, label, districts, alert "  # noqa: S608 - numbers of ours
        f"FROM (SELECT * FROM alerts WHERE {ranges} LIMIT 1 BY log, partition, offset) "
        f"ORDER BY offset LIMIT {ROWS} BY log, partition",
        parameters={f"log{i}": log for i, (log, _, _, _) in enumerate(gaps)},
    ).result_rows
    latest: dict[Partition, int] = {}
    timed = []
    for row in selected:
        partition, at = (row[0], int(row[1])), int(row[3])
        latest[partition] = max(at, latest.get(partition, at))  # what a producer dates back stays in its order
        timed.append((latest[partition], row))
    place, entries = dict(start), []
    for _, row in sorted(timed, key=lambda one: (one[0], one[1][:3])):
        place[row[0], int(row[1])] = int(row[2]) + 1
        entries.append(
            Entry(place=dict(place), authority=row[4], code=row[5], label=row[6], districts=list(row[7]), alert=row[8])
        )
    return entries
