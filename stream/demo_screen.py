"""The demo's live screen on a terminal; plain lines in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def truth_table(planted: list[dict[str, Any]], alerts: list[dict[str, Any]]) -> tuple[Table, bool]:
    """Planted against found, by rule; and whether nothing was missed and nothing was false."""
    wanted = {(one["scan_id"], one["code"]) for one in planted}
    told = {(one["scan_id"], one["code"]) for one in alerts}
    table = Table(title="planted by the city, found by Pingliu")
    for heading in ("rule", "planted", "found", "missed", "false"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for code in sorted({code for _, code in wanted | told}):
        rows = [
            {pair for pair in pairs if pair[1] == code}
            for pairs in (wanted, wanted & told, wanted - told, told - wanted)
        ]
        missed, false = len(rows[2]), len(rows[3])
        table.add_row(code, *(str(len(row)) for row in rows), style="bold red" if missed or false else "")
    table.add_section()
    totals = (wanted, wanted & told, wanted - told, told - wanted)
    table.add_row("all", *(str(len(pairs)) for pairs in totals), style="bold")
    return table, wanted == told
