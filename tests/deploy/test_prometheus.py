"""Scrape config and alert rules: right in Prometheus' own eyes, tested each to fire and to be silent, true to our metrics.

What needs `promtool` (Debian: `apt install prometheus`) is left out where it is not installed, and pytest says so.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from stream import metrics
from tests.deploy.names import asked, wrong

HOME = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = (HOME / "alerts.yml").read_text()
CONFIG = (HOME / "prometheus.yml").read_text()
TESTS = (HOME / "alerts.test.yml").read_text()
ALERTS = re.findall(r"- alert: (\w+)", RULES)
EXPRESSIONS = dict(re.findall(r"- alert: (\w+)\n +expr: (?:\|\n)?((?:.*\n)+?) +(?:for|labels):", RULES))

PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed: rules and metrics are not checked"
)


def promtool(*arguments: str, cwd: Path = HOME, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], input=given, capture_output=True, cwd=cwd, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_names_only_what_we_expose(alert: str) -> None:
    assert wrong(EXPRESSIONS[alert]) == []


def test_a_query_that_names_what_nobody_exposes_is_found() -> None:
    assert wrong("rate(pingliu_gateway_accepted_scans[5m])") == ["pingliu_gateway_accepted_scans"]
    assert wrong('pingliu_worker_lag_records{topic="scans"}') == ["topic"]
    assert wrong("sum by (kind) (pingliu_sink_rows_total)") == ["kind"]


def test_the_tests_of_the_rules_feed_only_what_we_expose() -> None:
    assert wrong_series() == []


def wrong_series() -> list[str]:
    return [given for given in re.findall(r"series: '([^']+)'", TESTS) if asked(given) and wrong(given)]


def test_rules_scrape_config_and_their_tests_speak_of_the_same_jobs_and_alerts() -> None:
    jobs = set(re.findall(r"job_name: (\S+)", CONFIG))
    assert set(re.findall(r'job="([^"]+)"', RULES)) <= jobs
    assert set(re.findall(r"alertname(?:: |=\")(\w+)", TESTS)) == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_in_two_languages_what_it_is_and_what_to_do(alert: str) -> None:
    text = RULES.partition(f"- alert: {alert}\n")[2].partition("- alert:")[0]
    for part in ("summary: ", "summary_zh: ", "do: ", "severity: "):
        assert part in text


@with_promtool
def test_promtool_finds_nothing_wrong_with_the_files() -> None:
    assert promtool("check", "config", "prometheus.yml").returncode == 0
    checked = promtool("check", "rules", "alerts.yml")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert f"{len(ALERTS)} rules found" in checked.stdout


@with_promtool
def test_the_rules_pass_their_own_tests() -> None:
    done = promtool("test", "rules", "alerts.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def spoiled(alerts: list[str], expression: str, home: Path) -> subprocess.CompletedProcess[str]:
    """How the tests of the rules end when these alerts ask something else."""
    rules = RULES
    for alert in alerts:
        assert rules.count(EXPRESSIONS[alert]) == 1
        rules = rules.replace(EXPRESSIONS[alert], f"{expression}\n").replace(
            f"expr: |\n{expression}", f"expr: {expression}"
        )
    (home / "alerts.yml").write_text(rules)
    (home / "alerts.test.yml").write_text(TESTS)
    assert promtool("check", "rules", "alerts.yml", cwd=home).returncode == 0
    return promtool("test", "rules", "alerts.test.yml", cwd=home)


@with_promtool
@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_never_fires_fails_the_tests(alert: str, tmp_path: Path) -> None:
    assert spoiled([alert], "vector(0) > 1", tmp_path).returncode == 1


@with_promtool
def test_alerts_that_always_fire_fail_the_tests(tmp_path: Path) -> None:
    done = spoiled(ALERTS, "vector(1)", tmp_path)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert [alert for alert in ALERTS if f"alertname: {alert}" not in said.replace("alertname:P", "alertname: P")] == []


@with_promtool
def test_every_metric_as_we_expose_it_passes_promtool() -> None:
    for metric in (value for name, value in vars(metrics).items() if name.isupper() and not name.startswith("_")):
        if metric._labelnames:
            metric.labels(*metric._labelnames)
    checked = promtool("check", "metrics", given=generate_latest())
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    spoiled = generate_latest().replace(b"# HELP pingliu_gateway_ticks_total Ticks sent\n", b"")
    assert promtool("check", "metrics", given=spoiled).returncode == 3, "promtool would not have found anything"
