"""`pingliu demo`: a city lives for a minute; what was planted must be found, and an accident is traced."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
from rich.console import Console

from sinks.query.render import print_trace
from stream import kafka, topics
from stream.demo_screen import Screen, by_rule, truth_table
from stream.demo_watch import AlertWatch, City, metric_total
from stream.local.processes import free_port
from stream.registry_load import load as load_registry
from stream.settings import Settings, SettingsError
from stream.terminal import Exit, err, out, write_line
from stream.up import Stack, end_in_order_on_sigterm, running, wait_for_signal

_ARCHIVE_SECONDS = 30.0  # how long the archive may take to hold the last scan
_REFRESH_SECONDS = 0.5
_CITY = [sys.executable, "-m", "load_tests.city"]


def run(settings: Settings, *, keep: bool, seconds: float, seed: int, as_json: bool = False) -> int:
    """The whole story; 0 when every planted violation was found, no other was, and the accident is traced."""
    console = err if as_json else out
    end_in_order_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="pingliu-demo-", ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        lines = home / "registry.jsonl"
        city = ["--seed", str(seed)]
        subprocess.run([*_CITY, "registry", "--out", str(lines), *city], check=True)

        def prepare(settings: Settings) -> None:
            if kafka.holds_records(settings, topics.SCANS.name):
                raise SettingsError(f"broker: {settings.broker} holds scans already; the demo's city would repeat them")
            console.print(f"{load_registry(settings, lines)} registry rows loaded")

        with running(_trial(settings, home), console.print, prepare) as stack:
            found = _live(stack, console, home / "truth.json", [*city, "--seconds", str(seconds)])
            if as_json:
                write_line(orjson.dumps(found))
            if keep:
                console.print(f"\ngateway {stack.gateway}   query {stack.query}   Kafka {stack.settings.broker}")
                console.print(f"operators look at {stack.query}/", soft_wrap=True)
                console.print(
                    f"anyone who scans the accident's cylinder sees {_public_page(stack, home)}", soft_wrap=True
                )
                console.print("still up; Ctrl-C stops everything")
                wait_for_signal()
    return Exit.DONE if found["good"] else Exit.NO


def _trial(settings: Settings, home: Path) -> Settings:
    """The demo's own settings: free ports and a directory that goes away, but for what the user named."""
    own: dict[str, Any] = {name: free_port() for name in ("gateway_port", "query_port", "worker_port", "sink_port")}
    own |= {"data_dir": home, "clickhouse": f"chdb:///{home / 'archive'}", "insecure_devices": True}
    # The city's registry has a public device for the page; its time is that of its own scans, not of the wall clock.
    own |= {"public_device": "D-public", "simulated_time": True}
    return settings.model_copy(
        update={name: value for name, value in own.items() if name not in settings.model_fields_set}
    )


def _live(stack: Stack, console: Console, truth_file: Path, options: list[str]) -> dict[str, Any]:
    """The city's life, and what was found of what it planted; `good` where that is all of it and nothing else."""
    with AlertWatch(stack.settings).watching() as watch:
        run = [*_CITY, "run", "--gateway", stack.gateway, "--truth", str(truth_file), *options]
        city = City(run, lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
        try:
            with Screen(console).shown() as screen:
                while city.running:
                    lag = metric_total(stack.worker, "pingliu_worker_lag_records")
                    screen.update(city.report, lag, list(watch.latest), len(watch.seen))
                    time.sleep(_REFRESH_SECONDS)
                city_went_well = city.finish() == 0
                watch.read_to_end(_ARCHIVE_SECONDS)
                screen.update(city.report, 0, list(watch.latest), len(watch.seen))
        finally:
            city.stop()
        truth = json.loads(truth_file.read_text())
        told = list(watch.seen.values())
    rows = by_rule(truth["planted"], told)
    console.print()
    console.print(truth_table(rows))
    traced = _trace(stack, truth["accident"], console)
    restarts = stack.restarts()
    console.print(f"\n{truth['sent']} scans posted, {len(told)} alerts in {watch.records} records, {restarts} restarts")
    exact = not any(row.missed or row.false for row in rows)
    return {
        "good": exact and traced and city_went_well,
        "rules": [row._asdict() for row in rows],
        "accident": truth["accident"],
        "traced": traced,
        "scans": truth["sent"],
        "alerts": len(told),
        "restarts": restarts,
    }


def _public_page(stack: Stack, home: Path) -> str:
    return f"{stack.query}/8003/{json.loads((home / 'truth.json').read_text())['accident']}"


def _trace(stack: Stack, label: str, console: Console) -> bool:
    """Print the accident cylinder's story from ClickHouse, once its incident is there."""
    deadline = time.monotonic() + _ARCHIVE_SECONDS
    while time.monotonic() < deadline:
        reply = httpx.get(f"{stack.query}/v1/cylinders/{label}/trace", timeout=10)
        if reply.status_code == httpx.codes.OK and any(hand["type"] == "incident" for hand in reply.json()["hands"]):
            console.print()
            print_trace(reply.json(), console)
            return True
        time.sleep(_REFRESH_SECONDS)
    console.print(f"the incident of {label} did not reach the archive in {_ARCHIVE_SECONDS:.0f} s", style="red")
    return False
