"""Rules 1 and 2: the label itself."""

from processors.labels import checks, has_label_shape, is_ours
from processors.model import BindScan
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, GE, MS, Duty, Evidence, rule


@rule(
    no=1, code="UNKNOWN_LABEL", zh="未登记标签", en="Label not registered", severity="high",
    scans=EVERY_SCAN, to=(MS,), to_at_delivery=(GE,), basis=("SEL83",), device="deny", duty=Duty.SCANNING,
    at_precheck=True, alone=True, holds_state=True, spares_good=True,
)  # fmt: skip
def unknown_label(case: Case) -> Evidence | None:
    """A label is scanned that no `bind` ever named, or one with a wrong check digit or check character. A right label
    becomes known by its `bind`; a code printed before the system only as the alias in one, from that `bind`'s arrival
    on. A `lookup` is answered too, and alerts nobody.

    zh: 扫到从未绑码登记的标签，或校验位、校验码有误的标签。编码正确的新标签一经绑码即为已登记；系统启用前印制的旧码不得
    单独绑码，只能在绑码时登记为别名，自该绑码到达之时起有效。公众查询同样给出答复，但不告警。
    Example: A station types the last character of a label wrongly and scans a `fill`: refused. With the label as it was
    bound the fill is in order.
    例：充装站手工录入标签时末位录错，充装扫码被拒绝；按已绑码的正确标签录入，则可以充装。
    """
    if case.cylinder.bound:  # its characters were checked when it was
        return None
    label = case.scan.label
    if has_label_shape(label) and not checks(label):
        return {"why": "check_character"}
    if isinstance(case.scan, BindScan):
        return None if is_ours(label) else {"why": "legacy_code"}
    return {"why": "never_bound"}


@rule(
    no=2, code="DUPLICATE_BINDING", zh="重复绑码", en="Label bound to a second cylinder", severity="high",
    scans=("bind",), to=(MS,), basis=("city standard",), device="deny", duty=Duty.SCANNING,
    holds_state=True,
)  # fmt: skip
def duplicate_binding(case: Case) -> Evidence | None:
    """A `bind` names a label that is bound to another cylinder already, that is, to another serial or another maker.
    The label stays with the first. The same serial and maker again is in order: it only adds its aliases.

    zh: 对已经绑定某只气瓶的标签，又用另一制造编号或另一制造单位绑码。标签仍归原绑定气瓶。以同一编号、同一制造单位再次绑
    码不算违规，仅补登其别名。
    Example: A label bound to serial 12345 of a maker is bound again to serial 67890: refused. Bound again to 12345 of
    that maker: in order.
    例：标签已绑定制造编号12345，又用于编号67890：拒绝；同一制造单位的12345再次绑码：不算违规。
    """
    scan, cylinder = case.scan, case.cylinder
    if not isinstance(scan, BindScan) or not cylinder.bound:
        return None
    if (scan.data.serial, scan.data.maker) == (cylinder.serial, cylinder.maker):
        return None
    return {"bound": {"serial": cylinder.serial, "maker": cylinder.maker}, "serial": scan.data.serial}
