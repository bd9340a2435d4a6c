"""The parameters of domain.md section 3: defaults that an operator changes in `pingliu.toml`, each with its basis.

    [rules]
    due_soon_days = 45

    [[rules.changes]]
    from = 2027-01-01
    inspection_years = 3

A scan is judged by the parameters in force on its own day; a time that runs (rules 33, 35) by those of the day it began.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict

from processors.times import MINUTE

OPEN_START = date.min.toordinal()

_DESIGN = "design choice"


def _meta(description: str, basis: str, zh: str, **limits: Any) -> Meta:
    return Meta(description=description, extra={"basis": basis, "zh": zh}, **limits)


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """What the rules are judged by on one day; the unit is the last word of a field's name."""

    life_years: Annotated[
        int,
        _meta(
            "design life where the registry has no row of the model",
            "GB 5842-2006, local notices",
            "登记资料中没有该型号时的设计使用年限",
            ge=1,
            le=50,
        ),
    ] = 8
    life_years_at_most: Annotated[
        int,
        _meta(
            "age at which a cylinder is scrapped, inspected or not",
            "GB 5842-2006, local notices",
            "气瓶无论检验与否均须报废的年限",
            ge=1,
            le=50,
        ),
    ] = 12
    inspection_years: Annotated[
        int,
        _meta(
            "time from one inspection to the next",
            "GB/T 8334-2022; 特种设备安全法 Art 40",
            "两次定期检验之间的间隔",
            ge=1,
            le=20,
        ),
    ] = 4
    due_soon_days: Annotated[
        int,
        _meta(
            "how long before an inspection is due the filler is told",
            _DESIGN,
            "检验到期前多少天开始提示充装单位",
            ge=0,
            le=365,
        ),
    ] = 30
    precheck_hours: Annotated[
        float, _meta("how long a check before filling is good", _DESIGN, "充装前检查的有效时间", ge=0, le=168)
    ] = 2
    correction_minutes: Annotated[
        float,
        _meta(
            "a fill so soon after another of the same cylinder at the same site corrects it",
            _DESIGN,
            "同一气瓶在同一站点上次充装后多久以内再次充装视为补正",
            ge=0,
            le=1440,
        ),
    ] = 30
    home_check_days: Annotated[
        int,
        _meta(
            "time from one household check to the next",
            "城镇燃气管理条例 Art 17",
            "两次入户安检之间的间隔",
            ge=1,
            le=3650,
        ),
    ] = 365
    resident_cylinders: Annotated[
        int, _meta("how many cylinders a resident may hold", _DESIGN, "居民用户可持有的气瓶数", ge=0, le=1000)
    ] = 2
    premises_kg: Annotated[
        float,
        _meta(
            "how much gas premises without a cylinder room may hold",
            "read second-hand",
            "无瓶组间的场所可存放的燃气重量",
            ge=0,
            le=100_000,
        ),
    ] = 100
    purchase_days: Annotated[
        int,
        _meta(
            "how many days back a customer's deliveries and suppliers are counted",
            _DESIGN,
            "统计用户购气次数和供气企业的最近天数",
            ge=1,
            le=365,
        ),
    ] = 30
    purchase_history_days: Annotated[
        int,
        _meta(
            "how many days before `purchase_days` are counted to compare with",
            _DESIGN,
            "再往前用于比较的天数",
            ge=1,
            le=3650,
        ),
    ] = 90
    purchase_at_least: Annotated[
        int,
        _meta(
            "fewer deliveries in `purchase_days` are never abnormal",
            _DESIGN,
            "最近购气少于此次数的，不视为异常",
            ge=1,
            le=1000,
        ),
    ] = 4
    purchase_enterprises: Annotated[
        int,
        _meta(
            "so many different suppliers in `purchase_days`, or more, are abnormal",
            _DESIGN,
            "最近供气企业达到此数的，视为异常",
            ge=2,
            le=100,
        ),
    ] = 3
    clone_km_per_hour: Annotated[
        float,
        _meta(
            "a label that must have travelled faster than this is on two cylinders",
            _DESIGN,
            "标签在两次扫码之间的推算时速超过此值的，即疑有两只气瓶使用同一标签",
            gt=0,
            le=1000,
        ),
    ] = 120
    clone_metres: Annotated[
        float,
        _meta(
            "scans of a label no further apart than this never count as two cylinders",
            _DESIGN,
            "两次扫码相距不超过此距离的，不视为两只气瓶",
            ge=0,
            le=1_000_000,
        ),
    ] = 5_000
    clone_accuracy_metres: Annotated[
        float,
        _meta(
            "for a label on two cylinders only places known better than this count",
            _DESIGN,
            "判断套码时，只采用定位误差小于此值的位置",
            gt=0,
            le=10_000,
        ),
    ] = 200
    large_cylinder_kg: Annotated[
        float,
        _meta(
            "from this nominal weight on a model counts as YSP118",
            "GB 5842-2023",
            "公称充装量达到此值的型号，按YSP118对待",
            gt=0,
            le=1000,
        ),
    ] = 45
    high_rises_prohibited: Annotated[
        bool, _meta("whether no cylinder may go to a high-rise", "GB 5842-2023", "是否禁止向高层建筑供应瓶装气")
    ] = False
    store_days: Annotated[
        float, _meta("how long a full cylinder may stand in a store", _DESIGN, "重瓶可在库存放的时间", gt=0, le=3650)
    ] = 15
    vehicle_hours: Annotated[
        float,
        _meta("how long a full cylinder may stand in a vehicle", _DESIGN, "重瓶可在车上存放的时间", gt=0, le=8760),
    ] = 24
    transit_hours: Annotated[
        float,
        _meta(
            "a cylinder in transit for longer than this is missing",
            _DESIGN,
            "气瓶在途超过此时间的，视为失联",
            gt=0,
            le=8760,
        ),
    ] = 48
    customer_days: Annotated[
        float,
        _meta(
            "a cylinder at a customer for longer than this is missing",
            _DESIGN,
            "气瓶在用户处超过此时间的，视为失联",
            gt=0,
            le=3650,
        ),
    ] = 365
    missing_told_hours: Annotated[
        float,
        _meta(
            "how long after a cylinder went missing the alert is told", _DESIGN, "气瓶失联后多久才告警", ge=0, le=8760
        ),
    ] = 24
    short_wait_minutes: Annotated[
        float,
        _meta(
            "how long rules 15, 16, 22, 33, 35 and the count of 31 wait for a scan that may still come",
            _DESIGN,
            "第15、16、22、33、35条和第31条的计数等候补传记录的时间",
            ge=0,
            le=1440,
        ),
    ] = 15
    long_wait_hours: Annotated[
        float,
        _meta(
            "how long rules 20, 23 and 27 wait for a scan that may still come",
            _DESIGN,
            "第20、23、27条等候补传记录的时间",
            ge=0,
            le=720,
        ),
    ] = 24
    ahead_minutes: Annotated[
        float,
        _meta(
            "a scan whose time is further ahead of its arrival than this is rejected",
            _DESIGN,
            "扫码时间比到达时间提前超过此值的，不予接收",
            ge=0,
            le=1440,
        ),
    ] = 5
    late_minutes: Annotated[
        float,
        _meta(
            "a scan that is older than this on arrival is late",
            _DESIGN,
            "到达时已超过此时间的扫码，视为迟到",
            ge=0,
            le=10_080,
        ),
    ] = 5
    window_hours: Annotated[
        float,
        _meta(
            "how far back from a cylinder's newest scan its scans are remembered",
            _DESIGN,
            "自气瓶最新一次扫码往前，扫码记录保留多久",
            gt=0,
            le=720,
        ),
    ] = 72
    window_scans: Annotated[
        int,
        _meta(
            "how many scans of a cylinder are remembered at most",
            _DESIGN,
            "每只气瓶最多保留多少次扫码记录",
            ge=1,
            le=1024,
        ),
    ] = 64
    unknown_code_days: Annotated[
        float,
        _meta(
            "how long scans of a code nobody bound are remembered",
            _DESIGN,
            "从未绑码的标签，其扫码记录保留多久",
            ge=3,
            le=365,
        ),
    ] = 365


