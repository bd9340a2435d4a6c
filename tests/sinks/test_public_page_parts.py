"""What the public page is made of, by itself: how often one may ask, answers that are shared, and what is said of a state."""

import asyncio

import pytest

from processors.model import Condition
from processors.parameters import DEFAULT
from processors.times import iso_day
from sinks.query.advice import ADVICE, advice_on
from sinks.query.limits import ADDRESSES, Bucket, Limits, neighbourhood
from sinks.query.shared import Shared

DAY = 740_000
PARAMETERS = DEFAULT.on(DAY)


def status(state="in_service", inspection=1000, life=1000, *, reported=False):
    condition = Condition(state=state, next_inspection=iso_day(DAY + inspection), end_of_life=iso_day(DAY + life))
    return advice_on(condition, DAY, PARAMETERS, reported=reported).status


@pytest.mark.parametrize(
    ("days", "wanted"), [(-1, "overdue"), (0, "due_soon"), (30, "due_soon"), (31, "safe"), (-4000, "overdue")]
)
def test_the_last_good_day_is_good_and_thirty_days_ahead_are_soon(days, wanted):
    assert status(inspection=days) == wanted
    assert status(life=days) == ("expired" if wanted == "overdue" else wanted)


def test_the_worst_is_said():
    assert status("scrapped", inspection=-1, life=-1, reported=True) == "scrapped"
    assert status("failed", inspection=-1, life=-1, reported=True) == "failed"
    assert status(inspection=-1, life=-1, reported=True) == "expired"
    assert status(inspection=5, reported=True) == "reported"
    assert status("at_customer") == "safe"


def test_without_a_date_of_inspection_nothing_is_safe():
    assert advice_on(Condition(state="in_service"), DAY, PARAMETERS, reported=False).status == "overdue"
    assert advice_on(None, DAY, PARAMETERS, reported=False).status == "unknown"


def test_only_what_is_known_to_be_good_looks_good():
    assert {name for name, advice in ADVICE.items() if advice.safe} == {"safe", "due_soon"}
    assert {name for name, advice in ADVICE.items() if advice.look == "good"} == {"safe"}
    assert all((advice.look == "bad") == (advice.safe is False) for advice in ADVICE.values())


def test_a_bucket_gives_what_it_holds_then_what_comes_back():
    bucket = Bucket(rate=2, most=3, now=100)
    assert [bucket.take(100) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(100.25) == 0.25
    assert bucket.take(100.5) == 0
    assert [bucket.take(200) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(199) == 0.5  # a clock that goes back gives nothing and takes nothing


def test_addresses_have_a_bucket_each_and_no_end_of_them_is_remembered():
    limits = Limits(client_rate=1 / 30, shared_rate=1, now=0)  # one page at once, then one in half a minute
    assert limits.of_client("198.51.100.1", 0) == 0
    assert limits.of_client("198.51.100.1", 0) == pytest.approx(30)
    assert limits.of_client("198.51.100.2", 0) == 0
    for number in range(ADDRESSES):
        limits.of_client(f"host-{number}", 0)
    assert limits.of_client("198.51.100.1", 0) == 0  # forgotten


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_a_household_is_one_address(one, other, same):
    assert (neighbourhood(one) == neighbourhood(other)) == same


def test_an_answer_is_shared_while_it_stands_and_no_more_are_kept_than_said():
    async def story():
        now, asked = [0.0], []
        shared = Shared(60, 2, lambda: now[0])

        def ask(key):
            async def answer():
                asked.append(key)
                return key.upper()

            return shared.get(key, answer)

        assert await ask("a") == ("A", 60)
        now[0] = 59.0
        assert await ask("a") == ("A", 1)
        now[0] = 60.0
        assert await ask("a") == ("A", 60)
        await ask("b")
        await ask("c")
        await ask("a")
        return asked

    assert asyncio.run(story()) == ["a", "a", "b", "c", "a"]


def test_a_failure_is_heard_by_all_who_wait_and_is_not_kept():
    async def story():
        release, asked = asyncio.Event(), []
        shared = Shared(60, 2, lambda: 0.0)

        async def fail():
            asked.append(1)
            await release.wait()
            raise ValueError("no")

        waiting = [asyncio.create_task(shared.get("a", fail)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        release.set()
        heard = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in heard] == [asyncio.CancelledError, ValueError, ValueError]
        with pytest.raises(ValueError, match="no"):
            await shared.get("a", fail)
        return asked

    assert asyncio.run(story()) == [1, 1]
