"""What the public is told of a cylinder: safe or not, why, and what to do, in Chinese and English. Pure.

Due soon is a cylinder's inspection or end of life that lies at most `due_soon_days` (settings, rule 8) ahead.
"""

from typing import Final, Literal

from msgspec import Struct

from processors.model import Condition
from processors.parameters import Parameters
from processors.times import iso_day

Look = Literal["good", "soon", "bad", "none"]


class Words(Struct, frozen=True):
    """One thing to say in one language; `todo` are sentences, the most urgent first."""

    headline: str
    reason: str
    todo: tuple[str, ...]


class Advice(Struct, frozen=True):
    """What is said of one status. `safe` is None where nothing is known; `look` chooses colour and sign."""

    status: str
    safe: bool | None
    look: Look
    zh: Words
    en: Words


_STOP_ZH: Final = "请不要使用。关紧阀门，把瓶子放到通风的地方。"
_STOP_EN: Final = "Do not use it. Close the valve and put it where there is fresh air."
_CHANGE_ZH: Final = "打电话给产权单位，换一只合格的气瓶。"
_CHANGE_EN: Final = "Call its owner and have it exchanged for a good one."
_REPORT_ZH: Final = "没有人来处理，就拨打下面的热线。"
_REPORT_EN: Final = "If nobody comes, call the hotline below."


def _unsafe(status: str, zh: str, en: str) -> Advice:
    return Advice(
        status,
        safe=False,
        look="bad",
        zh=Words("不安全", zh, (_STOP_ZH, _CHANGE_ZH, _REPORT_ZH)),
        en=Words("Not safe", en, (_STOP_EN, _CHANGE_EN, _REPORT_EN)),
    )


_ALL: Final = (
    Advice(
        "safe",
        safe=True,
        look="good",
        zh=Words("安全", "检验在有效期内，可以使用。", ("用前看一看：软管没有裂，阀门不漏气。", "用完关好阀门。")),
        en=Words(
            "Safe",
            "Its inspection is in date: it may be used.",
            ("Before use look at the hose and the valve: no cracks, no smell.", "Close the valve after use."),
        ),
    ),
    Advice(
        "due_soon",
        safe=True,
        look="soon",
        zh=Words("安全", "现在可以使用，但快到期了。", ("下次换气时，请送气工把这只瓶送去检验。", "用完关好阀门。")),
        en=Words(
            "Safe",
            "It may be used now, but a date is near.",
            ("When it is exchanged, ask for it to be sent to inspection.", "Close the valve after use."),
        ),
    ),
    _unsafe("overdue", "检验已经过期。", "Its inspection is overdue."),
    _unsafe("expired", "已经超过使用年限，应当报废。", "It is past its service life and has to be scrapped."),
    _unsafe("reported", "有关于这只瓶的安全报告，还没有查清。", "There is an open safety report about it."),
    _unsafe("failed", "上一次检验不合格。", "It failed its last inspection."),
    Advice(
        "scrapped",
        safe=False,
        look="bad",
        zh=Words(
            "不安全",
            "这只瓶已经报废，不准再用。",
            (_STOP_ZH, "不要付钱，先把瓶子留住。", "请马上拨打下面的热线举报。"),
        ),
        en=Words(
            "Not safe",
            "It was scrapped and must not be used again.",
            (_STOP_EN, "Do not pay, and keep the cylinder for now.", "Report it now: call the hotline below."),
        ),
    ),
    Advice(
        "unknown",
        safe=False,
        look="bad",
        zh=Words(
            "不安全",
            "查不到这只瓶：标签没有登记，可能是假的。",
            (_STOP_ZH, "不要付钱，留好收据。", "请马上拨打下面的热线举报。"),
        ),
        en=Words(
            "Not safe",
            "No such cylinder: this label is not registered and may be a forgery.",
            (_STOP_EN, "Do not pay, and keep the receipt.", "Report it now: call the hotline below."),
        ),
    ),
    Advice(
        "no_answer",
        safe=None,
        look="none",
        zh=Words(
            "查不到结果",
            "系统现在没有回答。不要凭这个页面判断气瓶安全不安全。",
            ("过几分钟再扫一次。", "急着用，先打电话问产权单位或下面的热线。"),
        ),
        en=Words(
            "No answer",
            "The system does not answer now. Do not rely on this page.",
            ("Scan again in a few minutes.", "If you cannot wait, ask the owner or call the hotline below first."),
        ),
    ),
    Advice(
        "too_many",
        safe=None,
        look="none",
        zh=Words(
            "请稍等",
            "查询的人太多，这一次没有查。不要凭这个页面判断气瓶安全不安全。",
            ("等一会儿再扫一次。", "急着用，先打电话问产权单位或下面的热线。"),
        ),
        en=Words(
            "Please wait",
            "Too many are asking, and this time nothing was looked up. Do not rely on this page.",
            ("Wait a little and scan again.", "If you cannot wait, ask the owner or call the hotline below first."),
        ),
    ),
)

# What may be wrong with a cylinder, or with the label on it, whatever its dates say.
REPORTS: Final = frozenset({"INCIDENT_REPORTED", "LABEL_CLONE_SUSPECT", "REPORTED_MISSING"})

ADVICE: Final = {advice.status: advice for advice in _ALL}


def advice_on(condition: Condition | None, day: int, parameters: Parameters, *, reported: bool) -> Advice:
    """What to say of a cylinder on a Shanghai day. Without a date of its next inspection it counts as overdue.

    `reported`: one of the alerts `REPORTS` stands open against it.
    """
    return ADVICE[_status(condition, day, parameters, reported)]


def _status(condition: Condition | None, day: int, parameters: Parameters, reported: bool) -> str:
    if condition is None:
        return "unknown"
    if condition.state in ("scrapped", "failed"):
        return condition.state
    today, soon = iso_day(day), iso_day(day + parameters.due_soon_days)
    inspection, life = condition.next_inspection or "", condition.end_of_life or "9999-12-31"
    if life < today:
        return "expired"
    if inspection < today:
        return "overdue"
    if reported:
        return "reported"
    return "due_soon" if min(inspection, life) <= soon else "safe"
