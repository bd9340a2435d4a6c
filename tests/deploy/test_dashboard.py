"""The Grafana dashboard: it asks for what we expose, shows all of it, and its panels do not lie on each other."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.names import asked, labels, series, wrong

FILE = Path(__file__).parents[2] / "deploy" / "grafana" / "pingliu.json"
BOARD = json.loads(FILE.read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]


@pytest.mark.parametrize(("title", "target"), QUERIES)
def test_a_query_names_only_what_we_expose(title: str, target: dict[str, Any]) -> None:
    assert wrong(target["expr"]) == []
    legend = target["legendFormat"]
    named = {part.partition("}}")[0] for part in legend.split("{{")[1:]}
    assert named <= labels(target["expr"]) | {"job", "instance"}, "a legend by a label that the query does not keep"


def test_every_metric_has_a_place_on_it() -> None:
    shown = set.union(*(asked(target["expr"]) for _, target in QUERIES))
    hidden = {name for name in series() if not name.endswith(("_sum", "_count"))} - shown
    assert hidden == set()


def test_every_panel_asks_the_chosen_prometheus() -> None:
    wanted = {"type": "prometheus", "uid": "${datasource}"}
    assert all(panel["datasource"] == wanted for panel in PANELS)
    assert all(target["datasource"] == wanted for _, target in QUERIES)
    assert [variable["name"] for variable in BOARD["templating"]["list"]] == ["datasource"]


def test_panels_have_ids_of_their_own_and_lie_beside_each_other() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    boxes = [(panel["title"], panel["gridPos"]) for panel in BOARD["panels"]]
    assert all(box["x"] + box["w"] <= 24 for _, box in boxes)
    overlapping = [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]
    assert overlapping == []
