"""What a request comes to before Kafka hears of it."""

import json
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from processors.aliases import Aliases
from processors.model import Reject, Scan
from processors.registry import parse_row
from stream import topics
from stream.gateway.admission import Admission, Admitted, status_of
from stream.gateway.posted import Posted, take_apart
from stream.gateway.problems import Reply
from stream.gateway.tokens import Tokens
from tests.stream.scans import PARAMETERS, bind, label, registry, rows, scan

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "330203199001011234"


def admission(aliases: Aliases | None = None, *, trial: bool = True) -> Admission:
    return Admission(registry(), aliases or Aliases(), Tokens("k"), PARAMETERS, trial=trial)


def posted(document: Any, content_type: str = "application/json") -> Posted:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    result = take_apart(body, content_type)
    assert isinstance(result, Posted), result
    return result


def admit(gate: Admission, document: Any) -> Admitted:
    return gate.admit(posted(document), NOW)


def refused(document: Any, content_type: str = "application/json") -> int:
    result = take_apart(document if isinstance(document, bytes) else json.dumps(document).encode(), content_type)
    assert isinstance(result, Reply)
    return result.status


def test_object_array_and_ndjson_are_the_same_scans() -> None:
    scans = [bind(1), scan(2), scan(3)]
    lines = b"\n".join(json.dumps(one).encode() for one in scans) + b"\n\n"
    array, ndjson = posted(scans), posted(lines, "application/x-ndjson")
    assert array.scans == ndjson.scans
    assert not array.single
    assert posted(scans[0]).single


@pytest.mark.parametrize("body", [b"", b"{", b"5", b'"x"', b"[1", b"\xff\xfe{}", b"{} {}", b"null"])
def test_a_body_that_does_not_parse_is_400(body: bytes) -> None:
    assert refused(body) == 400


def test_1001_scans_are_413_and_1000_are_not() -> None:
    many = [scan(number) for number in range(1001)]
    assert refused(many) == 413
    assert refused(b"\n".join(json.dumps(one).encode() for one in many), "application/x-ndjson") == 413
    assert len(posted(many[:1000]).scans) == 1000


def test_another_content_type_is_415() -> None:
    assert refused(scan(1), "text/csv") == 415


def test_a_line_that_does_not_parse_is_one_reject_among_the_others() -> None:
    lines = json.dumps(scan(1)).encode() + b"\n{broken\n" + json.dumps(scan(2)).encode()
    scans = posted(lines, "application/x-ndjson").scans
    assert [isinstance(one, Reject) for one in scans] == [False, True, False]


def test_the_key_is_the_bare_label_and_the_record_is_the_scan_with_its_arrival() -> None:
    link = scan(1) | {"label": f"https://id.example/8003/{scan(1)['label']}"}
    record = admit(admission(), link).records[0]
    assert (record.topic, record.key) == (topics.SCANS.name, scan(1)["label"].encode())
    assert json.loads(record.value)["label"] == scan(1)["label"]
    assert json.loads(record.value)["received"].startswith("2026-11-20T08:00:01")


def test_only_a_trial_takes_the_posters_arrival() -> None:
    record = admit(admission(trial=False), scan(1)).records[0]
    assert json.loads(record.value)["received"].startswith("2026-11-20T12:00:00")


@pytest.mark.parametrize(
    ("change", "field", "status"),
    [
        ({"device": "D-none"}, "device", None),
        ({"type": "deliver", "data": {"customer": "C1"}}, "type", 403),
        ({"time": "2026-11-20T08:05:01.001+08:00"}, "time", None),
        ({"label": "a!"}, "label", None),
        ({"type": "fill", "data": {"net_kg": "14"}}, "data.net_kg", None),
        ({"type": "fill", "data": {}}, "data.net_kg", None),
        ({"geo": {"lon": 200, "lat": 1}}, "geo.lon", None),
        ({"scan_id": "short"}, "scan_id", None),
        ({"time": "2026-11-20T08:00:00"}, "time", None),
    ],
)
def test_a_reject_names_the_field_and_goes_to_scans_rejected_as_it_came(
    change: dict[str, Any], field: str, status: int | None
) -> None:
    document = scan(0) | {"received": "2026-11-20T08:00:00+08:00"} | change
    admitted = admit(admission(), document)
    (index, reject) = admitted.rejects[0]
    assert (index, reject.field, status_of(reject)) == (0, field, status)
    (record,) = admitted.records
    assert record.topic == topics.REJECTED.name
    assert json.loads(record.value) == document
    why = json.loads(dict(record.headers)["why"])
    assert (why["field"], why["reason"]) == (field, reject.reason)


