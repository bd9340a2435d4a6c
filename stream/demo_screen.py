"""The demo's live screen on a terminal; plain lines in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stream.alerts_tail import one_line

_LINES_EVERY = 4  # reports: in a pipe one line every two seconds is enough


class Screen:
    """Shows the city's report, the lag and the latest alerts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._updates = 0
        self._printed = 0

    @contextmanager
    def shown(self) -> Iterator["Screen"]:
        """Live while the block runs."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(console=self._console, refresh_per_second=4, transient=False) as live:
            self._live = live
            yield self
        self._live = None

    def update(self, report: dict[str, Any], lag: float, alerts: list[dict[str, Any]], total: int) -> None:
        """Show what is known now."""
        self._updates += 1
        if self._live is not None:
            self._live.update(_picture(report, lag, alerts, total))
            return
        fresh = min(total - self._printed, len(alerts))
        for alert in alerts[len(alerts) - fresh :]:
            self._console.print(Text("alert  ") + one_line(alert), soft_wrap=True)
        self._printed = total
        if self._updates % _LINES_EVERY == 0:
            self._console.print(_figures(report, lag, total), soft_wrap=True)


def _figures(report: dict[str, Any], lag: float, total: int) -> Text:
    decisions = report.get("decisions", {})
    return Text.assemble(
        ("scans ", "dim"), f"{report.get('sent', 0):>6}",
        ("  a second ", "dim"), f"{report.get('rate', 0):>4.0f}",
        ("  allow ", "dim"), (f"{decisions.get('allow', 0)}", "green"),
        ("  warn ", "dim"), (f"{decisions.get('warn', 0)}", "yellow"),
        ("  deny ", "dim"), (f"{decisions.get('deny', 0)}", "red"),
        ("  alerts ", "dim"), (f"{total}", "bold red"),
        ("  lag ", "dim"), f"{lag:.0f}",
        ("  post→verdict p50 ", "dim"), f"{report.get('p50_ms') or 0:.0f} ms",
        ("  p99 ", "dim"), f"{report.get('p99_ms') or 0:.0f} ms",
    )  # fmt: skip


def _picture(report: dict[str, Any], lag: float, alerts: list[dict[str, Any]], total: int) -> RenderableType:
    lines = [one_line(alert) for alert in alerts]
    for line in lines:
        line.no_wrap = True
        line.overflow = "ellipsis"
    return Group(
        Panel(
            _figures(report, lag, total),
            title=f"Pingliu 瓶流 · {(report.get('simulated') or '')[:16].replace('T', ' ')}",
        ),
        *lines,
    )


class Found(NamedTuple):
    """Of one rule: how many violations the city planted, how many of them were found, and what is wrong."""

    code: str
    planted: int
    found: int
    missed: int
    false: int


def by_rule(planted: list[dict[str, Any]], alerts: list[dict[str, Any]]) -> list[Found]:
    """Planted against found, by rule."""
    wanted = {(one["scan_id"], one["code"]) for one in planted}
    told = {(one["scan_id"], one["code"]) for one in alerts}
    return [
        Found(code, *(sum(pair[1] == code for pair in pairs) for pairs in _sides(wanted, told)))
        for code in sorted({code for _, code in wanted | told})
    ]


def _sides(wanted: set[tuple[str, str]], told: set[tuple[str, str]]) -> tuple[set[tuple[str, str]], ...]:
    return wanted, wanted & told, wanted - told, told - wanted


def truth_table(rows: list[Found]) -> Table:
    """The same as a table."""
    table = Table(title="planted by the city, found by Pingliu")
    for heading in ("rule", *Found._fields[1:]):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for row in rows:
        table.add_row(row.code, *map(str, row[1:]), style="bold red" if row.missed or row.false else "")
    table.add_section()
    totals = (
        sum(figures) for figures in zip(*((row.planted, row.found, row.missed, row.false) for row in rows), strict=True)
    )
    table.add_row("all", *map(str, totals), style="bold")
    return table
