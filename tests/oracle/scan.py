"""An accepted scan, and the words for kinds of scans."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from .times import day_of

MOVES = {"collect", "receive", "fill", "load", "unload", "deliver", "send_inspection"}


@dataclass(frozen=True)
class Scan:
    """An accepted scan. `clock` is the arrival clock when it came, `device` the row of its device.

    `label` is canonical where that was known when it came, and so is `replaces`.
    """

    body: dict
    label: str | None
    replaces: str | None
    time: datetime
    received: datetime
    clock: datetime
    device: dict

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.body["device"], self.body["scan_id"]

    @cached_property
    def type(self) -> str:
        return self.body["type"]

    @cached_property
    def data(self) -> dict:
        return self.body.get("data") or {}

    @cached_property
    def day(self) -> date:
        return day_of(self.time)

    @cached_property
    def dry_run(self) -> bool:
        return self.body.get("dry_run", False)

    @cached_property
    def enterprise(self) -> str:
        return self.device["enterprise"]

    @cached_property
    def site(self) -> str | None:
        """The id of its site: its own, else for station and agency devices the device's."""
        fixed = self.device["device_kind"] in {"station", "agency"}
        return self.body.get("site") or (self.device.get("site") if fixed else None)

    @cached_property
    def tells_a_place(self) -> bool:
        """Whether rule 3 may look at it."""
        return self.leaves_a_trace and self.type != "home_check" and self.device["device_kind"] != "public"

    @cached_property
    def leaves_a_trace(self) -> bool:
        return not self.dry_run and self.type != "lookup"

    @cached_property
    def place_in_order(self) -> tuple:
        return self.time, self.body["device"], self.body["scan_id"]


def scraps(scan: Scan) -> bool:
    return scan.type == "scrap" or (scan.type == "inspect" and scan.data["result"] == "scrap")
