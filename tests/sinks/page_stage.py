"""A street of cylinders in every state a passer-by may meet, in a real archive, and the query service over it."""

import json
import re
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import httpx
import uvicorn
from sink_records import alert, entry, run

from processors import labels
from processors.times import SHANGHAI
from sinks.collector import Collector
from sinks.query.server import QueryService
from sinks.service import Server
from sinks.writer import Writer
from stream import topics
from stream.settings import Settings

LOGS = {topic.name: f"id/of+{topic.name}" for topic in topics.ALL}
VERDICTS, REGISTRY, FIRE = topics.VERDICTS.name, topics.REGISTRY.name, topics.ALERTS["fire-rescue"].name
LICENCE = {"no": "L1", "valid_from": "2020-01-01", "valid_to": "2099-12-31"}
ROWS = [
    {"kind": "enterprise", "id": "E1", "name": "甬城燃气", "district": "330203", "inspection_licence": LICENCE},
    {"kind": "enterprise", "id": "E2", "name": "<b>坏</b> & Söhne", "district": "330203"},
    {"kind": "site", "id": "ST1", "enterprise": "E1", "site_kind": "filling_station", "district": "330212"},
    {"kind": "site", "id": "AG1", "enterprise": "E1", "site_kind": "agency", "district": "330212"},
    {"kind": "device", "id": "D-st1", "enterprise": "E1", "device_kind": "station", "site": "ST1"},
    {"kind": "device", "id": "D-ag1", "enterprise": "E1", "device_kind": "agency", "site": "AG1"},
    {"kind": "device", "id": "D-of1", "enterprise": "E1", "device_kind": "office"},
    {"kind": "device", "id": "D-co1", "enterprise": "E1", "device_kind": "courier"},
    {"kind": "device", "id": "D-pub", "device_kind": "public"},
]
TODAY = datetime.now(SHANGHAI).date()
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
# By status: the years since it was made, its inspection as (years, days) ago, and what happened to it then.
STREET = {
    "safe": (2, (1, 0), None),
    "due_soon": (5, (4, -10), None),
    "overdue": (5, (4, 10), None),
    "expired": (13, (1, 0), None),
    "failed": (2, (1, 0), ("inspect", "D-ag1", {"result": "fail", "report": "R1"})),
    "scrapped": (2, (1, 0), ("scrap", "D-of1", {"reason": "dented"})),
    "reported": (2, (1, 0), ("incident", "D-st1", {"kind": "leak"})),
}
NUMBER = {status: number for number, status in enumerate(STREET)}
OLD_CODE = "NB-0001"  # on the safe one
OF_E2, REPLACED, REPAIRED = len(STREET), len(STREET) + 1, len(STREET) + 2
CUSTOMER, COURIER = "C-Wang-Xiaoming", "P-Li-Si"  # who must stand on no page
WORDS = {
    "safe": ("安全", "Safe"), "due_soon": ("快到期", "a date is near"), "overdue": ("过期", "overdue"),
    "expired": ("使用年限", "service life"), "failed": ("不合格", "failed"), "scrapped": ("报废", "scrapped"),
    "reported": ("安全报告", "safety report"), "unknown": ("没有登记", "not registered"),
}  # fmt: skip


def label(number):
    return labels.make("690123456789", f"G{number:05d}")


def of(status):
    return label(NUMBER[status])


def ago(years, days=0):
    try:
        return TODAY.replace(year=TODAY.year - years) - timedelta(days=days)
    except ValueError:
        return date(TODAY.year - years, 2, 28) - timedelta(days=days)


def scan(number, type, data, *, on, device="D-of1", **more):
    """Scan number n: made n seconds after the beginning. As it is posted; an archive wants `received` besides."""
    time = (BEGAN + timedelta(seconds=number)).isoformat()
    body = {"scan_id": f"street-{number:06}", "type": type, "label": label(on), "time": time, "device": device}
    return body | {"data": data} | more


def bind(number, on, made, inspected, owner="E1", **more):
    data = {"serial": f"S{on}", "maker": "M", "made": str(made), "model": "YSP35.5", "owner": owner}
    return scan(number, "bind", data | {"inspected": str(inspected)} | more, on=on)


def street():
    """Every scan of the street, in order."""
    scans = []
    for status, (made, inspected, then) in STREET.items():
        more = {"aliases": [OLD_CODE]} if status == "safe" else {}
        scans.append(bind(len(scans), NUMBER[status], ago(made), ago(*inspected), **more))
        if then:
            type, device, data = then
            scans.append(scan(len(scans), type, data, on=NUMBER[status], device=device))
    scans.append(bind(len(scans), OF_E2, ago(2), ago(1), owner="E2"))
    scans.append(bind(len(scans), REPLACED, ago(2), ago(1)))
    scans.append(bind(len(scans), REPAIRED, ago(2), ago(1), replaces=label(REPLACED)))
    scans.append(scan(len(scans), "incident", {"kind": "leak"}, on=REPAIRED, device="D-st1"))
    passed = {"result": "pass", "report": "R2", "next_due": str(ago(-4))}
    scans.append(scan(len(scans), "send_inspection", {"agency": "E1"}, on=REPAIRED))
    scans.append(scan(len(scans), "inspect", passed, on=REPAIRED, device="D-ag1"))
    carried = {"customer": CUSTOMER, "vehicle": "V-1"}
    scans.append(scan(len(scans), "deliver", carried, on=NUMBER["safe"], device="D-co1", operator=COURIER))
    return scans


def fill(client, more_alerts=()):
    """The street in an archive, as the sink puts it there."""
    collector, scans = Collector([(VERDICTS, 0), (FIRE, 0), (REGISTRY, 0)], LOGS), street()
    lines = [json.dumps(one | {"received": one["time"]}).encode() for one in scans]
    last = len(lines) - 1
    denied = entry(last, lines[last], violations=[{"code": "REALNAME_MISSING", "severity": "high", "device": "deny"}])
    collector.record(VERDICTS, 0, 0, 5, run(0, last, denied))
    for offset, line in enumerate(lines):
        collector.scan(0, offset, 5, line)
    for offset, row in enumerate(ROWS):
        collector.record(REGISTRY, 0, offset, 5, json.dumps(row).encode())
    told = [
        alert(f"incident-{one['scan_id']}", "INCIDENT_REPORTED", label=one["label"], time=one["time"], type="incident")
        for one in scans
        if one["type"] == "incident"
    ]
    for offset, value in enumerate([*told, *more_alerts]):
        collector.record(FIRE, 0, offset, 5 + offset, value)
    writer = Writer(client)
    writer.insert(collector.gather())
    return collector, writer, len(told) + len(more_alerts)


def page(http, code, **headers):
    return http.get(f"/8003/{quote(code, safe='')}", headers={"accept": "text/html,*/*;q=0.8"} | headers)


def as_json(http, code):
    return page(http, code, accept="application/json")


def refuses(answer):
    """It says that nothing is known, and whom to call all the same."""
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) > 0
    for word in ("没有回答", "No answer", "Do not rely on this page", "热线", "tel:119"):
        assert word in answer.text
    assert not re.search('class="(good|bad)"|检验不晚于', answer.text)


@contextmanager
def serving(dsn, *, sink=None, **changes):
    """The query service on a port of its own: an `httpx.Client` to ask it, and the service."""
    nowhere = {"gateway_port": 1, "worker_port": 1, "sink_port": 1}
    service = QueryService(Settings(clickhouse=dsn, **(nowhere | changes)), sink)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(service.app(), log_config=None, access_log=False, timeout_graceful_shutdown=5)
        server = Server(config, service)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=20) as http:
                yield http, service
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()
