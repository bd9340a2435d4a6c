"""The pages and schemas of docs/ that are generated say what the code says."""

import pytest

from stream import metrics
from stream.reference import DOCS, pages


@pytest.mark.parametrize("page", pages())
def test_the_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text() == pages()[page], "run `make docs`"


def test_no_schema_is_left_over() -> None:
    assert {f"schemas/{path.name}" for path in (DOCS / "schemas").iterdir()} <= pages().keys()


def test_every_metric_is_on_its_page() -> None:
    declared = [name for name in vars(metrics) if name.isupper() and not name.startswith("_")]
    rows = pages()["metrics.md"].count("\n| `pingliu_")
    assert rows == len(declared)
