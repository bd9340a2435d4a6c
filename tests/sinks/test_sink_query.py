"""Questions over HTTP, answered from a real archive that was filled the way the sink fills it."""

import asyncio
import json
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest
from rich.console import Console
from sink_records import alert, at, entry, label, run, scan

from sinks.collector import Collector
from sinks.query.render import print_trace
from sinks.query.server import QueryService
from sinks.writer import Writer
from stream import topics
from stream.settings import Settings

LOGS = {topic.name: f"id-of-{topic.name}" for topic in topics.ALL}
VERDICTS, REGISTRY = topics.VERDICTS.name, topics.REGISTRY.name
MARKET, FIRE = topics.ALERTS["market-supervision"].name, topics.ALERTS["fire-rescue"].name
BIND = {
    "serial": "A1", "maker": "M", "made": "2024-01-02", "model": "YSP35.5", "owner": "E012",
    "inspected": "2024-01-02", "aliases": ["NB-0001"], "replaces": label(99),
}  # fmt: skip
STORY = [
    scan(0, "bind", BIND | {"aliases": [], "replaces": None}, cylinder=99, site="ST012"),
    scan(1, "bind", BIND, site="ST012"),
    scan(2, "precheck", {"passed": True}),
    scan(3, "fill", {"net_kg": 14.4}),
    scan(4, "load", {"vehicle": "V1", "driver": "P1"}, operator="P0192"),
    scan(5, "lookup", {}),
    scan(6, "deliver", {"customer": "C7", "id_token": "tok"}, device="D-c1", operator="P2"),
    scan(7, "collect", {"customer": "C8"}, dry_run=True),
]
LICENCE = {"no": "1", "valid_from": "2020-01-01", "valid_to": "2030-01-01"}
ROWS = [
    {"kind": "enterprise", "id": "E012", "name": "甬燃", "district": "330212", "valid_from": "2020-01-01"},
    {"kind": "enterprise", "id": "E012", "name": "甬燃集团", "district": "330212", "valid_from": "2020-01-01"},
    {"kind": "site", "id": "ST012", "enterprise": "E012", "site_kind": "filling_station", "district": "330212"},
    {"kind": "device", "id": "D-st012-3", "enterprise": "E012", "device_kind": "station", "site": "ST012"},
    {"kind": "device", "id": "D-c1", "enterprise": "E012", "device_kind": "courier"},
]
L = label()


class Http:
    """Asks the application without a socket."""

    def __init__(self, app):
        self._app = app

    def get(self, path):
        async def ask():
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://query") as client:
                return await client.get(path)

        return asyncio.run(ask())


@contextmanager
def serving(dsn):
    service = QueryService(Settings(clickhouse=dsn))
    yield Http(service.app())
    service.close()


@pytest.fixture
def http(dsn, client):
    collector, writer = Collector([(VERDICTS, 0), (MARKET, 0), (FIRE, 0), (REGISTRY, 0)], LOGS), Writer(client)
    collector.record(VERDICTS, 0, 0, 5, run(0, 6, entry(6, STORY[6])))
    collector.record(VERDICTS, 0, 1, 5, run(7, 7, entry(6, STORY[6], revision=1, decision="warn")))
    for offset, value in enumerate(STORY):
        collector.scan(0, offset, 5, value)
    for offset, row in enumerate(ROWS):
        collector.record(REGISTRY, 0, offset, 5, json.dumps(row).encode())
    alerts = [
        alert("a1"),
        alert("a2", "OVERFILL"),
        alert("a1", status="retracted", reason="late"),
        alert("b", cylinder=3),
    ]
    for offset, value in enumerate(alerts):
        collector.record(MARKET, 0, offset, 5 + offset, value)
    collector.record(FIRE, 0, 0, 6, alerts[1])
    writer.insert(collector.gather())
    with serving(dsn) as http:
        yield http


def get(http, path, status=200):
    answer = http.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_cylinder_as_it_is_last_known(http):
    told = get(http, f"/v1/cylinders/{L}")
    assert {name: told[name] for name in ("bound", "serial", "maker", "made", "model", "state", "full", "labels")} == {
        "bound": True, "serial": "A1", "maker": "M", "made": "2024-01-02", "model": "YSP35.5",
        "state": "at_customer", "full": False, "labels": [label(99), L],
    }  # fmt: skip
    assert told["owner"] == {"id": "E012", "name": "甬燃集团"}
    assert told["holder"] == {"kind": "customer", "id": "C7"}
    assert told["last_fill"]["enterprise"]["id"] == "E012"
    assert (told["last_fill"]["net_kg"], told["last_fill"]["site"]) == (14.4, "ST012")
    assert (told["next_inspection"], told["end_of_life"]) == ("2028-01-02", "2032-01-02")
    assert [a["alert_id"] for a in told["open_alerts"]] == ["a2"]
    assert told["counts"] == {"scans": 8, "denied": 0, "late": 0, "alerts": 2}


