"""Both pages in a real browser: axe finds nothing, they fit a small telephone, and the operators' is live.

Left out, with the reason, where Chromium or the packages that drive it are not installed.
"""

import json
import os
import shutil

import page_stage
import pytest
from page_stage import FIRE, STREET, label, of
from sink_records import alert

from sinks.connection import connect
from sinks.migrate import migrate
from sinks.query import alert_hub

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"), pytest.mark.slow]

ARGUMENTS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SMALL, LARGE = {"width": 320, "height": 568}, {"width": 1280, "height": 900}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STATES = [*STREET, "unknown", "malformed"]
HOSTILE = "<img src=x onerror=document.title=1>"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = driver.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *rooted])
        yield found
        found.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The street, and who may put more into its archive."""
    dsn = f"chdb://{tmp_path_factory.mktemp('street')}/archive"
    client = connect(dsn)
    migrate(client)
    more = [alert("vile", "CLONE", label=HOSTILE), alert("plain", "OVERFILL", label=of("overdue"), severity="high")]
    filled = page_stage.fill(client, more)
    with page_stage.serving(dsn, public_client_rate=1000) as (http, _):
        yield http, *filled
    client.close()


@pytest.fixture
def open_page(browser):
    """Opens a page and hands it back loaded; what its console says of a policy or an error fails the test."""
    troubles, contexts = [], []

    def opened(url, size=SMALL, **options):
        contexts.append(browser.new_context(viewport=size, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if is_trouble(said) else None)
        page.goto(str(url))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def is_trouble(said):
    return said.type == "error" and "the server responded with a status of" not in said.text


def assert_accessible(page):
    results = axe.Axe().run(page, options=RULES).response
    found = {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in results["violations"]}
    assert found == {}
    assert len(results["passes"]) > 10
    # What axe could not decide is no violation; of contrast it must have decided all.
    undecided = [one["nodes"] for one in results["incomplete"] if one["id"] == "color-contrast"]
    assert [node["html"][:200] for nodes in undecided for node in nodes] == []


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def address(state):
    return f"/8003/{ {'unknown': label(900), 'malformed': '*' * 300}.get(state) or of(state) }"


@pytest.mark.parametrize("state", STATES)
def test_the_public_page_is_accessible_and_fits_in_every_state(stage, open_page, state):
    page = open_page(stage[0].base_url.join(address(state)))
    assert_accessible(page)
    assert fits(page)
    # Safe or not is read without scrolling, and larger than all else.
    heading = page.locator("h1")
    assert heading.bounding_box()["y"] + heading.bounding_box()["height"] < SMALL["height"]
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") >= 48
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.note')).fontSize)") >= 16


def test_a_page_without_an_answer_is_accessible(open_page):
    with page_stage.serving("clickhouse://127.0.0.1:1/default") as (http, _):
        page = open_page(http.base_url.join(address("safe")))
        assert "Do not rely on this page" in page.content()
        assert_accessible(page)
        assert fits(page)


def test_a_page_that_has_to_wait_is_accessible(open_page):
    with page_stage.serving("clickhouse://127.0.0.1:1/default", public_client_rate=0.01) as (http, _):
        http.get(address("unknown"))
        page = open_page(http.base_url.join(address("safe")))
        assert "Please wait" in page.content()
        assert_accessible(page)
        assert fits(page)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("query", ["", f"?trace={of('safe')}", "?trace=nobody"])
def test_the_operators_look_is_accessible_and_fits(stage, open_page, query, size):
    page = open_page(stage[0].base_url.join(f"/{query}"), size)
    page.locator("#live", has_text="live").wait_for()
    assert_accessible(page)
    assert fits(page)


def test_the_operators_look_over_a_dead_archive_is_accessible(open_page):
    with page_stage.serving("clickhouse://127.0.0.1:1/default") as (http, _):
        page = open_page(http.base_url.join("/?trace=nobody"))
        assert_accessible(page)
        assert fits(page)


def test_without_a_script_it_shows_the_same_and_traces(stage, open_page):
    page = open_page(stage[0].base_url, LARGE, java_script_enabled=False)
    assert page.locator("#alerts tr").count() >= 4
    assert page.locator(".parts li").count() == 4
    page.get_by_label("追溯气瓶").fill(of("scrapped"))
    page.get_by_role("button").click()
    assert page.locator("code", has_text=of("scrapped")).first.is_visible()
    assert "报废 scrap" in page.content()


def test_an_alert_comes_in_while_one_looks_and_a_retraction_takes_its_row(stage, open_page, monkeypatch):
    monkeypatch.setattr(alert_hub, "LOOK_SECONDS", 0.05)
    http, collector, writer, at = stage
    page = open_page(http.base_url, LARGE)
    page.locator("#live", has_text="live").wait_for()
    before = page.locator("#alerts tr").count()

    def tell(offset, **more):
        collector.record(FIRE, 0, offset, offset, alert("new", "FRESH", label=HOSTILE, **more))
        writer.insert(collector.gather())
        collector.done()

    tell(at)
    row = page.locator("#alerts tr[data-id=new]")
    row.wait_for()
    assert page.locator("#alerts tr").first.get_attribute("data-id") == "new"
    assert row.locator("td").all_inner_texts()[1:] == [
        "超期未检充装 Filled past its inspection date\nFRESH", HOSTILE, "330212", "甬燃", "critical\nsuspected",
    ]  # fmt: skip
    tell(at + 1, status="retracted", reason="late")
    page.locator("#alerts tr[data-id=new]", has_text="retracted").wait_for()
    assert page.locator("#alerts tr").count() == before + 1
    assert page.title() == "瓶流 Pingliu"  # nothing of it ran
    assert_accessible(page)


def test_the_script_shows_an_alert_as_the_server_does(stage, open_page):
    """A row drawn by the script from an alert is the row that the server draws from it."""
    page = open_page(stage[0].base_url, LARGE)
    page.locator("#live", has_text="live").wait_for()
    told = stage[0].get("/v1/alerts").json()["alerts"]
    for one in told:
        row = f"#alerts tr[data-id='{one['alert_id']}']"
        drawn = page.locator(row).inner_html()
        page.evaluate(f"show({json.dumps(one)})")
        assert page.locator(row).inner_html() == drawn
