"""The simulated city, as a command: `python -m load_tests.city registry|scans|run`. See `--help` of each."""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from load_tests.city.pace import post_all
from load_tests.city.plan import Plan, make_plan, truth
from load_tests.city.post import GaveUpError, Line
from load_tests.city.registry import rows
from load_tests.city.tally import Tally, say, tell

PROGRESS_SECONDS = 0.5


def main() -> int:
    """Returns the exit code: 0, or 1 where anything was rejected or the gateway stayed away."""
    arguments = _arguments()
    plan = make_plan(arguments.seed)
    match arguments.command:
        case "registry":
            lines = [json.dumps(row, ensure_ascii=False) for row in rows(plan.world)]
            arguments.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        case "scans":
            # A repeat stands right after what it repeats: that is when a device that missed the answer sends it.
            bodies = [scan.body for scan in plan.scans for _ in range(1 + scan.repeat)]
            arguments.out.write_bytes(b"".join(body + b"\n" for body in bodies))
            if arguments.truth:
                counts = {"sent": len(plan.scans), "repeats": len(bodies) - len(plan.scans)}
                _write_truth(arguments.truth, truth(plan, plan.scans) | counts)
        case _:
            return asyncio.run(_run(plan, arguments))
    return 0


async def _run(plan: Plan, arguments: argparse.Namespace) -> int:
    tally, stop = Tally(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    rate = arguments.rate or len(plan.scans) / arguments.seconds
    say(f"{len(plan.scans)} scans to {arguments.gateway}, {rate:.0f} a second at most")
    telling = asyncio.create_task(_tell_progress(tally))
    gave_up = False
    try:
        with tempfile.TemporaryDirectory(prefix="pingliu-couriers-") as queues:
            couriers = plan.world.courier_devices()
            line = Line(arguments.gateway, tally, stop, arguments.patience, couriers=couriers, queues=Path(queues))
            await post_all(plan.scans, line, rate)
    except* GaveUpError as group:
        gave_up = True
        say(str(group.exceptions[0]))
    finally:
        telling.cancel()
        overall = tally.overall()
        sent = sorted(tally.sent, key=lambda scan: scan.received)
        in_doubt = {"in_doubt": sorted(tally.in_doubt)}
        _write_truth(arguments.truth, truth(plan, sent) | overall | in_doubt)
        tell({"done": len(tally.sent) == len(plan.scans)} | overall)
    return 1 if gave_up or tally.rejected else 0


async def _tell_progress(tally: Tally) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        tell(tally.progress())


def _write_truth(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m load_tests.city", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    registry = commands.add_parser("registry", help="write the city's registry as JSON lines")
    registry.add_argument("--out", type=Path, required=True)
    scans = commands.add_parser("scans", help="write the city's scans in order of arrival, for `pingliu judge`")
    scans.add_argument("--out", type=Path, required=True)
    scans.add_argument("--truth", type=Path, help="what the scans must raise, as JSON")
    run = commands.add_parser("run", help="post the city's scans to a gateway that runs with --insecure-devices")
    run.add_argument("--gateway", required=True, help="its URL, such as http://127.0.0.1:8080")
    run.add_argument("--truth", type=Path, required=True, help="written at the end: what the scans sent must raise")
    run.add_argument("--seconds", type=float, default=40.0, help="spread the scans over so long (40)")
    run.add_argument("--rate", type=float, help="scans a second at most, in place of --seconds")
    run.add_argument("--patience", type=float, default=120.0, help="seconds without an answer before giving up (120)")
    for command in (registry, scans, run):
        command.add_argument("--seed", type=int, default=1, help="another seed, another city (1)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