def test_a_trace_names_every_hand_and_who_answers(http):
    told = get(http, f"/v1/cylinders/{L}/trace")
    assert [hand["type"] for hand in told["hands"]] == ["bind", "bind", "precheck", "fill", "load", "deliver"]
    last = told["hands"][-1]
    assert (last["customer"], last["decision"], last["revised"]) == ("C7", "warn", True)
    assert last["enterprise"] == {"id": "E012", "name": "甬燃集团"}
    assert told["responsible"]["owner"]["id"] == told["responsible"]["filler"]["id"] == "E012"
    assert told["responsible"]["alert"]["alert_id"] == "a2"


def test_a_trace_is_readable_in_a_pipe(http):
    console = Console(width=140, record=True, force_terminal=False)
    print_trace(get(http, f"/v1/cylinders/{L}/trace"), console)
    text = console.export_text()
    for word in ("甬燃集团 E012", "充装 fill", "配送 deliver", "customer C7", "OVERFILL", "末次充装 last fill"):
        assert word in text


def test_history_comes_in_pages_newest_last_with_the_latest_revision(http):
    page = get(http, f"/v1/cylinders/{L}/history?limit=3")
    assert [(s["offset"], s["revised"]) for s in page["scans"]] == [(5, False), (6, True), (7, False)]
    revised = page["scans"][1]
    assert revised["verdict"]["decision"] == "warn"
    assert "id_token" not in revised["scan"]["data"]
    plain = page["scans"][2]["verdict"]
    assert (plain["decision"], plain["violations"], plain["dry_run"]) == ("allow", [], True)
    assert plain["judged_at"] == "2026-11-23T10:00:09+08:00"
    assert page["scans"][0]["scan"]["time"] == "2026-11-23T10:00:05+08:00"
    earlier = get(http, f"/v1/cylinders/{L}/history?limit=3&before={page['before']}")
    first = get(http, f"/v1/cylinders/{L}/history?limit=3&before={earlier['before']}")
    assert [s["offset"] for s in first["scans"] + earlier["scans"]] == [1, 2, 3, 4]
    assert first["before"] is None


@pytest.mark.parametrize("code", ["NB-0001", f"https://id.pingliu.example/8003/{L}", f"HTTPS://x.example/8003/{L}?a=1"])
def test_a_link_or_an_old_code_means_the_same_cylinder(http, code):
    assert get(http, f"/v1/cylinders/{quote(code, safe='')}")["label"] == L


def test_alerts_as_they_stand(http):
    def ids(query):
        return sorted(a["alert_id"] for a in get(http, f"/v1/alerts?{query}")["alerts"])

    assert ids("") == ["a1", "a2", "b"]
    assert ids("authority=fire-rescue") == ["a2"]
    assert ids(f"label={L}&code=INSPECTION_OVERDUE_FILL") == ["a1"]
    assert len(ids("limit=2")) == 2
    (retracted,) = get(http, "/v1/alerts?code=INSPECTION_OVERDUE_FILL&label=" + L)["alerts"]
    assert (retracted["status"], retracted["reason"]) == ("retracted", "late")
    assert at(5) == retracted["time"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/cylinders/{label(77)}", 404),
        (f"/v1/cylinders/{label(77)}/history", 404),
        ("/v1/cylinders/x' OR 1=1 --/trace", 404),
        ("/nowhere", 404),
        (f"/v1/cylinders/{L}/history?limit=0", 400),
        (f"/v1/cylinders/{L}/history?limit=99999999999999", 400),
        (f"/v1/cylinders/{L}/history?before=yesterday", 400),
        ("/v1/alerts?authority=nobody", 400),
    ],
)
def test_errors_are_problem_documents(http, path, status):
    answer = http.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == answer.json()["status"] == status


def test_health(http):
    assert get(http, "/healthz") == {"status": "alive"}
    assert get(http, "/readyz") == {"status": "ready"}
    assert http.get("/metrics").headers["content-type"].startswith("text/plain")


def test_a_server_that_is_down_is_a_problem_and_not_ready():
    with serving("clickhouse://127.0.0.1:1/default") as http:
        assert get(http, "/readyz", 503)["status"] == 503
        answer = http.get(f"/v1/cylinders/{L}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
