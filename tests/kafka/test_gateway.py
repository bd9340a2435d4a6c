"""The gateway as a device meets it, with a real broker and a real worker behind it."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from stream import topics
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import CYCLE, bind, cycle, label, scan

pytestmark = pytest.mark.kafka

SECRET = "330203199001011234"


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("gateway")) as running:
        yield running


def send(up: Stack, body: bytes, **headers: str) -> httpx.Response:
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{up.gateway}/v1/scans", content=body, headers=named, timeout=40)


def rejected(up: Stack) -> list[Any]:
    return harness.read_topic(up.settings.broker, topics.REJECTED.name)


def test_every_process_says_that_it_lives_and_is_ready(up: Stack) -> None:
    for base in (up.gateway, up.worker, up.query):
        for path in ("healthz", "readyz", "metrics"):
            assert httpx.get(f"{base}/{path}").status_code == 200, f"{base}/{path}"


def test_a_cycle_is_allowed_and_each_form_of_body_is_answered_in_order(up: Stack) -> None:
    scans = [bind(1, on=1), *cycle(2, on=1)]
    lines = b"\n".join(json.dumps(one).encode() for one in scans)
    array = json.dumps(scans).encode()
    for body, headers in (
        (array, {}),
        (gzip.compress(array), {"content_encoding": "gzip"}),
        (zstandard.compress(array), {"content_encoding": "zstd"}),
        (lines, {"content_type": "application/x-ndjson"}),
    ):
        reply = send(up, body, prefer="wait=20", **headers)
        assert (reply.status_code, reply.headers["preference-applied"]) == (200, "wait=20")
        answers = reply.json()["verdicts"]
        assert [one["scan_id"] for one in answers] == [one["scan_id"] for one in scans]
        assert {one["decision"] for one in answers} == {"allow"}
    assert all(one["duplicate"] for one in answers)
    assert answers[1]["condition"] == {
        "state": "in_service", "full": False, "owner": "E1", "next_inspection": "2028-01-01", "end_of_life": "2030-01-01",
    }  # fmt: skip


def test_without_prefer_the_answer_is_202_with_counts(up: Stack) -> None:
    first = scan(20, on=2, type="scrap", reason="old")
    bad = scan(21, on=2, type="fill")
    reply = send(up, json.dumps([first, bad, first]).encode())
    assert reply.status_code == 202
    body = reply.json()
    assert (body["accepted"], body["duplicates"]) == (1, 1)
    assert body["rejected"] == [
        {"index": 1, "scan_id": "scan-000021", "error": {"field": "data.net_kg", "reason": "is missing"}}
    ]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"scan_id": ', {}, 400),
        (b"\x1f\x8b broken", {"content_encoding": "gzip"}, 400),
        (b"{}", {"content_encoding": "br"}, 415),
        (b"a,b", {"content_type": "text/csv"}, 415),
        (json.dumps([scan(n) for n in range(1001)]).encode(), {}, 413),
        (b'"' + b"x" * 300_000 + b'"', {}, 413),
        (gzip.compress(bytes(100_000_000)), {"content_encoding": "gzip"}, 413),
    ],
)
def test_a_request_that_cannot_be_read_is_a_problem_document(
    up: Stack, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = send(up, body, **headers)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert (reply.json()["status"], bool(reply.json()["detail"])) == (status, True)


def test_other_paths_and_methods_say_what_is_taken(up: Stack) -> None:
    assert httpx.get(f"{up.gateway}/v1/scans").status_code == 405
    assert httpx.post(f"{up.gateway}/nowhere").status_code == 404


def test_a_wrong_check_character_is_denied_not_rejected(up: Stack) -> None:
    good = label(3)
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    (answer,) = harness.post(up, scan(30, "fill", net_kg=14.0) | {"label": wrong})
    assert (answer["decision"], answer["violations"][0]["code"]) == ("deny", "UNKNOWN_LABEL")


def test_a_scan_from_the_future_is_told_why(up: Stack) -> None:
    late = scan(31) | {"time": "2026-11-20T09:00:00+08:00"}
    (answer,) = harness.post(up, late)
    assert answer["rejected"]["field"] == "time"
    assert "ahead" in answer["rejected"]["reason"]


def test_rejects_are_kept_as_they_came_without_identity_numbers(up: Stack) -> None:
    before = len(rejected(up))
    bad = scan(32, "deliver", device="D-none", id_number=SECRET)
    assert send(up, json.dumps(bad).encode()).status_code == 202
    assert send(up, b'{"id_number": "' + SECRET.encode()).status_code == 400
    kept = rejected(up)
    assert len(kept) == before + 2
    assert any(json.loads(record.value()).get("scan_id") == "scan-000032" for record in kept)
    for record in [*kept, *harness.read_topic(up.settings.broker, topics.SCANS.name)]:
        assert SECRET.encode() not in (record.value() or b"") + str(record.headers()).encode()


def test_a_type_the_device_may_not_send_is_403_and_a_conflict_is_409(up: Stack) -> None:
    assert send(up, json.dumps(scan(33, "deliver", on=3)).encode()).status_code == 403
    assert send(up, json.dumps(scan(34, on=3)).encode()).status_code == 202
    again = scan(34, on=3) | {"operator": "another"}
    assert send(up, json.dumps(again).encode()).status_code == 409


def test_the_same_scan_a_hundred_times_has_one_effect(up: Stack) -> None:
    harness.post(up, bind(40, on=4))
    over = scan(41, "fill", on=4, net_kg=16.0)
    answers = harness.post(up, [over] * 100)
    assert {one["decision"] for one in answers} == {"deny"}
    assert sum("duplicate" not in one for one in answers) == 1
    alerts = [one for one in harness.standing_alerts(up.settings.broker).values() if one["label"] == label(4)]
    assert [one["code"] for one in alerts] == ["OVERFILL"]
    harness.until("both scans in the archive", lambda: len(harness.archived(up, label(4))) == 2)


def test_an_alert_lies_under_its_district_with_each_authority(up: Stack) -> None:
    harness.post(up, [bind(45, on=6), scan(46, "incident", on=6, kind="leak")])
    told = {
        record.topic(): (record.key(), json.loads(record.value()))
        for topic in topics.ALERTS.values()
        for record in harness.read_topic(up.settings.broker, topic.name)
        if json.loads(record.value())["scan_id"] == "scan-000046"
    }
    wanted = {
        f"alerts.{name}" for name in ("fire-rescue", "market-supervision", "urban-enforcement", "public-security")
    }
    assert told.keys() == wanted
    assert {key for key, _ in told.values()} == {b"330212"}
    (alert,) = {json.dumps(alert) for _, alert in told.values()}
    assert json.loads(alert)["districts"] == ["330212", "330203"], "the site's first, then the enterprise's home"


def test_time_passes_in_every_partition_by_the_posters_clock(up: Stack) -> None:
    latest = scan(4000, on=7)["received"]
    harness.post(up, scan(4000, on=7))

    def ticked() -> bool:
        told = {
            record.partition(): datetime.fromisoformat(json.loads(record.value())["received"])
            for record in harness.read_topic(up.settings.broker, topics.SCANS.name)
            if record.key() is None
        }
        return len(told) == up.settings.partitions and set(told.values()) == {datetime.fromisoformat(latest)}

    harness.until("a tick of the latest arrival in every partition", ticked)


def test_a_cylinder_is_traced_from_the_command_line(up: Stack) -> None:
    harness.post(up, [bind(1048, on=8), *cycle(1049, on=8)])
    harness.until("the cycle in the archive", lambda: len(harness.archived(up, label(8))) == 1 + CYCLE)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stream.cli", "trace", "--query", up.query, *arguments],
            capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "160"},
        )  # fmt: skip

    shown = command(f"https://id.example/8003/{label(8)}")
    assert shown.returncode == 0, shown.stderr
    for part in (label(8), "甬城燃气", "充装 fill", "14.5 kg", "配送 deliver", "C1", "P1"):
        assert part in shown.stdout, part
    hands = json.loads(command(label(8), "--json").stdout)["hands"]
    assert [hand["type"] for hand in hands] == ["bind", *(one["type"] for one in cycle(49))]
    unknown = command(label(99))
    assert (unknown.returncode, "never" in unknown.stderr or "no " in unknown.stderr) == (1, True), unknown.stderr


def test_registry_changes_count_from_their_arrival(up: Stack, tmp_path: Path) -> None:
    from stream.registry_load import load  # noqa: PLC0415 - only here

    harness.post(up, bind(50, on=5))
    (before,) = harness.post(up, scan(51, "precheck", on=5, passed=True))
    lines = tmp_path / "change.jsonl"
    suspended = {"no": "L1", "valid_from": "2020-01-01", "valid_to": "2030-12-31", "suspended": True}
    lines.write_text(
        json.dumps(
            {"kind": "enterprise", "id": "E1", "name": "甬城燃气", "district": "330203", "filling_licence": suspended}
        )
    )
    load(up.settings, lines)
    number = iter(range(52, 152))

    def denied() -> bool:
        (answer,) = harness.post(up, scan(next(number), "precheck", on=5, passed=True))
        return bool(answer["prevented"] == ["UNLICENSED_FILLING"])

    assert before["prevented"] == []
    harness.until("the suspension to be judged by", denied)
    alerts = harness.standing_alerts(up.settings.broker).values()
    assert not [one for one in alerts if one["code"] == "UNLICENSED_FILLING"], "what is prevented is not alerted"
    lines.write_text(lines.read_text().replace(', "suspended": true', ""))
    load(up.settings, lines)


def test_metrics_count_what_happened(up: Stack) -> None:
    text = httpx.get(f"{up.gateway}/metrics").text + httpx.get(f"{up.worker}/metrics").text
    for name in (
        'pingliu_gateway_accepted_scans_total{type="bind"}',
        'pingliu_gateway_rejected_scans_total{field="data.net_kg"}',
        'pingliu_worker_judged_scans_total{decision="deny"}',
        'pingliu_worker_alerts_total{code="OVERFILL"}',
        "pingliu_worker_verdict_seconds_count",
        'pingliu_worker_lag_records{partition="0"}',
        "pingliu_worker_restoring 0.0",
        'pingliu_registry_rows{kind="enterprise"} 1.0',
    ):
        assert name in text, name
