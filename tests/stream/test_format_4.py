"""A changelog of the version before is read: what its worker knew goes on, and is written in this version's format."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from processors.packed import LedgerPacking
from stream.tables.partition import POSITION, Partition
from tests.stream.crashing import Changelog, Worker, kept, known, records, said
from tests.stream.scans import label, scan

# Written by the version before of these scans: a day of three cylinders with an overfill, an incident, a scan that comes
# late, a scrapping and a label that another replaces, and a code that nobody bound.
_DAY = json.loads(Path(__file__).with_name("changelog_format_4.json").read_text())
REPLACED = label(2)


def before() -> Changelog:
    """The changelog, as it was written."""
    return {b64decode(key): b64decode(value) for key, value in _DAY["changelog"].items()}


def today() -> Worker:
    """A worker that judges the same scans today."""
    found = Worker({})
    found.take(records(_DAY["scans"]))
    return found


def test_it_is_of_the_version_before() -> None:
    own = {key: value for key, value in kept(before()).items() if not key.startswith(b"@")}
    assert {value[:1] for value in own.values()} == {b"\x04"}
    assert {kept(today().changelog)[key][:1] for key in own} == {b"\x05"}


def test_what_was_known_is_known() -> None:
    (then, since), (now, position) = known(before()), known(today().changelog)
    assert since == position
    assert [by for _, by in now[REPLACED].replaced] == [label(7)]
    now[REPLACED].replaced = [(at, "") for at, _ in now[REPLACED].replaced]  # that was not written
    assert then == now


def test_the_day_goes_on() -> None:
    after, fresh = Worker(before()), today()
    more = records(
        [
            scan(60, "fill", on=1, net_kg=14.5),  # on its way after an incident
            scan(61, "fill", on=2, net_kg=14.5),
            scan(62, "receive", on=3),
            scan(63, "collect", on=2, device="D-co1", customer="C1", second=25),  # it comes late
            {"label": label(1), "type": "retired", "by": label(8)}
            | {"time": "2026-11-20T08:01:05+08:00", "received": "2026-11-20T08:01:05+08:00"},
        ],
        first=len(_DAY["scans"]),
    )
    assert said(after.take(more)) == said(fresh.take(more))
    written = {
        value[:1] for key, value in kept(after.changelog).items() if key in {label(on).encode() for on in (1, 2, 3)}
    }
    assert written == {b"\x05"}


def test_the_version_before_that_is_refused() -> None:
    changelog = kept(before())
    changelog[REPLACED.encode()] = b"\x03" + changelog[REPLACED.encode()][1:]
    del changelog[POSITION]
    with pytest.raises(ValueError, match="this version reads"):
        Partition.restored(changelog, LedgerPacking()).get(REPLACED)
