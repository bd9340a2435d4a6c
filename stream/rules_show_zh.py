"""What a rule declares, in Chinese: the words for `rules_show.facts`, for those who enforce it."""

import re
from collections.abc import Iterator

from processors.parameters import Parameters
from processors.rules import Rule
from processors.rules.declaration import EVERY_SCAN, Authority, Duty, Wait, in_words
from processors.rules.explained import shown
from processors.times import HOUR, MINUTE

_SEVERITIES = {"critical": "极高", "high": "高", "medium": "中", "low": "低"}
_ANSWERS = {"deny": "拒绝", "warn": "提醒", "silent": "不提示"}
_KEYS = {"label": "气瓶（按标签）", "customer": "用户", "vehicle": "车辆"}
AUTHORITIES = {
    Authority.MARKET_SUPERVISION: "市场监管",
    Authority.URBAN_ENFORCEMENT: "综合执法（燃气）",
    Authority.PUBLIC_SECURITY: "公安",
    Authority.TRANSPORT: "交通",
    Authority.FIRE_RESCUE: "消防",
}
DUTIES = {
    Duty.FILLING: "最近一次充装的企业（以充装站点所属企业为准，站点不明的以扫码设备所属企业为准）；配送时为配送企业",
    Duty.DELIVERING: "配送企业",
    Duty.VEHICLE: "车辆所属企业，车辆不明的为扫码设备所属企业",
    Duty.SCANNING: "扫码设备所属企业",
}
SCANS = {
    "bind": "绑码", "transfer": "过户", "collect": "回收", "receive": "入站", "precheck": "充装前检查", "fill": "充装",
    "postcheck": "充装后检查", "load": "装车", "unload": "卸车", "deliver": "配送", "send_inspection": "送检",
    "inspect": "检验", "scrap": "报废", "incident": "事故上报", "missing": "挂失", "lookup": "公众查询",
    "home_check": "入户安检",
}  # fmt: skip
_BASES = {
    "city standard": "地方标准",
    "design choice": "本系统设定",
    "read second-hand": "据二手资料",
    "GB 5842-2006, local notices": "GB 5842-2006、地方通知",
}


def basis(name: str) -> str:
    """A legal basis: `ZS10(2)` is 浙江特种设备条例第10条(2)."""
    found = _BASES.get(name, in_words(name)).replace("the plan ", "市方案")
    found = re.sub(r", from ([0-9-]+) Art ([0-9]+)", r"，自\1起为第\2条", found)
    return re.sub(r" Art ([0-9]+)", r"第\1条", found)


def facts(rule: Rule, parameters: Parameters) -> Iterator[tuple[str, str]]:
    """What is declared of a rule beside its texts, as `rules_show.facts` says it in English."""
    yield "严重程度", _SEVERITIES[rule.severity]
    yield (
        "扫码类型",
        "时间经过" if rule.runs else "全部" if rule.scans == EVERY_SCAN else _all(SCANS[one] for one in rule.scans),
    )
    yield "判定对象", _KEYS[rule.key] + (f"，以及{_KEYS[rule.counts[0]]}" if rule.counts else "")
    yield "依据", _all(map(basis, rule.basis))
    yield "告知部门", _heard_by(rule)
    yield "责任单位", DUTIES[rule.duty]
    yield "答复设备", _answer(rule)
    yield "充装前检查", _at_precheck(rule)
    yield "告警", _wait(rule, parameters)


def _all(names: Iterator[str]) -> str:
    return "、".join(names)


def _heard_by(rule: Rule) -> str:
    to = _all(AUTHORITIES[one] for one in rule.to) or "只提示企业"
    if rule.to_at_delivery:
        to += f"（配送、回收时：{_all(AUTHORITIES[one] for one in rule.to_at_delivery)}）"
    return to + (f"（抄送：{_all(AUTHORITIES[one] for one in rule.cc)}）" if rule.cc else "")


def _answer(rule: Rule) -> str:
    if rule.device is None:
        return "不答复，只告警"
    answer = _ANSWERS[rule.device] + (f"，情节较重的{_ANSWERS[rule.sterner]}" if rule.sterner else "")
    return answer + (f"（按{_KEYS[rule.counts[0]]}计数的只告警）" if rule.counts else "")


def _at_precheck(rule: Rule) -> str:
    if rule.fact_at_precheck:
        return "照常判定、答复并告警"
    return "视同充装判定；所阻止的记为已预防，不告警" if rule.at_precheck else "不判"


def _wait(rule: Rule, parameters: Parameters) -> str:
    short = f"{shown(Wait.SHORT.of(parameters) / MINUTE)}分钟"
    if not (rule.to or rule.to_at_delivery):
        return "不告警，只提示设备"
    if rule.runs:
        after = rule.told_after(parameters) / HOUR
        return f"期满{f'{shown(after)}小时' if after else ''}后，且不早于起始记录到达后{short}"
    if rule.wait is Wait.NONE:
        return "即时" + (f"；按{_KEYS[rule.counts[0]]}计数的，{short}后" if rule.counts else "")
    wait = short if rule.wait is Wait.SHORT else f"{shown(Wait.LONG.of(parameters) / HOUR)}小时"
    return f"记录到达{wait}后，其间没有补传记录消除的"
