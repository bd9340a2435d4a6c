"""What the README says to type, typed: the first scan with curl, its verdict, its alert by a Kafka client, its trace."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stream.settings import Settings
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import ROWS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CHINESE = (ROOT / "README.zh.md").read_text()
FIRST = README.partition("## A first scan\n")[2]
PINGLIU = f"{sys.executable} -m stream.cli"


def blocks(text: str) -> list[tuple[str, str]]:
    """Every fenced block: its language, what is in it."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def without_comments(block: str) -> str:
    return re.sub(r" +# .*", "", block)


def test_both_languages_show_the_same_commands_and_pictures() -> None:
    shown, chinese = ([(kind, without_comments(block)) for kind, block in blocks(text)] for text in (README, CHINESE))
    drawing = re.compile(r"──▶")
    assert [one for one in shown if not drawing.search(one[1])] == [
        one for one in chinese if not drawing.search(one[1])
    ]
    assert re.findall(r"\]\((docs/pictures/[^)]+)\)", README) == re.findall(r"\]\((docs/pictures/[^)]+)\)", CHINESE)
    assert len(re.findall(r"^## ", README, re.MULTILINE)) == len(re.findall(r"^## ", CHINESE, re.MULTILINE))
    assert len(re.findall(r"^\|", README, re.MULTILINE)) == len(re.findall(r"^\|", CHINESE, re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "ARCHITECTURE.md", "deploy/README.md"])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("up"), rows=ROWS[:1], public_device="D-page") as running:
        yield running


def typed(block: str, up: Stack, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A block as it is typed, but for where things are."""
    where = {
        "http://127.0.0.1:8080": up.gateway,
        ".venv/bin/pingliu trace": f"{PINGLIU} trace --query {up.query}",
        ".venv/bin/pingliu": PINGLIU,
    }
    for here, there in where.items():
        block = block.replace(here, there)
    return subprocess.run(
        ["bash", "-e", "-c", block], capture_output=True, text=True, cwd=cwd, check=True, timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PINGLIU_BROKER": up.settings.broker},
    )  # fmt: skip


def words(document: str) -> str:
    """A JSON document of the README up to its `…`, without its spaces."""
    return re.sub(r"\s+", "", document.partition("…")[0])


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_first_scan_gets_the_verdict_and_the_alert_that_the_readme_shows(up: Stack, tmp_path: Path) -> None:
    (_, post), (_, verdict), (_, ask) = blocks(FIRST)[:3]
    setup, start, *rest = post.splitlines(keepends=True)
    assert (setup, start.startswith(".venv/bin/pingliu up ")) == ("make setup\n", True)
    done = typed("".join(rest), up, tmp_path)
    loaded, answer = done.stdout.splitlines()
    assert loaded == "4 rows loaded from registry.jsonl"
    assert words(answer).startswith(words(verdict).rstrip(","))

    tail, trace = ask.splitlines(keepends=True)
    assert ".venv/bin/pingliu alerts tail" in tail
    traced = harness.until("the trace", lambda: attempt(trace, up, tmp_path))
    assert "UNKNOWN_LABEL" in traced

    reading = blocks(README.partition("## Read alerts\n")[2])
    (program,) = [block for kind, block in reading if kind == "python"]
    (alert,) = [json.loads(block.replace(", …", "")) for kind, block in reading if kind == "json"]
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program.replace("127.0.0.1:9092", up.settings.broker)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as client:  # fmt: skip
        assert client.stdout is not None
        district, _, record = client.stdout.readline().partition(" ")
        client.send_signal(signal.SIGTERM)
        client.communicate(timeout=60)
    told = json.loads(record)
    # Whose id it is depends on the scan's own device and name alone.
    assert {name: told[name] for name in alert} == alert
    assert district == alert["districts"][0]

    page = httpx.get(f"{up.query}/8003/{alert['label']}", headers={"Accept": "application/json"}, timeout=10)
    assert (page.status_code, page.json()["cylinder"]["live"]) == (404, True), (
        "the public device of the README is asked as"
    )


def attempt(block: str, up: Stack, cwd: Path) -> str | None:
    """What a block says once it ends well."""
    try:
        return typed(block, up, cwd).stdout
    except subprocess.CalledProcessError:
        return None


def test_the_settings_of_the_cluster_are_settings() -> None:
    named = set(re.findall(r"PINGLIU_([A-Z]+)=", README))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
