"""Records as the gateway and the worker write them, for the sink's tests."""

import json
from datetime import UTC, datetime, timedelta

from processors import labels

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
JUDGED = "2026-11-23T10:00:09+08:00"


def label(n=0):
    return labels.make("690123456789", f"{n:07X}")


def at(seconds):
    return (T0 + timedelta(seconds=seconds)).isoformat()


def scan(n, type="fill", data=None, *, cylinder=0, **more):
    """Scan number n: sent n seconds after T0 and received 100 ms later."""
    data = {"net_kg": 14.4, "scale": "S3"} if data is None and type == "fill" else data or {}
    body = {
        "scan_id": f"scan-{n:08}",
        "type": type,
        "label": label(cylinder),
        "time": at(n),
        "received": at(n + 0.1),
        "device": "D-st012-3",
        "operator": "P0192",
        "data": data,
    }
    return json.dumps(body | more).encode()


def tick(n):
    return json.dumps({"type": "tick", "received": at(n)}).encode()


def entry(offset, scan_bytes, **more):
    """What a run tells of the scan at that offset: denied, unless `more` says otherwise."""
    told = json.loads(scan_bytes)
    verdict = {
        "offset": offset,
        "scan_id": told["scan_id"],
        "label": told["label"],
        "type": told["type"],
        "decision": "deny",
        "violations": [{"code": "INSPECTION_OVERDUE_FILL", "severity": "critical", "device": "deny"}],
        "prevented": [],
        "late": False,
        "dry_run": False,
        "time": told["time"],
    }
    return verdict | more


def run(first, last, *entries, judged_at=JUDGED):
    return json.dumps({"from": first, "to": last, "judged_at": judged_at, "verdicts": list(entries)}).encode()


def alert(alert_id, code="INSPECTION_OVERDUE_FILL", status="suspected", *, cylinder=0, **more):
    body = {
        "alert_id": alert_id,
        "code": code,
        "title": {"zh": "超期未检充装", "en": "Filled past its inspection date"},
        "severity": "critical",
        "status": status,
        "time": at(5),
        "raised_at": at(6),
        "label": label(cylinder),
        "scan_id": "scan-00000005",
        "type": "fill",
        "responsible": {"kind": "enterprise", "id": "E012", "name": "甬燃"},
        "districts": ["330212"],
        "to": ["market-supervision"],
        "cc": [],
        "basis": ["浙江特种设备条例 Art 10(2)"],
        "evidence": {"due": "2026-08-31"},
    }
    return json.dumps(body | more, ensure_ascii=False).encode()
