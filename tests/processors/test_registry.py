"""The registry answers as a plain list of its rows would, and holds customers in few bytes."""

import copy
import hashlib
import tracemalloc
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from load_tests.registry_load import customers
from processors.model import Reject
from processors.registry import Contract, Customer, Licence, Premises, Registry, Row, Staff, parse_row

MOST_BYTES = 250
SAMPLE = 20_000
EARLIEST = date(2026, 1, 1)
TOKENS = [hashlib.sha256(name).hexdigest() for name in (b"a", b"b")]
TOKENS += [
    TOKENS[0][:4] + TOKENS[1][4:],
    TOKENS[0].upper(),
    "short",
    "",
    "no hexadecimal digits, but as many characters as a token has !!!!",
]
# Ids that could be taken for one another where keys and values lie side by side.
IDS = ["C1", "C11", "C1/", "C1/9497", "甬", "ÿ", "þC1", "ÿC1þ"]

days = st.none() | st.integers(0, 4).map(lambda n: EARLIEST + timedelta(days=n)) | st.sampled_from([date.min, date.max])
contracts = st.builds(Contract, enterprise=st.sampled_from(["E1", "E2"]), valid_from=days, valid_to=days)
customer_rows = st.builds(
    Customer,
    id=st.sampled_from(IDS),
    valid_from=days,
    valid_to=days,
    customer_kind=st.sampled_from(["resident", "restaurant", "other"]),
    district=st.sampled_from(["330203", "330212"]),
    realname_verified=st.booleans(),
    contracts=st.lists(contracts, max_size=5),
    premises=st.none() | st.builds(Premises, high_rise=st.booleans(), indoor=st.booleans()),
    home_check=days,
    id_token=st.none() | st.sampled_from(TOKENS),
)
staff_rows = st.builds(
    Staff,
    id=st.sampled_from(["P1", "P2"]),
    valid_from=days,
    valid_to=days,
    enterprise=st.sampled_from(["E1", "E2"]),
    role=st.sampled_from(["filler", "courier"]),
)
ASKED = [1, *((EARLIEST + timedelta(days=n)).toordinal() for n in range(-1, 6)), date.max.toordinal()]


