"""The alerts of scans: which stand, which wait, and what another look at a scan makes of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from .alerts import alert, over, told_later
from .archive import Archive
from .case import Case
from .catalogue import CATALOGUE
from .given import Key
from .rules import is_asked
from .scan import MOVES
from .second_key import AFTER_A_WAIT, AT_ONCE
from .waiting import WAITS, Clock
from .window import Story

REPORT, NUMBER = "REPORTED_MISSING", "VEHICLE_UNLICENSED"
LOOKED_AT_ONCE = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE"}


@dataclass
class Waiting:
    """What will be told, unless it falls away."""

    record: dict


class Standing:
    """`told`: the latest record by scan and code. `taken_back`: the scans whose alerts no longer can be told."""

    def __init__(self, clock: Clock, archive: Archive) -> None:
        self.clock, self.archive = clock, archive
        self.told: dict[Key, dict[str, dict]] = defaultdict(dict)
        self.waiting: dict[Key, dict[str, Waiting]] = defaultdict(dict)
        self.over_number: set[Key] = set()  # the loads after which a vehicle was found to carry too many
        self.taken_back: set[Key] = set()

    def settle(self, case: Case, found: dict[str, dict]) -> list[dict]:
        """What is told at once of a scan that was judged, for the first time or again."""
        key = case.scan.key
        wanted = {code: evidence for code, evidence in found.items() if not is_asked(case.scan, code)}
        if key in self.over_number:
            wanted.setdefault(NUMBER, {})
        alerts = []
        for code, evidence in wanted.items():
            if CATALOGUE[code].is_alerted:
                record = alert(case, code, evidence)
                if code not in found and self.stands(key, code):  # by its number, which a re-run does not look at again
                    record["whom"] += self.told[key][code]["whom"]
                alerts += self.raise_(key, code, record)
        for code in (self.told[key].keys() | self.waiting[key].keys()) - wanted.keys() - LOOKED_AT_ONCE:
            alerts += self.let_fall(key, code, case.known.clock)
        return alerts

    def raise_(self, key: Key, code: str, record: dict) -> list[dict]:
        """A violation that holds: told, or left to wait, or told again where its content is another."""
        if self.stands(key, code):
            return [self.tell(key, code, again(self.told[key][code], record))]
        if code not in WAITS or code == NUMBER:
            return [self.tell(key, code, record)]
        if code in self.waiting[key]:
            self.waiting[key][code].record = record
        else:
            waiting = self.waiting[key][code] = Waiting(record)
            due = record["raised_at"][0] + WAITS[code]
            self.clock.at(due, partial(self.told_after_its_wait, key, code, waiting))
        return []

    def let_fall(self, key: Key, code: str, clock: datetime) -> list[dict]:
        """A violation that holds no longer: what was told is retracted, what waits dies."""
        self.waiting[key].pop(code, None)
        if not self.stands(key, code):
            return []
        return [self.tell(key, code, over(self.told[key][code], "retracted", clock))]

    def take_back(self, key: Key, clock: datetime) -> list[dict]:
        """All alerts of a scan that should not have been."""
        self.taken_back.add(key)
        codes = self.told[key].keys() | self.waiting[key].keys()
        return [record for code in codes for record in self.let_fall(key, code, clock)]

    def stands(self, key: Key, code: str) -> bool:
        return code in self.told[key] and self.told[key][code]["status"] != "retracted"

    def tell(self, key: Key, code: str, record: dict) -> dict:
        self.told[key][code] = {name: value for name, value in record.items() if name != "optional"}
        return record

    def told_after_its_wait(self, key: Key, code: str, waiting: Waiting, now: datetime) -> dict | None:
        if self.waiting[key].get(code) is not waiting:
            return None
        del self.waiting[key][code]
        return self.tell(key, code, waiting.record | {"raised_at": [now]})

    def settle_reports(self, story: Story, clock: datetime) -> list[dict]:
        """37: the next move, also one under 1 or 4, resolves a report."""
        alerts, scans = [], story.own()
        for place, scan in enumerate(scans):
            if scan.type != "missing" or REPORT not in self.told[scan.key]:
                continue
            record = self.told[scan.key][REPORT]
            is_found = any(later.type in MOVES for later in scans[place + 1 :])
            if is_found and record["status"] == "suspected":
                alerts.append(self.tell(scan.key, REPORT, over(record, "resolved", clock)))
            elif not is_found and record["status"] == "resolved":
                lost = {name: value for name, value in record.items() if name != "reason"}
                alerts.append(self.tell(scan.key, REPORT, lost | {"status": "suspected", "raised_at": [clock]}))
        return alerts

    def look_across(self, case: Case) -> list[dict]:
        """The alerts about its customer or vehicle. Those that wait are counted anew when they fall due."""
        if case.type not in {"deliver", "load"}:
            return []
        cylinders = self.archive.all_pasts()
        for code, rule in AFTER_A_WAIT.items():
            if rule(case, cylinders):
                self.clock.at(case.scan.clock + WAITS[code], partial(self.counted_anew, code, case))
        found = [code for code, rule in AT_ONCE.items() if rule(case, cylinders)]
        return [self.tell(case.scan.key, code, alert(case, code, {})) for code in found]

    def counted_anew(self, code: str, case: Case, now: datetime) -> dict | None:
        """The alert of a rule that holds still, by the registry as known now."""
        key, known = case.scan.key, self.archive.registry.known(now)
        if key in self.taken_back or not AFTER_A_WAIT[code](case.as_known(known), self.archive.all_pasts()):
            return None
        if code == NUMBER:
            self.over_number.add(key)
        if self.stands(key, code):
            return None
        return self.tell(key, code, told_later(case, code, {}, now))


def again(stood: dict, record: dict) -> dict:
    """What is told anew of an alert that stands.

    Where nothing that the texts name is another it may still be told: evidence and responsible are partly left open.
    """
    same = [party for party in record["whom"] if party in stood["whom"]]
    status = {name: stood[name] for name in ("status", "reason") if name in stood}
    if stood["evidence"] != record["evidence"] or not same:
        return record | status
    both = {name: [*stood[name], *record[name]] for name in ("whom", "raised_at")}
    return record | status | both | {"optional": True}