class ParametersError(ValueError):
    """A parameter is wrong; the message names it, and what is allowed."""


class Schedule:
    """Which parameters are in force on which day."""

    def __init__(self, first: Parameters, changes: Mapping[int, Parameters] | None = None) -> None:
        """`changes`: from that day (ordinal) on, those parameters."""
        self._days = [OPEN_START, *sorted(changes or {})]
        self._parameters = [first, *((changes or {})[day] for day in self._days[1:])]
        # A scan no older than that on arrival is late on no day (µs).
        self.late_after = min(one.late_minutes for one in self._parameters) * MINUTE

    def on(self, day: int) -> Parameters:
        """The parameters in force on a day."""
        if len(self._parameters) == 1:
            return self._parameters[0]
        return self._parameters[bisect_right(self._days, day) - 1]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Schedule":
        """From the table `rules` of `pingliu.toml`. Raises ParametersError."""
        later = table.get("changes", [])
        if not isinstance(later, list):
            raise ParametersError(f"rules.changes: wanted a list, [[rules.changes]], got {later!r}")
        first = _convert("rules", {name: value for name, value in table.items() if name != "changes"})
        changes: dict[int, Parameters] = {}
        known = first
        listed = [_change(place, change) for place, change in enumerate(later)]
        for place, day, values in sorted(listed, key=lambda change: change[1]):
            known = _convert(f"rules.changes[{place}]", asdict(known) | values)
            changes[day] = known
        return cls(first, changes)


def _change(place: int, change: Any) -> tuple[int, int, dict[str, Any]]:
    where = f"rules.changes[{place}]"
    if not isinstance(change, Mapping):
        raise ParametersError(f"{where}: wanted a table with `from` and what changes on that day")
    try:
        day = msgspec.convert(change.get("from"), date).toordinal()
    except msgspec.ValidationError:
        raise ParametersError(f"{where}.from: wanted a date, got {change.get('from')!r}") from None
    return place, day, {name: value for name, value in change.items() if name != "from"}


def _convert(where: str, values: Mapping[str, Any]) -> Parameters:
    for name, value in values.items():
        if name not in Parameters.__struct_fields__:
            raise ParametersError(
                f"{where}.{name}: no such parameter; there are {', '.join(Parameters.__struct_fields__)}"
            )
        try:
            msgspec.convert({name: value}, Parameters)
        except msgspec.ValidationError as error:
            raise ParametersError(f"{where}.{name}: {str(error).partition(' - at')[0]}, got {value!r}") from None
    return msgspec.convert(dict(values), Parameters)


DEFAULT = Schedule(Parameters())
