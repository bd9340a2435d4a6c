"""The verdicts given, and how each now stands."""

from datetime import datetime

from .scan import Scan

Key = tuple[str, str]  # device and scan_id


class Given:
    """By device and scan_id: the scan, its body as text, its verdict and how often that was revised."""

    def __init__(self) -> None:
        self.scans: dict[Key, Scan] = {}
        self.bodies: dict[Key, str] = {}
        self.verdicts: dict[Key, dict] = {}
        self.revisions: dict[Key, int] = {}
        self.conditions: dict[Key, list | None] = {}  # all that a repeat may tell; None: the texts leave it open
        self.before: dict[Key, dict] = {}  # the verdicts that an arrival looks at again, as they were

    def first(self, scan: Scan, body: str, verdict: dict) -> None:
        self.scans[scan.key], self.bodies[scan.key], self.verdicts[scan.key] = scan, body, verdict
        self.revisions[scan.key], self.conditions[scan.key] = 0, [verdict.get("condition")]

    def again(self, scan: Scan, verdict: dict) -> None:
        """What another look at a scan says of it."""
        self.before.setdefault(scan.key, self.verdicts[scan.key])
        self.verdicts[scan.key] = verdict

    def taken_back(self, scan: Scan, plain: dict) -> None:
        """Whether a precheck that was taken back still tells a condition is left open."""
        self.again(scan, plain)
        self.conditions[scan.key] = None

    def revised(self, clock: datetime) -> list[dict]:
        """The lines of an arrival, for each verdict that now is another.

        A changed `condition` alone is none, and a repeat may tell it or not. Whether a verdict given again is `judged_at` its
        arrival, or now, the texts leave open.
        """
        lines, before, self.before = [], self.before, {}
        for key, verdict_before in before.items():
            verdict, conditions = self.verdicts[key], self.conditions[key]
            if says(verdict) != says(verdict_before):
                self.revisions[key] += 1
                self.verdicts[key] = verdict | {"judged_at": clock}
                conditions = self.conditions[key] = conditions and [verdict.get("condition")]
                told = self.verdicts[key] | {"conditions": conditions, "arrived": self.scans[key].clock}
                lines.append({"type": "revision", "revision": self.revisions[key], "verdict": told})
            elif conditions is not None:
                conditions.append(verdict.get("condition"))
        return lines

    def repeated(self, key: Key) -> dict:
        return self.verdicts[key] | {"duplicate": True, "conditions": self.conditions[key], "alerts": []}


def says(verdict: dict) -> tuple:
    """What makes a verdict another one."""
    violations = sorted((each["code"], each["severity"], each["device"]) for each in verdict["violations"])
    return violations, sorted(verdict["prevented"]), verdict["decision"]
