"""Which records of `aliases` count."""

import json

import pytest

from stream.alias_feed import read_alias
from tests.stream.scans import label

VALUE = json.dumps({"label": label(1)}).encode()


def test_a_record_names_a_code_and_its_label() -> None:
    assert read_alias(b"NB-0001", VALUE) == ("NB-0001", label(1))
    assert read_alias(b"NB-0001", VALUE[:-1] + b', "since": 1}') == ("NB-0001", label(1)), "unknown fields are ignored"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (None, VALUE),
        (b"", VALUE),
        (b"\xff\xfe\xfd\xfc", VALUE),
        (b"a b!", VALUE),
        (b"NB-0001", None),
        (b"NB-0001", b""),
        (b"NB-0001", b"{}"),
        (b"NB-0001", b"not JSON"),
        (b"NB-0001", b'{"label": "\xff"}'),
        (b"NB-0001", b'{"label": 5}'),
        (b"NB-0001", b'{"label": "NB-0002"}'),
    ],
)
def test_what_no_version_of_us_wrote_is_none(key: bytes | None, value: bytes | None) -> None:
    assert read_alias(key, value) is None
