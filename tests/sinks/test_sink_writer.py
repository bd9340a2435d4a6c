"""Into a real archive and read back: a crash anywhere between rows and positions leaves each scan there once."""

import pytest
from clickhouse_connect.driver.exceptions import OperationalError
from sink_records import alert, entry, run, scan, tick

from sinks.collector import Collector
from sinks.migrate import SCHEMA, migrate
from sinks.positions import read_positions
from sinks.rows import SCAN_COLUMNS, scan_rows
from sinks.writer import Writer
from stream import topics

LOGS = {topic.name: f"id-of-{topic.name}" for topic in topics.ALL}
VERDICTS, SCANS, REGISTRY = topics.VERDICTS.name, topics.SCANS.name, topics.REGISTRY.name
MARKET = topics.ALERTS["market-supervision"].name
SOURCES = [(VERDICTS, 0), (MARKET, 0), (REGISTRY, 0)]


class Log:
    """A small Kafka of one partition: what was written."""

    def __init__(self):
        self.scans, self.verdicts, self.alerts = [], [], []

    def bring(self, collector, standing, until=None):
        for offset in range(standing.get((VERDICTS, 0), 0), until or len(self.verdicts)):
            collector.record(VERDICTS, 0, offset, 5, self.verdicts[offset])
        for offset in range(standing.get((MARKET, 0), 0), len(self.alerts)):
            collector.record(MARKET, 0, offset, 5, self.alerts[offset])
        if (start := collector.joins[0].read_from) is not None:
            for offset in range(start, len(self.scans)):
                collector.scan(0, offset, 5, self.scans[offset])


def log_of(n, a_run):
    """n scans, every tenth denied and every seventh a tick, in runs of that many; an alert for each run."""
    log = Log()
    log.scans = [tick(i) if i % 7 == 3 else scan(i, cylinder=i % 5) for i in range(n)]
    for first in range(0, n, a_run):
        last = min(first + a_run, n) - 1
        denied = [entry(i, log.scans[i]) for i in range(first, last + 1) if i % 10 == 0 and i % 7 != 3]
        log.verdicts.append(run(first, last, *denied))
        log.alerts.append(alert(f"a{first}"))
    return log


def sink(client, log, *, crash=False, until=None, logs=LOGS):
    """One sink from where the archive stands: gathers and inserts; a crash is between the rows and their positions."""
    collector, writer = Collector(SOURCES, logs), Writer(Crashing(client) if crash else client)
    log.bring(collector, read_positions(client, logs), until)
    batch = collector.gather()
    if crash and batch.positions:
        with pytest.raises(Crash):
            writer.insert(batch)
        return None
    return writer.insert(batch)


class Crash(BaseException):
    pass


class Crashing:
    """A client that ends where that table is to be written."""

    def __init__(self, client, table="positions"):
        self._client, self._table = client, table

    def __getattr__(self, name):
        return getattr(self._client, name)

    def insert(self, table=None, *args, **named):
        if self._table in (table or named["context"].table):
            raise Crash
        return self._client.insert(table, *args, **named)


def counts(client, table="scans"):
    (row,) = client.query(f"SELECT count(), uniqExact(log, partition, offset) FROM {table}").result_rows
    return row


EXPECTED = sum(1 for i in range(100) if i % 7 != 3)


def test_rows_are_read_back_as_they_went_in(client):
    log = log_of(100, 20)
    assert sink(client, log) == {"scans": EXPECTED, "alerts": 5}
    assert counts(client) == (EXPECTED, EXPECTED)
    rows = scan_rows(client.query(f"SELECT {SCAN_COLUMNS} FROM scans ORDER BY offset").result_rows)
    collector = Collector(SOURCES, LOGS)
    log.bring(collector, {})
    for read, written in zip(rows, collector.gather().rows["scans"], strict=True):
        written.aliases, written.violations, written.prevented = (
            list(written.aliases), list(written.violations), list(written.prevented),
        )  # fmt: skip
        assert read == written


@pytest.mark.parametrize("until", [1, 3, 5])
def test_a_crash_between_rows_and_positions_doubles_and_loses_nothing(client, until):
    log = log_of(100, 20)
    sink(client, log, until=1)
    sink(client, log, until=until, crash=True)
    sink(client, log)
    assert counts(client) == (EXPECTED, EXPECTED)
    assert counts(client, "alerts") == (5, 5)
    assert sink(client, log) == {}


def test_positions_are_those_of_the_topics_asked_for_and_never_go_back(client):
    log = log_of(100, 20)
    sink(client, log)
    stands = {(VERDICTS, 0): 5, (MARKET, 0): 5}
    assert read_positions(client, LOGS) == stands
    late = Collector(SOURCES, LOGS)  # the owner before, whose insert comes in last
    log.bring(late, {}, until=2)
    Writer(client).insert(late.gather())
    assert read_positions(client, LOGS) == stands
    assert read_positions(client, {name: f"{id}-2" for name, id in LOGS.items()}) == {}


