"""Where the outputs of the engine depart from the oracle's."""

from collections.abc import Iterator
from itertools import zip_longest

from .compare_alerts import of_alert_lists
from .times import instant

VERDICT_FIELDS = ["scan_id", "label", "type", "decision", "prevented", "late", "dry_run"]


def by_line(outputs: list[dict]) -> list[list[dict]]:
    """The outputs that belong to one line of input each: a timer line goes with what follows it, at the end it is alone.

    Revision lines go with the verdict before them.
    """
    lines: list[list[dict]] = [[]]
    for output in outputs:
        if output.get("type") == "revision":
            lines[-2].append(output)
            continue
        lines[-1].append(output)
        if output.get("type") != "timer":
            lines.append([])
    return lines if lines[-1] else lines[:-1]


def line_differences(engine: list[dict], oracle: list[dict]) -> list[str]:
    """One sentence a difference between the outputs to one line of input (or to the end of it)."""
    answers = [[output for output in each if output.get("type") != "revision"] for each in (oracle, engine)]
    ours, theirs = ([None, *each] if is_plain(each) else each for each in answers)
    found = [difference for pair in zip_longest(theirs, ours) for difference in differences(*pair)]
    if revisions(engine[: len(answers[1])]):
        found.append("a revision before the verdict of the arrival")
    return found + of_revision_lines(
        *({name_of(each): each for each in lines} for lines in map(revisions, (engine, oracle)))
    )


def revisions(outputs: list[dict]) -> list[dict]:
    return [output for output in outputs if output.get("type") == "revision"]


def name_of(revision: dict) -> tuple[str, int]:
    return revision["verdict"]["scan_id"], revision["revision"]


def of_revision_lines(engine: dict[tuple, dict], oracle: dict[tuple, dict]) -> list[str]:
    """Between the revisions of one arrival by scan and number; their order is free."""
    found = []
    for name in sorted(engine.keys() | oracle.keys()):
        if name not in engine or name not in oracle:
            found.append(f"revision: engine {engine.get(name)}, oracle {oracle.get(name)}")
            continue
        if set(engine[name]) != {"type", "revision", "verdict"}:
            found.append(f"fields of a revision: {sorted(engine[name])}")
        told = of_verdicts(engine[name]["verdict"], oracle[name]["verdict"])
        found += [f"revision {name}: {difference}" for difference in told]
    return found


def is_plain(outputs: list[dict]) -> bool:
    """Whether no timer line stands before the verdict."""
    return not outputs or outputs[0].get("type") != "timer"


def differences(engine: dict | None, oracle: dict | None) -> list[str]:
    """One sentence a difference; empty where both say the same."""
    if engine is None or oracle is None:
        return [] if engine is oracle else [f"output: engine {engine}, oracle {oracle}"]
    if engine.get("type") == "timer":
        return list(of_timer_lines(engine, oracle))
    if "rejected" in engine or "rejected" in oracle:
        return list(of_rejects(engine, oracle))
    return [*of_verdicts(engine, oracle), *of_alert_lists(engine["alerts"], oracle["alerts"])]


def of_timer_lines(engine: dict, oracle: dict) -> Iterator[str]:
    if engine.keys() != oracle.keys():
        yield f"fields of a timer line: engine {sorted(engine)}"
        return
    if instant(engine["time"]) != oracle["time"]:
        yield f"time of a timer line: engine {engine['time']}, oracle {oracle['time']}"
    yield from of_alert_lists(engine["alerts"], oracle["alerts"])


def of_rejects(engine: dict, oracle: dict) -> Iterator[str]:
    if ("rejected" in engine) != ("rejected" in oracle):
        yield f"rejected: engine {engine.get('rejected')}, oracle {oracle.get('rejected')}"
        return
    if set(engine) != {"scan_id", "rejected"} or set(engine["rejected"]) != {"field", "reason"}:
        yield f"shape of a reject: {engine}"
    if oracle["rejected"] is not None and engine["rejected"]["field"].partition("[")[0] not in oracle["rejected"]:
        yield f"rejected field: engine {engine['rejected']}, oracle {oracle['rejected']}"
    if "scan_id" not in (oracle["rejected"] or {"scan_id"}) and engine["scan_id"] != oracle["scan_id"]:
        yield f"scan_id of a reject: engine {engine['scan_id']}, oracle {oracle['scan_id']}"


def of_verdicts(engine: dict, oracle: dict) -> Iterator[str]:
    optional = {"condition", "label", "conditions", "arrived"}
    if (engine.keys() ^ oracle.keys()) - optional:
        yield f"fields: engine {sorted(engine)}, oracle {sorted(oracle)}"
        return
    for name in VERDICT_FIELDS:
        ours, theirs = oracle[name], engine.get(name)
        if name == "label" and ours is None:
            continue  # a home_check has none; how that is written is left open
        if name == "prevented":
            ours, theirs = sorted(ours), sorted(theirs)
        if ours != theirs:
            yield f"{name}: engine {theirs}, oracle {ours}"
    if sorted_by_code(engine["violations"]) != sorted_by_code(oracle["violations"]):
        yield f"violations: engine {engine['violations']}, oracle {oracle['violations']}"
    if instant(engine["time"]) != oracle["time"]:
        yield f"time: engine {engine['time']}, oracle {oracle['time']}"
    judged_at = [oracle["judged_at"], oracle.get("arrived")]
    if "duplicate" not in oracle and instant(engine["judged_at"]) not in judged_at:
        yield f"judged_at: engine {engine['judged_at']}, oracle one of {judged_at}"
    conditions = oracle.get("conditions", [oracle.get("condition")])
    if conditions is not None and engine.get("condition") not in conditions:
        yield f"condition: engine {engine.get('condition')}, oracle one of {conditions}"
    if engine.get("duplicate", False) != oracle.get("duplicate", False):
        yield f"duplicate: engine {engine.get('duplicate')}, oracle {oracle.get('duplicate')}"


def sorted_by_code(violations: list[dict]) -> list[dict]:
    return sorted(violations, key=lambda each: each["code"])