def test_five_minutes_ahead_exactly_is_taken() -> None:
    ahead = scan(0) | {"received": "2026-11-20T08:00:00+08:00", "time": "2026-11-20T08:05:00+08:00"}
    assert not admit(admission(), ahead).rejects


def timed(number: int, time: str, received: str = "2026-11-20T12:00:00+08:00", **change: Any) -> dict[str, Any]:
    return scan(number, **change) | {"time": time, "received": received}


def test_a_batch_comes_to_what_each_of_its_scans_comes_to_alone() -> None:
    """What passed once passes for others of its device, type and day, and for those alone."""
    row = {"kind": "device", "id": "D-new", "device_kind": "station", "valid_from": "2026-11-20"}
    scans = [
        timed(1, "2026-11-20T10:00:00+08:00"),
        timed(2, "2026-11-20T10:00:01+08:00"),
        timed(3, "2026-11-20T12:05:01+08:00"),  # ahead of its arrival
        timed(4, "2026-11-20T10:00:00+08:00", type="deliver", customer="C1"),
        timed(5, "2026-11-20T10:00:00+08:00", device="D-new"),
        timed(6, "2026-11-19T10:00:00+08:00", device="D-new"),
        timed(7, "2026-11-20T00:00:00+14:00", device="D-new"),  # the 19th in Shanghai
        timed(8, "2026-11-20T00:00:00Z", device="D-new"),
        timed(9, "1970-01-01T12:00:00+08:00"),
        timed(10, "1970-01-01T07:59:59+08:00"),  # before 1970
        timed(11, "2026-11-20T12:05:00+08:00"),
    ]

    def gate() -> Admission:
        loaded = registry()
        loaded.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type] # it is fit
        return Admission(loaded, Aliases(), Tokens("k"), PARAMETERS, trial=True)

    alone = [admit(gate(), one).outcomes[0] for one in scans]
    assert [index for index, one in enumerate(alone, start=1) if isinstance(one, Reject)] == [3, 4, 6, 7, 10]
    assert admit(gate(), scans).outcomes == alone
    assert admit(gate(), scans[::-1]).outcomes == alone[::-1]
    long_open = gate()  # and what passed in a request before
    for (one, so), (other, also) in product(zip(scans, alone, strict=True), repeat=2):
        if one is not other:
            new = gate()
            assert [admit(each, [one, other]).outcomes for each in (long_open, new, new)] == [[so, also]] * 3


def test_what_passed_is_asked_again_once_the_registry_is_another() -> None:
    loaded = registry()
    row = {"kind": "device", "id": "D-new", "device_kind": "station"}
    loaded.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type] # it is fit
    gate = Admission(loaded, Aliases(), Tokens("k"), PARAMETERS, trial=True)
    assert not admit(gate, [timed(1, "2026-11-20T10:00:00+08:00", device="D-new")]).rejects
    loaded.put(parse_row(json.dumps(row | {"valid_to": "2026-11-19"}).encode()))  # type: ignore[arg-type]
    again = admit(gate, [timed(2, "2026-11-20T10:00:00+08:00", device="D-new")])
    assert [reject.field for _, reject in again.rejects] == ["device"]


@pytest.mark.parametrize("trial", [True, False])
def test_the_arrival_of_each_is_the_posters_in_a_trial_and_now_else(trial: bool) -> None:
    gate = admission(trial=trial)
    unnamed = scan(2)
    unnamed.pop("received")
    scans = [timed(1, "2026-11-20T10:00:00+08:00", "2026-11-20T11:00:00+08:00"), unnamed]
    found = [one.received for one in admit(gate, scans).outcomes if isinstance(one, Scan)]
    assert found == [datetime(2026, 11, 20, 3, tzinfo=UTC) if trial else NOW, NOW]
    assert gate.clock(NOW) == (datetime(2026, 11, 20, 3, tzinfo=UTC) if trial else NOW)