@pytest.mark.parametrize("table", ["scans", "alerts", "positions"])
def test_positions_never_say_more_than_the_rows(client, table):
    log = log_of(100, 20)
    collector = Collector(SOURCES, LOGS)
    log.bring(collector, {})
    with pytest.raises(Crash):
        Writer(Crashing(client, table)).insert(collector.gather())
    assert read_positions(client, LOGS) == {}
    sink(client, log)
    assert counts(client) == (EXPECTED, EXPECTED)
    assert counts(client, "alerts") == (5, 5)


def test_a_torn_insert_is_completed(client):
    log = log_of(100, 20)
    sink(client, log, crash=True)
    client.command("DELETE FROM scans WHERE offset % 3 = 1", settings={"lightweight_deletes_sync": 2})
    assert counts(client)[0] < EXPECTED
    sink(client, log)
    assert counts(client) == (EXPECTED, EXPECTED)


def test_runs_cut_otherwise_after_a_restart_add_nothing(client):
    log = log_of(100, 20)
    sink(client, log)
    again = log_of(100, 30)
    log.verdicts += again.verdicts[1:]  # the worker went on from offset 30 and told it in other pieces
    assert sink(client, log) == {}
    assert counts(client) == (EXPECTED, EXPECTED)


def test_a_topic_made_anew_is_kept_beside_the_old_one(client):
    sink(client, log_of(100, 20))
    anew = {name: f"{id}-2" for name, id in LOGS.items()}
    assert sink(client, log_of(100, 20), logs=anew) == {"scans": EXPECTED, "alerts": 5}
    assert counts(client) == (2 * EXPECTED, 2 * EXPECTED)


class Failing:
    """A client whose insert into one table is taken and then reported as failed, once."""

    def __init__(self, client, table):
        self._client, self._table = client, table

    def __getattr__(self, name):
        return getattr(self._client, name)

    def insert(self, table=None, *args, context=None, **named):
        self._client.insert(table, *args, context=context, **named)
        if self._table and self._table in (table or context.table):
            self._table = None
            raise OperationalError("the answer was lost")


@pytest.mark.parametrize("table", ["scans", "alerts", "positions"])
def test_an_insert_whose_answer_was_lost_is_not_made_twice(client, table):
    log = log_of(100, 20)
    collector, writer = Collector(SOURCES, LOGS), Writer(Failing(client, table))
    log.bring(collector, {})
    with pytest.raises(OperationalError):
        writer.insert(collector.gather())
    writer.insert(collector.gather())
    assert counts(client) == (EXPECTED, EXPECTED)
    assert counts(client, "alerts") == (5, 5)


def test_a_revision_is_another_row_of_the_same_scan(client):
    log = Log()
    log.scans = [scan(i) for i in range(6)]
    log.verdicts = [run(0, 2, entry(1, scan(1)))]
    sink(client, log)
    revised = {"revision": 1, "decision": "warn"}
    # One of an archived scan, one of a scan in the same batch, and the first told again.
    log.verdicts += [
        run(3, 4, entry(1, scan(1), **revised), entry(4, scan(4))),
        run(5, 5, entry(4, scan(4), **revised)),
    ]
    sink(client, log, crash=True)
    log.verdicts.append(run(3, 5, entry(1, scan(1), **revised)))
    sink(client, log)
    assert sink(client, log) == {}
    found = client.query("SELECT offset, revision, decision, data FROM scans ORDER BY offset, revision").result_rows
    data = '{"net_kg":14.4,"scale":"S3"}'
    plain = [(n, 0, "allow", data) for n in (0, 2, 3, 5)]
    judged = [(1, 0, "deny", data), (1, 1, "warn", data), (4, 0, "deny", data), (4, 1, "warn", data)]
    assert sorted(found) == sorted(plain + judged)


def test_dates_far_off_do_not_stop_the_sink(client):
    log = Log()
    log.scans = [
        scan(0, "inspect", {"result": "pass", "report": "R", "next_due": "9999-12-31"}),
        scan(1, "inspect", {"result": "pass", "report": "R", "next_due": "0001-01-01"}),
        scan(2, time="0001-01-02T00:00:00+00:00"),
        scan(3, data={"net_kg": 1e5}, cylinder=1),
    ]
    log.verdicts = [run(0, 3)]
    assert sink(client, log) == {"scans": 4}


def test_the_schema_is_applied_once(client):
    assert migrate(client) == []
    client.command("TRUNCATE TABLE schema_migrations")  # killed before it was recorded
    assert len(migrate(client)) == len(list(SCHEMA.glob("*.sql")))
