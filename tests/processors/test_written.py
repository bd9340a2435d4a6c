"""How a time is written, in one object and in many: in disguise, named twice, or no time at all."""

import json

import pytest

from processors.written import are_strict, is_strict

GOOD, LOOSE = "2026-11-23T10:15:30+08:00", "2026-11-23 10:15:30+08:00"
ESCAPED = GOOD.replace("T", "\\u0054")


@pytest.mark.parametrize(
    ("raw", "strict"),
    [
        (f'{{"time":"{GOOD}"}}', True),
        (f'{{"time": "{GOOD}", "other": "{LOOSE}"}}', True),
        (f'{{"time":"{LOOSE}"}}', False),
        (f'{{"time":"{ESCAPED}"}}', True),
        (f'{{"time":"{LOOSE}","time":"{GOOD}"}}', True),
        (f'{{"time":"{GOOD}","time":"{LOOSE}"}}', False),
        (f'{{"\\u0074ime":"{GOOD}"}}', True),
        (f'{{"\\u0074ime":"{LOOSE}"}}', False),
        (f'{{"operator":"time","time":"{LOOSE}"}}', False),
        (f'{{"operator":"time","time":"{GOOD}"}}', True),
    ],
)
def test_one_is_what_the_decoder_takes_it_for(raw: str, strict: bool) -> None:
    assert "time" in json.loads(raw)
    assert is_strict(raw.encode(), b"time") is strict
    if not strict:
        assert not are_strict(raw.encode(), b"time")


@pytest.mark.parametrize("raw", [f'{{"time":"X{GOOD}"}}', f'{{"time":"{ESCAPED}"}}', '{"time":null}', '{"time":1}'])
def test_of_many_what_is_not_surely_one_is_left_to_the_decoder(raw: str) -> None:
    assert are_strict(f'{{"time":"{GOOD}"}}'.encode(), b"time")
    assert not are_strict(f'{{"time":"{GOOD}"}}\n{raw}'.encode(), b"time")