def test_of_a_batch_records_and_rejects_are_in_its_order() -> None:
    gate = admission()
    gate.acknowledged(admit(gate, [scan(1), scan(4)]))
    bad = scan(3) | {"label": "a!"}
    admitted = admit(gate, [scan(1) | {"operator": "P2"}, scan(2), bad, scan(4), scan(5), scan(5)])
    assert [json.loads(record.value)["scan_id"][-1] for record in admitted.records] == ["2", "4", "5", "5", "1", "3"]
    assert [index for index, _ in admitted.rejects] == [0, 2]
    assert [outcome.scan_id for outcome in admitted.outcomes] == [f"scan-00000{n}" for n in (1, 2, 3, 4, 5, 5)]
    assert admitted.duplicates == 2


def test_an_identity_number_becomes_a_token_and_is_found_again() -> None:
    loaded = registry()
    customer = next(row for row in rows() if row.id == "C1")
    tokens = Tokens("k")
    customer.id_token = tokens.of(SECRET.lower() + " ")  # type: ignore[union-attr]
    loaded.put(customer)
    gate = Admission(loaded, Aliases(), tokens, PARAMETERS, trial=True)
    record = gate.admit(posted(scan(1, "deliver", device="D-co1", id_number=SECRET)), NOW).records[0]
    assert SECRET.encode() not in record.value
    assert json.loads(record.value)["data"] == {"customer": "C1", "id_token": tokens.of(SECRET)}


def test_the_same_scan_again_is_no_conflict_because_its_customer_is_known_by_now() -> None:
    loaded, tokens = registry(), Tokens("k")
    gate = Admission(loaded, Aliases(), tokens, PARAMETERS, trial=True)
    sold = scan(1, "deliver", device="D-co1", id_number=SECRET)
    first = admit(gate, sold)
    gate.acknowledged(first)
    customer = next(row for row in rows() if row.id == "C1")
    customer.id_token = tokens.of(SECRET)  # type: ignore[union-attr]
    loaded.put(customer)
    again = admit(gate, sold)
    assert (again.rejects, again.duplicates) == ([], 1)
    assert [record.value for record in again.records] == [record.value for record in first.records]
    assert admit(gate, sold | {"operator": "another"}).rejects


@pytest.mark.parametrize(
    "document",
    [
        scan(1, "deliver", device="D-none", id_number=SECRET),
        scan(1, "deliver", device="D-co1", id_number=SECRET) | {"scan_id": "x"},
        {"id_number": SECRET, "data": [{"deep": {"id_number": SECRET}}]},
        json.dumps(scan(1, "deliver", device="D-none", id_number=SECRET))
        .replace("id_number", "id_n\\u0075mber")
        .encode(),
    ],
)
def test_a_refused_identity_number_is_blanked(document: Any) -> None:
    (record,) = admit(admission(), document).records
    assert record.topic == topics.REJECTED.name
    assert SECRET.encode() not in record.value + str(record.headers).encode()


def test_of_what_does_not_parse_only_length_and_digest_are_kept() -> None:
    record = admission().unparseable(b'{"id_number": "' + SECRET.encode(), NOW)
    assert SECRET.encode() not in record.value
    assert json.loads(record.value)["unparseable"]["length"] == 33


def test_the_same_again_is_a_duplicate_and_another_body_is_a_conflict() -> None:
    gate = admission()
    first = admit(gate, scan(1))
    assert admit(gate, scan(1)).duplicates == 0  # not acknowledged yet: not known
    gate.acknowledged(first)
    again = admit(gate, scan(1) | {"received": "2026-11-21T00:00:00+08:00"})
    assert (again.duplicates, again.rejects) == (1, [])
    conflict = admit(gate, scan(1) | {"operator": "P2"})
    assert status_of(conflict.rejects[0][1]) == 409
    assert b"HISTORY_CONFLICT" in dict(conflict.records[0].headers)["why"]


