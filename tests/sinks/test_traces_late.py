"""A trace of scans that came late, were taken back, or came again when nobody remembered them."""

import json

import msgspec
import pytest
from rich.console import Console
from sink_records import entry, label, run, scan

from processors.parameters import DEFAULT
from sinks.collector import Collector
from sinks.query.reading import history
from sinks.query.render import print_trace
from sinks.query.traces import trace
from sinks.writer import Writer
from stream import topics

LOGS = {topic.name: f"id-of-{topic.name}" for topic in topics.ALL}
VERDICTS, REGISTRY = topics.VERDICTS.name, topics.REGISTRY.name
OFFICE, OTHER = "D-office1", "D-office2"
ROWS = [
    {"kind": "device", "id": "D-st012-3", "enterprise": "E1", "device_kind": "station"},
    {"kind": "device", "id": OFFICE, "enterprise": "E1", "device_kind": "office"},
    {"kind": "device", "id": OTHER, "enterprise": "E2", "device_kind": "office"},
]
DAY = 86_400
BIND = {"serial": "A", "maker": "M", "made": "2024-01-02", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-02"}


def void(n, of, device=OFFICE, **more):
    taken = json.loads(of)
    data = {"scan_id": taken["scan_id"], "device": taken["device"], "reason": "a mistake"}
    return scan(n, "void", data, device=device, **more)


@pytest.fixture
def archive(client):
    """Fills the archive with these scans, in order of arrival, and what is told of them; gives its trace."""

    def fill(*scans, told=()):
        collector, writer = Collector([(VERDICTS, 0), (REGISTRY, 0)], LOGS), Writer(client)
        for offset, row in enumerate(ROWS):
            collector.record(REGISTRY, 0, offset, 5, json.dumps(row).encode())
        collector.record(VERDICTS, 0, 0, 5, run(0, len(scans) - 1, *told))
        for offset, value in enumerate(scans):
            collector.scan(0, offset, 5, value)
        writer.insert(collector.gather())
        found = trace(client, label(), DEFAULT)
        assert found is not None
        return found

    return fill


def taken_back(found):
    return [hand.type for hand in found.hands if hand.taken_back]


def test_a_scan_taken_back_stands_with_a_mark_and_counts_no_more(archive):
    scrap = scan(2, "scrap", {"reason": "old"}, device=OFFICE)
    found = archive(scan(1, "bind", BIND), scrap, void(3, scrap), scan(4))
    assert [hand.type for hand in found.hands] == ["bind", "scrap", "void", "fill"]
    assert taken_back(found) == ["scrap"]
    assert (found.cylinder.state, found.cylinder.full) == ("in_service", True)
    console = Console(width=140, record=True, force_terminal=False)
    print_trace(msgspec.to_builtins(found), console)
    (line,) = [line for line in console.export_text().splitlines() if "撤 taken back" in line]
    assert "scrap" in line


def test_a_void_by_another_enterprise_took_nothing_back(archive):
    scrap = scan(2, "scrap", {"reason": "old"}, device=OFFICE)
    found = archive(scan(1, "bind", BIND), void(3, scrap, OTHER), scrap)
    assert (taken_back(found), found.cylinder.state) == ([], "scrapped")


@pytest.mark.parametrize(("later", "taken"), [(3 * DAY, ["fill"]), (3 * DAY + 1, [])])
def test_a_void_reaches_as_far_as_the_window(archive, later, taken):
    fill = scan(2)
    found = archive(scan(1, "bind", BIND), fill, scan(2 + later, "precheck", {"passed": True}), void(3 + later, fill))
    assert taken_back(found) == taken


@pytest.mark.parametrize(("checks", "taken"), [(63, ["fill"]), (64, [])])
def test_a_void_reaches_the_last_64_scans(archive, checks, taken):
    fill = scan(2)
    others = [scan(3 + n, "postcheck", {"passed": True}) for n in range(checks)]
    assert taken_back(archive(scan(1, "bind", BIND), fill, *others, void(90, fill))) == taken


def test_a_scrap_is_taken_back_long_after_and_one_that_waits_for_its_scan_too(archive):
    scrap = scan(2, "scrap", {"reason": "old"}, device=OFFICE)
    late = scan(5, "fill", received=json.loads(scan(8 * DAY))["time"])
    found = archive(
        scan(1, "bind", BIND), scrap, scan(7 * DAY, "precheck", {"passed": True}), void(7 * DAY + 1, scrap),
        void(7 * DAY + 2, late), late,
    )  # fmt: skip
    assert taken_back(found) == ["scrap", "fill"]
    assert (found.cylinder.state, found.cylinder.full) == ("in_service", False)


def test_what_came_again_after_a_week_is_one_hand(archive, client):
    fill = json.loads(scan(2))
    again = json.dumps(fill | {"received": json.loads(scan(7 * DAY + 9))["time"]}).encode()
    scans = scan(1, "bind", BIND), scan(2), scan(7 * DAY, "precheck", {"passed": True}), again
    told = entry(3, again, decision="allow", violations=[], late=True)
    found = archive(*scans, told=[told])
    assert [(hand.type, hand.late) for hand in found.hands] == [("bind", False), ("fill", False), ("precheck", False)]
    assert [row.offset for row in history(client, label())] == [0, 1, 2]


def test_of_one_moment_hands_stand_in_the_order_in_which_they_count(archive):
    load = scan(3, "load", {"vehicle": "V1"})
    fill = scan(2, time=json.loads(load)["time"], received=json.loads(scan(9))["time"])
    found = archive(scan(1, "bind", BIND), load, fill)
    assert [hand.type for hand in found.hands] == ["bind", "fill", "load"]
