"""The public page with the whole stack behind it: a look-up goes through gateway, Kafka and worker and comes back."""

import asyncio
import json
import os
import signal

import httpx
import pytest
from page_stage import (
    OF_E2,
    OLD_CODE,
    REPAIRED,
    REPLACED,
    ROWS,
    STREET,
    WORDS,
    as_json,
    label,
    of,
    page,
    refuses,
    street,
)

from stream import topics
from tests.kafka import harness

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module")
def up(kafka, tmp_path_factory):
    """The stack, with the street's scans posted and what they say of it archived."""
    home = tmp_path_factory.mktemp("street")
    with harness.stack(kafka, home, ROWS, public_device="D-pub", public_client_rate=1000, hotline="0574-96178") as up:
        for one in street():
            (verdict,) = harness.post(up, one)
            assert "rejected" not in verdict, verdict
        harness.until("the last scan in the archive", lambda: len(harness.archived(up, of("safe"))) == 2)
        harness.until(
            "the incidents in the archive",
            lambda: len({one["label"] for one in alerts(up) if one["code"] == "INCIDENT_REPORTED"}) == 2,
        )
        yield up


@pytest.fixture
def http(up):
    with httpx.Client(base_url=up.query, timeout=20) as http:
        yield http


def alerts(up):
    return httpx.get(f"{up.query}/v1/alerts", timeout=20).json()["alerts"]


def looked_up(up):
    """Every look-up the page ever posted."""
    scans = (json.loads(record.value()) for record in harness.read_topic(up.settings.broker, topics.SCANS.name))
    return [one for one in scans if one["type"] == "lookup"]


@pytest.mark.parametrize("status", STREET)
def test_the_stream_answers_for_each_state(up, http, status):
    told = as_json(http, of(status)).json()
    assert (told["status"], told["safe"], told["live"]) == (status, status in ("safe", "due_soon"), True)
    assert told["owner"] == {"id": "E1", "name": "甬城燃气"}
    text = page(http, of(status)).text
    for word in (*WORDS[status], "tel:0574-96178"):
        assert word in text
    assert (told["next_inspection"] in text) == (
        status not in ("failed", "scrapped")
    )  # a date would say that it is good


def test_a_label_nobody_bound_is_unknown_and_alerts_nobody(up, http):
    before = len(alerts(up))
    told = as_json(http, label(901))
    assert (told.status_code, told.json()["cylinder"]["status"]) == (404, "unknown")
    harness.until("the look-up in the archive", lambda: harness.archived(up, label(901)))
    assert len(alerts(up)) == before


def test_an_old_code_is_answered_for_its_label(up, http):
    assert as_json(http, OLD_CODE).json()["label"] == of("safe")
    assert as_json(http, label(OF_E2)).json()["owner"]["id"] == "E2"


def test_a_replaced_label_is_scrapped_and_a_repaired_cylinder_is_safe(up, http):
    assert as_json(http, label(REPLACED)).json()["status"] == "scrapped"
    assert as_json(http, label(REPAIRED)).json()["status"] == "safe"


def test_each_look_up_is_a_scan_of_the_public_device_and_many_askers_are_one(up):
    async def ask():
        async with httpx.AsyncClient(base_url=up.query, timeout=20) as client:
            return await asyncio.gather(*(client.get(f"/8003/{label(902)}") for _ in range(20)))

    assert {answer.status_code for answer in asyncio.run(ask())} == {404}
    asked = looked_up(up)
    assert len([one for one in asked if one["label"] == label(902)]) == 1
    assert {one["device"] for one in asked} == {"D-pub"}
    assert len({one["scan_id"] for one in asked}) == len(asked)
    assert not [one for one in asked if one.keys() & {"operator", "site", "geo"}]


def test_while_the_worker_stands_still_the_page_says_that_nothing_is_known(up, http):
    worker = up.services.pid("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        refuses(page(http, label(903)))
    finally:
        os.kill(worker, signal.SIGCONT)
    harness.until("the worker to judge again", lambda: page(http, label(903)).status_code == 404)


def test_the_operators_look_finds_every_part_well(up, http):
    text = harness.until("all well", lambda: "ill" not in (text := http.get("/look/parts").text) and text)
    assert text.count('class="well"') == 4
    assert "甬城燃气" in http.get("/", params={"trace": of("scrapped")}).text


def test_alerts_come_by_the_stream_as_they_are_told(up, http):
    with http.stream("GET", "/v1/alerts/stream", params={"code": "INCIDENT_REPORTED", "since": ""}) as answer:
        told = [json.loads(line.removeprefix("data: ")) for line in until_ids(answer.iter_lines(), 2)]
    assert {one["label"] for one in told} == {of("reported"), label(REPAIRED)}


def until_ids(lines, count):
    """Data lines until so many different alerts were told: each authority has a copy of its own."""
    seen = set()
    while len(seen) < count:
        line = next(lines)
        if line.startswith("data: "):
            seen.add(json.loads(line.removeprefix("data: "))["alert_id"])
            yield line