def test_what_is_known_of_a_batch_is_known_by_its_own_ids() -> None:
    gate = admission()
    gate.acknowledged(admit(gate, scan(1)))
    gate.acknowledged(admit(gate, [scan(1) | {"operator": "P2"}, scan(2)]))
    assert admit(gate, scan(2)).duplicates == 1
    assert [reject.field for _, reject in admit(gate, scan(2) | {"operator": "P2"}).rejects] == ["scan_id"]


def test_an_empty_array_comes_to_nothing() -> None:
    assert admit(admission(), []).outcomes == []


def test_a_batch_may_hold_the_same_scan_twice_but_not_two_under_one_name() -> None:
    admitted = admit(admission(), [scan(1), scan(1), scan(1) | {"operator": "P2"}])
    assert (len(admitted.accepted), admitted.duplicates) == (2, 1)
    assert [index for index, _ in admitted.rejects] == [2]


def test_in_a_trial_the_clock_is_the_posters() -> None:
    gate = admission()
    assert gate.clock(NOW) is None
    outcome = admit(gate, [scan(5), scan(3)]).outcomes[0]
    assert isinstance(outcome, Scan)
    assert gate.clock(NOW) == outcome.received
    assert admission(trial=False).clock(NOW) == NOW


def test_a_home_check_goes_to_its_own_topic() -> None:
    check = scan(1, "home_check", device="D-co1", customer="C1", result="ok")
    del check["label"]
    record = admit(admission(), check).records[0]
    assert (record.topic, record.key) == (topics.HOME_CHECKS.name, b"C1")


def legacy(number: int, code: str = "NB-0001") -> dict[str, Any]:
    return scan(number) | {"label": code}


def test_a_known_alias_enters_under_its_label_also_as_a_link_and_in_replaces() -> None:
    aliases = Aliases()
    aliases.take("NB-0001", label(1))
    gate = admission(aliases)
    for document in (legacy(1), legacy(2, "https://id.example/8003/NB-0001")):
        record = admit(gate, document).records[0]
        assert (record.key, json.loads(record.value)["label"]) == (label(1).encode(), label(1))
    new = bind(3, on=2)
    new["data"]["replaces"] = "NB-0001"
    record = admit(gate, new).records[0]
    assert (record.key, json.loads(record.value)["data"]["replaces"]) == (label(2).encode(), label(1))


def test_a_code_that_nobody_named_enters_as_it_is() -> None:
    aliases = Aliases()
    aliases.take("NB-0001", label(1))
    record = admit(admission(aliases), legacy(1, "nb-0001")).records[0]
    assert (record.key, json.loads(record.value)["label"]) == (b"nb-0001", "nb-0001")


def test_a_code_and_its_label_are_the_same_scan() -> None:
    aliases = Aliases()
    aliases.take("NB-0001", label(1))
    gate = admission(aliases)
    admitted = admit(gate, [legacy(1), scan(1, on=1)])
    assert (admitted.duplicates, admitted.rejects) == (1, [])
    gate.acknowledged(admitted)
    for again in (legacy(1), scan(1, on=1)):
        admitted = admit(gate, again)
        assert (admitted.duplicates, admitted.rejects) == (1, [])
        assert admitted.records[0].key == label(1).encode()
    assert status_of(admit(gate, legacy(1) | {"operator": "P2"}).rejects[0][1]) == 409


def test_a_scan_from_before_its_alias_sent_again_goes_where_it_went() -> None:
    aliases = Aliases()
    gate = admission(aliases)
    gate.acknowledged(admit(gate, legacy(1)))
    aliases.take("NB-0001", label(1))
    again = admit(gate, legacy(1))
    assert (again.duplicates, again.rejects, again.records[0].key) == (1, [], b"NB-0001")
    gate.acknowledged(again)
    assert admit(gate, legacy(1)).records[0].key == b"NB-0001", "and the third time too"
    assert admit(gate, legacy(2)).records[0].key == label(1).encode(), "a new scan goes under the label"
    assert status_of(admit(gate, legacy(1) | {"operator": "P2"}).rejects[0][1]) == 409


def test_a_reject_is_kept_under_the_code_it_came_with() -> None:
    aliases = Aliases()
    aliases.take("NB-0001", label(1))
    (record,) = admit(admission(aliases), legacy(1) | {"device": "D-none"}).records
    assert json.loads(record.value)["label"] == "NB-0001"
