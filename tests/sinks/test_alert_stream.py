"""`/v1/alerts/stream` by real HTTP over a real archive: nothing is left out, however often a listener comes back."""

import json
from contextlib import contextmanager

import page_stage
import pytest
from page_stage import FIRE, LOGS
from sink_records import alert

from sinks.collector import Collector
from sinks.query import alert_hub, alert_log, alert_stream
from sinks.query.alert_log import parsed, written
from sinks.writer import Writer
from stream import topics

MARKET = topics.ALERTS["market-supervision"].name


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The archive is looked at often, so that a test need not wait."""
    monkeypatch.setattr(alert_hub, "LOOK_SECONDS", 0.02)


class Archive:
    """Puts alerts into two topics of two partitions, as the sink does."""

    def __init__(self, client):
        self._collector = Collector([(topic, n) for topic in (FIRE, MARKET) for n in range(2)], LOGS)
        self._writer = Writer(client)
        self._next = dict.fromkeys(((topic, n) for topic in (FIRE, MARKET) for n in range(2)), 0)

    def put(self, *ids, topic=FIRE, partition=0, **more):
        for id in ids:
            offset = self._next[topic, partition]
            self._next[topic, partition] += 1
            self._collector.record(topic, partition, offset, offset, alert(id, **more))
        self._writer.insert(self._collector.gather())
        self._collector.done()


@pytest.fixture
def archive(client):
    return Archive(client)


@pytest.fixture
def http(dsn, archive):
    with page_stage.serving(dsn) as (http, _):
        yield http


class Listener:
    """A client as a browser is one: it remembers the id of the last event."""

    def __init__(self, lines):
        self._lines = lines
        self.last_id = None
        self.heard = []
        self._block()  # the first says where we are

    def hear(self, events):
        """The next so many alerts."""
        told = []
        while len(told) < events:
            block = self._block()
            if "data" in block:
                assert block["event"] == "alert"
                told.append(json.loads(block["data"]))
        self.heard += told
        return [one["alert_id"] for one in told]

    def ends(self):
        return next(self._lines, None) is None

    def _block(self):
        block = {}
        for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(":")
            if name:
                block[name] = value.strip()
        self.last_id = block.get("id", self.last_id)
        return block


@contextmanager
def listening(http, last_id=None, **query):
    """With an id, from there on; with an empty one, all there is."""
    headers = {"last-event-id": last_id} if last_id else {}
    query |= {"since": ""} if last_id == "" else {}
    with http.stream("GET", "/v1/alerts/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        listener = Listener(answer.iter_lines())  # kept here: its lines hang up when nobody holds them
        yield listener


def test_a_listener_hears_what_comes_and_not_what_was(http, archive):
    archive.put("before")
    with listening(http) as listener:
        archive.put("a1", "a2")
        archive.put("a1", status="retracted", reason="late")
        assert listener.hear(3) == ["a1", "a2", "a1"]
        assert (listener.heard[-1]["status"], listener.heard[-1]["reason"]) == ("retracted", "late")
        assert listener.heard[0]["title"]["zh"] == "超期未检充装"


def test_who_comes_back_with_the_last_id_hears_each_alert_exactly_once(http, archive):
    told, last_id = [], ""
    for step in range(6):
        archive.put(f"f{step}", partition=step % 2)
        archive.put(f"m{step}", topic=MARKET, partition=step % 2)
        with listening(http, last_id) as listener:
            archive.put(f"live{step}")
            told += listener.hear(1 + step % 3)  # and hangs up in the middle
            last_id = listener.last_id
    with listening(http, last_id) as listener:
        told += listener.hear(18 - len(told))
    assert sorted(told) == sorted(f"{kind}{step}" for kind in ("f", "m", "live") for step in range(6))


def test_an_id_is_there_before_the_first_alert(http, archive):
    archive.put("before")
    with listening(http) as listener:
        last_id = listener.last_id
    archive.put("between")
    with listening(http, last_id) as listener:
        assert listener.hear(1) == ["between"]


def test_since_does_for_a_browser_that_was_given_a_place_with_the_page(http, archive):
    archive.put("a1", "a2")
    with listening(http, since="") as listener:
        assert listener.hear(2) == ["a1", "a2"]
        place = listener.last_id
    with listening(http, since=place) as listener:
        archive.put("a3")
        assert listener.hear(1) == ["a3"]


def test_a_long_absence_is_told_in_order_and_whole(http, archive, monkeypatch):
    monkeypatch.setattr(alert_log, "ROWS", 7)
    ids = [f"a{number:03}" for number in range(40)]
    archive.put(*ids)
    archive.put(*[f"b{number:03}" for number in range(20)], partition=1)
    with listening(http, "") as listener:
        told = listener.hear(60)
    assert [id for id in told if id[0] == "a"] == ids
    assert [id for id in told if id[0] == "b"] == [f"b{number:03}" for number in range(20)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"authority": "fire-rescue"}, ["fire", "other"]),
        ({"code": "OVERFILL"}, ["other"]),
        ({"district": "330203"}, ["other"]),
        ({"label": page_stage.label(1)}, ["other"]),
    ],
)
def test_a_filter_lets_through_what_was_asked_for(http, archive, query, wanted):
    archive.put("market", topic=MARKET)
    archive.put("fire", "other")
    archive.put("other", code="OVERFILL", districts=["330203"], label=page_stage.label(1))
    with listening(http, "", **query) as listener:
        archive.put("fire", topic=FIRE)
        archive.put("last", code="OVERFILL", districts=["330203"], label=page_stage.label(1))
        heard = []
        while "last" not in heard:
            heard += listener.hear(1)
    assert [id for id in dict.fromkeys(heard) if id != "last"] == wanted


def test_many_listeners_are_one_look_at_the_archive(http, archive):
    with listening(http) as one, listening(http) as other:
        archive.put("a1", "a2")
        assert one.hear(2) == other.hear(2) == ["a1", "a2"]
        assert one.last_id == other.last_id


def test_topics_made_anew_are_told_from_their_beginning(http, archive):
    archive.put("a1", "a2")
    for place in ("another-log:0=7", "another-log:0=7;" + f"{LOGS[MARKET]}:0=3"):
        with listening(http, place) as listener:
            assert "another-log" not in listener.last_id  # or ids would grow with every topic made anew
            assert listener.hear(2) == ["a1", "a2"]


@pytest.mark.parametrize("bad", ["yesterday", "log:0", "a:0=1;;b:0=1", "a:0=-1", "a:0=1" + ";a:0=1" * 1000, "a b:0=1"])
def test_a_place_that_is_none_is_refused(http, bad):
    answer = http.get("/v1/alerts/stream", headers={"last-event-id": bad})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_an_authority_that_is_none_is_refused(http):
    assert http.get("/v1/alerts/stream?authority=nobody").status_code == 400


def test_a_place_as_kafka_names_its_logs_comes_back_as_it_was():
    place = {("fTFiN/wvS-GA+iog_==", 0): 12, ("fTFiN/wvS-GA+iog_==", 11): 1, ("id.of", 2): 10**15}
    assert parsed(written(place)) == place
    assert parsed("") == {}


def test_too_many_listeners_hear_503_and_a_place_is_free_again_when_one_leaves(http, monkeypatch):
    monkeypatch.setattr(alert_hub, "LISTENERS", 1)
    with listening(http):
        assert http.get("/v1/alerts/stream").status_code == 503
    for _ in range(500):  # the server hears of the hang-up a moment later
        with http.stream("GET", "/v1/alerts/stream") as answer:
            if answer.status_code == 200:
                return
    pytest.fail("the place was never given back")


def test_a_listener_who_reads_too_slowly_is_let_go_and_misses_nothing(http, archive, monkeypatch):
    monkeypatch.setattr(alert_hub, "WAITING", 3)
    with listening(http) as listener:
        archive.put(*[f"a{number}" for number in range(9)])
        while not listener.ends():
            pass
        last_id = listener.last_id
    with listening(http, last_id) as listener:
        assert listener.hear(9) == [f"a{number}" for number in range(9)]


def test_a_quiet_city_gives_signs_of_life(http, monkeypatch):
    monkeypatch.setattr(alert_stream, "SIGN_OF_LIFE_SECONDS", 0.01)
    with http.stream("GET", "/v1/alerts/stream") as answer:
        assert ":" in answer.iter_lines()


def test_a_head_request_is_answered_and_over(http):
    assert http.head("/v1/alerts/stream").status_code == 200


def test_a_server_that_stops_lets_its_listeners_go(dsn, archive):
    with page_stage.serving(dsn) as (http, service), listening(http) as listener:
        service.end_streams()
        assert listener.ends()


def test_an_archive_that_is_down_is_a_problem():
    with page_stage.serving("clickhouse://127.0.0.1:1/default") as (http, _):
        assert http.get("/v1/alerts/stream").status_code == 503
