"""Every shape once: scans as devices post them, and the verdicts and alerts that come of them (contract.md).

A scan type is a class; msgspec picks it by the `type` field, checks every field of it in one pass and names the path of
what is wrong. Fields the contract does not know are dropped here, so nothing unforeseen reaches a topic or a table.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

ScanId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{8,64}\Z")]  # `$` would let a line break follow
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Instant = Annotated[datetime, Meta(tz=True)]
Kilograms = Annotated[float, Meta(ge=0, le=100_000)]


class Geo(Struct, frozen=True, gc=False, omit_defaults=True):
    """A place, WGS 84 degrees; `acc_m` is the accuracy's radius in metres."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    acc_m: Annotated[float, Meta(ge=0)] = 100.0


class Data(Struct, gc=False, omit_defaults=True):
    """What a scan of one type says beyond the common fields."""


class Bind(Data):
    serial: Name
    maker: Name
    made: date
    model: Name
    owner: Name
    inspected: date
    valve: str | None = None
    aliases: list[str] = []
    replaces: str | None = None


class Transfer(Data):
    to: Name
    contract: str | None = None


class Handover(Data):
    """A person on the other side: named as `customer`, or by an `id_number` that the gateway turns into `id_token`."""

    customer: str | None = None
    id_token: str | None = None
    id_number: str | None = None


class Collect(Handover):
    full: bool = False


class Receive(Data):
    full: bool = False


class Check(Data):
    passed: bool


class Fill(Data):
    net_kg: Kilograms
    gross_kg: Kilograms | None = None
    tare_kg: Kilograms | None = None
    scale: str | None = None


class Load(Data):
    vehicle: Name
    driver: str | None = None
    escort: str | None = None


class Deliver(Handover):
    vehicle: str | None = None


class SendInspection(Data):
    agency: Name


class Inspect(Data):
    result: Literal["pass", "fail", "scrap"]
    report: str
    next_due: date | None = None
    valve: str | None = None


class Scrap(Data):
    reason: str


class Incident(Data):
    kind: Literal["leak", "fire", "explosion", "other"]


class Missing(Data):
    kind: Literal["lost", "stolen"]


class Void(Data):
    scan_id: ScanId
    device: Name
    reason: str


class Nothing(Data):
    """A type that carries no data."""


class HomeCheck(Handover, kw_only=True):
    result: Literal["ok", "hazard"]


class Scan(Struct, kw_only=True, gc=False, omit_defaults=True, tag_field="type"):
    """One scan. `time` is the event time, `received` the arrival time, which the gateway sets."""

    scan_id: ScanId
    label: str
    time: Instant
    device: Name
    operator: str | None = None
    site: str | None = None
    geo: Geo | None = None
    dry_run: bool = False
    received: Instant | None = None
    data: Any

    type: ClassVar[str] = ""  # the scan type, as the contract names it: each one's tag


class BindScan(Scan, tag="bind"):
    data: Bind


class TransferScan(Scan, tag="transfer"):
    data: Transfer


class CollectScan(Scan, tag="collect"):
    data: Collect


class ReceiveScan(Scan, tag="receive"):
    data: Receive = field(default_factory=Receive)


class PrecheckScan(Scan, tag="precheck"):
    data: Check


class FillScan(Scan, tag="fill"):
    data: Fill


class PostcheckScan(Scan, tag="postcheck"):
    data: Check


class LoadScan(Scan, tag="load"):
    data: Load


class UnloadScan(Scan, tag="unload"):
    data: Load


class DeliverScan(Scan, tag="deliver"):
    data: Deliver = field(default_factory=Deliver)


class SendInspectionScan(Scan, tag="send_inspection"):
    data: SendInspection


class InspectScan(Scan, tag="inspect"):
    data: Inspect


class ScrapScan(Scan, tag="scrap"):
    data: Scrap


class IncidentScan(Scan, tag="incident"):
    data: Incident


class MissingScan(Scan, tag="missing"):
    data: Missing


class VoidScan(Scan, tag="void"):
    data: Void


class LookupScan(Scan, tag="lookup"):
    data: Nothing = field(default_factory=Nothing)


class HomeCheckScan(Scan, kw_only=True, tag="home_check"):
    label: str = ""
    data: HomeCheck


AnyScan = (
    BindScan
    | TransferScan
    | CollectScan
    | ReceiveScan
    | PrecheckScan
    | FillScan
    | PostcheckScan
    | LoadScan
    | UnloadScan
    | DeliverScan
    | SendInspectionScan
    | InspectScan
    | ScrapScan
    | IncidentScan
    | MissingScan
    | VoidScan
    | LookupScan
    | HomeCheckScan
)

for _scan in AnyScan.__args__:
    _scan.type = str(_scan.__struct_config__.tag)


class Tick(Struct, tag_field="type", tag="tick"):
    """The gateway's pulse through every partition of `scans`: time passes where no scan does."""

    received: Instant


class Retired(Struct, tag_field="type", tag="retired", omit_defaults=True):
    """The worker's word in `scans` that `label` was replaced `by` another at `time`; a judged `bind` said so."""

    label: str
    by: str
    time: Instant
    received: Instant
    undone: bool = False


class Reject(Struct, frozen=True):
    """A scan that may not enter: the field's path (empty for the whole), and a reason a person understands."""

    field: str
    reason: str
    scan_id: str | None = None


Answer = Literal["deny", "warn", "allow"]
Severity = Literal["critical", "high", "medium", "low"]


class Violation(Struct, frozen=True):
    code: str
    severity: Severity
    device: Literal["deny", "warn", "silent"]


class Condition(Struct, frozen=True):
    """A cylinder as a `lookup` or `precheck` hears of it; what is not known is null."""

    state: str | None = None
    full: bool | None = None
    owner: str | None = None
    next_inspection: str | None = None
    end_of_life: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The answer to one scan. `judged_at` is left unset where the record around it says it."""

    scan_id: str
    label: str
    type: str
    decision: Answer
    violations: tuple[Violation, ...] = ()
    prevented: tuple[str, ...] = ()
    late: bool
    dry_run: bool
    time: str
    judged_at: str | UnsetType = UNSET
    condition: Condition | UnsetType = UNSET
    duplicate: bool | UnsetType = UNSET


class Responsible(Struct, frozen=True):
    kind: str
    id: str | None
    name: str | None


class Alert(Struct, frozen=True, kw_only=True):
    """One alert to one or more authorities. The last record with an `alert_id` stands."""

    alert_id: str
    code: str
    title: dict[str, str]
    severity: Severity
    status: Literal["suspected", "confirmed", "retracted", "resolved"]
    time: str
    raised_at: str
    label: str
    scan_id: str
    type: str
    responsible: Responsible
    districts: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    basis: tuple[str, ...]
    evidence: dict[str, Any]
    reason: str | UnsetType = UNSET  # of a retraction or resolution


decode_alert = msgspec.json.Decoder(Alert).decode
decode_between = msgspec.json.Decoder(Tick | Retired).decode
decode_scan = msgspec.json.Decoder(AnyScan).decode
decode_array = msgspec.json.Decoder(list[AnyScan]).decode
decode_scans = msgspec.json.Decoder(AnyScan).decode_lines  # one a line
encode = msgspec.json.Encoder().encode
encode_lines = msgspec.json.Encoder().encode_lines  # of many, a line each