class Listed:
    """The registry as contract.md describes it: rows in order of arrival, and nothing clever."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows: list[Row] = []
        for row in rows:
            self.rows = [*(other for other in self.rows if other.key() != row.key()), row]

    def on(self, day: int, **wanted: str) -> Row | None:
        mine = [row for row in self.rows if all(getattr(row, name) == value for name, value in wanted.items())]
        valid = [row for row in mine if row.on(day)]
        return max(valid, key=lambda row: row.valid_from.toordinal() if row.valid_from else 0, default=None)

    def customer_of(self, token: str) -> str | None:
        holders = {row.id for row in self.rows if row.id_token == token and token}
        return next((row.id for row in reversed(self.rows) if row.id in holders), None)


def loaded(rows: list[Row], at_once: int) -> Registry:
    """The first rows as a load takes them in, the others one by one."""
    registry = Registry()
    registry.put_all(rows[:at_once])
    if at_once % 2:  # from here on the index of tokens is kept, else it is made when asked for
        registry.index_tokens()
    for row in rows[at_once:]:
        registry.put(row)
    return registry


@given(st.lists(customer_rows, max_size=25), st.integers(0, 25))
@settings(max_examples=400, deadline=None)
def test_customers_are_answered_as_from_a_list(rows, at_once):
    registry, listed = loaded(rows, at_once), Listed(rows)
    for id in [*IDS, "C", "9497"]:
        for day in ASKED:
            assert registry.customer(id, day) == listed.on(day, id=id)
    for token in [*TOKENS, TOKENS[0][:4], "absent"]:
        assert registry.customer_of(token) == listed.customer_of(token)
    assert registry.counts.get("customer", 0) == len(listed.rows)


@given(st.lists(staff_rows, max_size=25), st.integers(0, 25))
@settings(max_examples=200, deadline=None)
def test_staff_are_answered_as_from_a_list(rows, at_once):
    registry, listed = loaded(rows, at_once), Listed(rows)
    for id in ("P1", "P2", "P3"):
        for role in ("filler", "courier"):
            for day in ASKED:
                assert registry.staff(id, role, day) is listed.on(day, id=id, role=role)
    assert registry.counts.get("staff", 0) == len(listed.rows)


def test_a_customer_found_is_the_callers_own():
    registry = loaded([Customer(id="C1", customer_kind="other", district="330203")], 0)
    found = registry.customer("C1", 1)
    found.contracts.append(Contract(enterprise="E1"))
    assert registry.customer("C1", 1).contracts == []


def test_neither_arrival_nor_identity_number_is_kept():
    line = b'{"kind":"customer","id":"C1","customer_kind":"other","district":"330203","id_number":"330203190001010000"'
    row = parse_row(line + b',"received":"2026-11-20T08:00:00+08:00"}')
    assert not isinstance(row, Reject)
    found = loaded([row], 0).customer("C1", 1)
    assert (found.id_number, found.received) == (None, None)


def test_a_licence_copied_is_as_good():
    licence = Licence(no="L1", valid_from=EARLIEST, valid_to=EARLIEST)
    suspended = Licence(no="L1", valid_from=EARLIEST, valid_to=EARLIEST, suspended=True)
    day = EARLIEST.toordinal()
    for one in (licence, copy.copy(licence), copy.deepcopy(licence)):
        assert [one.good_on(day + off) for off in (-1, 0, 1)] == [False, True, False]
    assert not suspended.good_on(day)


def test_a_customer_takes_few_bytes():
    sample = list(customers(SAMPLE))
    tracemalloc.start()
    try:
        registry = loaded(sample, SAMPLE)
        registry.index_tokens()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert registry.counts == {"customer": SAMPLE}
    assert held / SAMPLE < MOST_BYTES


def test_tokens_that_begin_alike_lead_each_to_its_own_customer():
    tokens = [TOKENS[0][:8] + f"{number:056x}" for number in range(SAMPLE)]
    rows = [
        Customer(id=f"C{number}", customer_kind="other", district="330203", id_token=token)
        for number, token in enumerate(tokens)
    ]
    registry = loaded(rows, SAMPLE)
    assert [registry.customer_of(token) for token in tokens] == [row.id for row in rows]
    assert registry.customer_of(TOKENS[0][:8] + "f" * 56) is None


def test_a_row_corrected_again_and_again_takes_no_more_room():
    rows = [
        Customer(id="C1", customer_kind="other", district="330203", id_token=TOKENS[number % 2])
        for number in range(2000)
    ]
    registry = loaded(rows[:10], 10)
    registry.index_tokens()
    tracemalloc.start()
    try:
        for row in rows:
            registry.put(row)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 4 * len(rows)


def test_tokens_on_one_shelf_go_with_their_customers_rows(monkeypatch):
    monkeypatch.setattr("processors.customers._SHELVES", 1)
    tokens = [hashlib.sha256(bytes([number])).hexdigest() for number in range(9)]
    registry, has = Registry(), dict[str, str]()

    def put(id: str, token: str) -> None:
        registry.put(Customer(id=id, customer_kind="resident", district="330203", id_token=token))
        has[id] = token
        assert {one: registry.customer_of(one) for one in tokens} == dict.fromkeys(tokens) | {
            token: id for id, token in has.items()
        }
        (shelf,) = registry._customers._shelves or ()
        assert len(shelf) == 7 * len(has), "a head of four, an id of one, and what begins both"

    registry.index_tokens()
    for place, id in enumerate("ABC"):
        put(id, tokens[place])
    for place, id in enumerate("ACBBAC", 3):  # corrected: the first, the last, one between, the last again
        put(id, tokens[place])
