"""The alert as authorities get it, whole; its id is the same in every version, or what is open would open twice."""

import json
from hashlib import blake2b

import pytest
from test_examples import alerts_of

from processors.ledger import Standing
from processors.packed_alerts import packed_standing, unpacked_standing

LABEL = "0690123456789200047A2Y"


def id_of(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def test_the_alert_of_a_scan():
    [alert] = alerts_of("11-10 10:00 station1 receive received=11:00")
    assert alert == {
        "alert_id": id_of("station1", "example-0000", "UNKNOWN_LABEL"),
        "code": "UNKNOWN_LABEL",
        "title": {"zh": "未登记标签", "en": "Label not registered"},
        "severity": "high",
        "status": "suspected",
        "time": "2026-11-10T10:00:00+08:00",
        "raised_at": "2026-11-10T11:00:00+08:00",
        "label": LABEL,
        "scan_id": "example-0000",
        "type": "receive",
        "responsible": {"kind": "enterprise", "id": "E1", "name": "甬城燃气"},
        "districts": ["330205", "330203"],
        "to": ["market-supervision"],
        "cc": [],
        "basis": ["特种设备安全法 Art 83"],
        "evidence": {"why": "never_bound"},
    }


def test_the_alert_of_a_timer_and_its_end():
    began = "11-01 10:00 station1 load received=10:02"
    told, over = alerts_of(
        "10-31 10:00 filled", began, "until 11-02 10:05", "11-02 11:00 station1 unload received=11:01"
    )
    assert told == {
        "alert_id": id_of(LABEL, "FILLED_DWELL", "2026-11-01T10:00:00+08:00"),
        "code": "FILLED_DWELL",
        "title": {"zh": "重瓶滞留", "en": "Full cylinder standing too long"},
        "severity": "medium",
        "status": "suspected",
        "time": "2026-11-02T10:00:00+08:00",
        "raised_at": "2026-11-02T10:05:00+08:00",
        "label": LABEL,
        "scan_id": "example-0001",
        "type": "load",
        "responsible": {"kind": "enterprise", "id": "E1", "name": "甬城燃气"},
        "districts": ["330205", "330203"],
        "to": ["urban-enforcement"],
        "cc": [],
        "basis": ["城镇燃气管理条例 Art 18(5)"],
        "evidence": {"since": "2026-11-01T10:00:00+08:00", "type": "load", "site": "S1", "vehicle": "V1"},
    }
    assert over == told | {
        "status": "resolved",
        "raised_at": "2026-11-02T11:01:00+08:00",
        "reason": "it has ended: unload at 2026-11-02T11:00:00+08:00",
    }


def test_a_time_that_was_never_over_is_retracted_with_what_ended_it():
    lines = "10-31 10:00 filled", "11-01 10:00 station1 load", "until 11-02 10:05"
    *_, over = alerts_of(*lines, "11-02 09:00 station1 unload received=11:00")
    assert over["status"] == "retracted"
    assert over["reason"] == "it had ended in time: unload at 2026-11-02T09:00:00+08:00, which arrived later"


def test_a_retraction_names_the_scan_that_brought_it_about():
    filled = "11-10 10:00 bind", "11-10 10:05 station1 fill net_kg=16"
    *_, gone = alerts_of(*filled, "until 11-10 10:21", "11-10 10:04 station1 precheck received=10:22")
    assert (gone["code"], gone["status"]) == ("PREFILL_CHECK_MISSING", "retracted")
    assert gone["reason"] == "it was not so: the precheck of 2026-11-10T10:04:00+08:00 arrived later"


def test_so_does_one_that_another_label_brought_about():
    *_, gone = alerts_of(
        "11-10 10:00 bind", "11-10 10:05 bind label=second replaces=first", "11-10 10:10 station1 receive",
        "11-10 10:00 bind label=second serial=B received=10:30",
    )  # fmt: skip
    assert (gone["code"], gone["status"]) == ("SCRAPPED_IN_USE", "retracted")
    assert gone["reason"] == (
        "it was not so: the replacement by another label of 2026-11-10T10:05:00+08:00 was taken back"
    )


# 治安管理处罚法 was revised in 2025; the day begins in Shanghai.
OLD, NEW = "治安管理处罚法 Art 31", "治安管理处罚法 Art 37"


@pytest.mark.parametrize(("time", "basis"), [("2025-12-31T15:59:59Z", OLD), ("2025-12-31T16:00:00Z", NEW)])
def test_the_basis_is_as_the_law_stood_on_the_day_of_the_event(time, basis):
    *_, alert = alerts_of(f"{time} office1 missing kind=lost")
    assert (alert["code"], alert["basis"]) == ("REPORTED_MISSING", [basis])


@pytest.mark.parametrize(("time", "basis"), [("2025-12-29T15:59:59Z", OLD), ("2025-12-29T16:00:00Z", NEW)])
def test_the_basis_of_a_timer_is_as_the_law_stood_at_its_limit(time, basis):
    bound = "2025-12-20T00:00:00Z bind"
    *_, alert = alerts_of(bound, f"{time} courier1 collect customer=C1", "until 2026-01-10T00:00:00Z")
    assert (alert["code"], alert["basis"]) == ("CYLINDER_MISSING", [basis])


@pytest.mark.parametrize("time", ["2025-12-31T15:59:59Z", "2025-12-31T16:00:00Z"])
def test_at_rest_the_basis_stays_what_it_was(time):
    *_, alert = alerts_of(f"{time} office1 missing kind=lost")
    told = Standing(
        alert["alert_id"], alert["code"], "office1", alert["scan_id"], "suspected", 0, json.dumps(alert).encode()
    )
    assert json.loads(unpacked_standing(LABEL, 0, packed_standing(told, 0)).alert) == alert
