"""The pages of docs/ that are generated say what the code says."""

import pytest

from stream import metrics
from stream.reference import DOCS, pages


@pytest.mark.parametrize("page", pages())
def test_the_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text() == pages()[page], "run `make docs`"


def test_every_metric_is_on_its_page() -> None:
    declared = [name for name in vars(metrics) if name.isupper() and not name.startswith("_")]
    rows = pages()["metrics.md"].count("\n| `pingliu_")
    assert rows == len(declared)
