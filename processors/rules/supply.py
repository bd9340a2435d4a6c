"""Rules 24 to 30: who delivers, to whom, how much, how often, and into which premises."""

from processors.rules.case import Case
from processors.rules.declaration import FR, GE, PS, STERNER, Duty, Evidence, Wait, rule
from processors.rules.filling import grams
from processors.times import DAY, day_of, iso_day, rfc3339


@rule(
    no=26, code="REALNAME_MISSING", zh="未实名", en="Sold without a verified name", severity="high",
    scans=("deliver",), to=(GE,), cc=(PS,), basis=("CT25", "CT44"), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def realname_missing(case: Case) -> Evidence | None:
    """A cylinder is delivered without a customer, to one who is not in the registry, or to one whose identity is not
    verified on that day.

    zh: 配送时没有登记用户，或用户未建档，或用户当天尚未通过实名核验。
    Example: A courier delivers without scanning the user card: refused. With the card of a verified customer it is in
    order.
    例：配送员未扫用户卡就配送：拒绝；扫描已实名核验用户的用户卡：可以配送。
    """
    if case.customer_id is None:
        return {"customer": None}
    customer = case.customer
    if customer is not None and customer.realname_verified:
        return None
    return {"customer": case.customer_id}


@rule(
    no=24, code="COURIER_NOT_OF_OWNER", zh="非本企业配送", en="Delivered by no courier of the owner", severity="high",
    scans=("deliver",), to=(GE,), basis=("UG25",), device="deny", duty=Duty.DELIVERING,
    reads=("scene", "owner"),
)  # fmt: skip
def courier_not_of_owner(case: Case) -> Evidence | None:
    """The operator of a delivery is not named, has no courier's certificate valid on that day (its last day is good),
    or belongs to another enterprise than the cylinder's owner.

    zh: 配送时未报配送员，或该配送员当天没有有效的从业证书（到期日当天有效），或不属于该瓶的产权单位。
    Example: A courier of E2 delivers a cylinder of E1: refused, whatever his certificate.
    例：乙企业的配送员配送甲企业的气瓶：不论有无证书，一律拒绝。
    """
    courier = case.qualified(case.scan.operator, "courier")
    if courier is not None and courier.enterprise == case.cylinder.owner:
        return None
    return {"operator": case.scan.operator, "owner": case.cylinder.owner}


@rule(
    no=25, code="DELIVER_NO_CONTRACT", zh="无合同供气", en="Delivered without a contract", severity="high",
    scans=("deliver",), to=(GE,), basis=("the plan 二(一)",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def deliver_no_contract(case: Case) -> Evidence | None:
    """A cylinder is delivered to a customer who has no contract with its owner on that day; the contract's last day is
    good. Not judged where no customer is named.

    zh: 用户当天与该瓶的产权单位没有有效的供气合同；合同到期日当天仍有效。未报用户的不判。
    Example: A contract runs to 31 March: a delivery on 31 March is in order, on 1 April it is refused.
    例：供气合同至3月31日：3月31日配送不算违规，4月1日配送即拒绝。
    """
    if case.customer_id is None:
        return None
    customer, owner = case.customer, case.cylinder.owner
    for contract in customer.contracts if customer else []:
        if contract.enterprise == owner and contract.on(case.day):
            return None
    return {"customer": case.customer_id, "owner": owner}


@rule(
    no=27, code="USER_EXCESS_HOLDING", zh="用户囤积", en="A customer holds too many", severity="high",
    scans=("deliver",), to=(GE, FR), basis=("ZG20(4)",), device=None, duty=Duty.DELIVERING,
    key="customer", wait=Wait.LONG,
    parameters=("resident_cylinders", "premises_kg"),
)  # fmt: skip
def user_excess_holding(case: Case) -> Evidence | None:
    """With this delivery a resident holds more than {resident_cylinders} cylinders, or any customer without a cylinder
    room more than {premises_kg} kg by the models' nominal weights. Held are the cylinders whose last move delivered
    them there. Counted again after the wait, and told if still over.

    zh: 本次配送后，居民用户持有气瓶超过{resident_cylinders}只；或者无瓶组间的用户持有量按公称充装量合计超过
    {premises_kg}千克。最后一次流转为配送给该用户的气瓶计为持有。等候期满重新计数，仍超过才告警。
    Example: A resident with two cylinders gets a third at 10:00: if one is collected within 24 hours there is no alert,
    else there is.
    例：居民已有两只气瓶，10:00又送到一只：24小时内回收一只的不告警，否则告警。
    """
    customer, holder = case.customer, case.holder
    if customer is None or holder is None:
        return None
    held = len(holder.held)
    models = [case.registry.model(one.model, case.day) for one in holder.held.values()]
    kilograms = sum(model.nominal_kg for model in models if model)
    has_room = customer.premises is not None and customer.premises.cylinder_room
    if (customer.customer_kind == "resident" and held > case.parameters.resident_cylinders) or (
        not has_room and grams(kilograms) > grams(case.parameters.premises_kg)
    ):
        return {"customer": customer.id, "cylinders": held, "kg": kilograms}
    return None


@rule(
    no=28, code="ABNORMAL_PURCHASE", zh="异常购气", en="Abnormal purchases", severity="high",
    scans=("deliver",), to=(PS,), cc=(GE,), basis=("CT",), device=None, duty=Duty.DELIVERING,
    key="customer",
    parameters=("purchase_days", "purchase_history_days", "purchase_at_least", "purchase_enterprises"),
)  # fmt: skip
def abnormal_purchase(case: Case) -> Evidence | None:
    """In the last {purchase_days} days a customer got at least {purchase_at_least} deliveries, this one included, and
    no fewer than in the {purchase_history_days} days before those; judged where the first delivery ever lies no later
    than the beginning of both. Or in the last {purchase_days} days at least {purchase_enterprises} enterprises
    delivered.

    zh: 用户最近{purchase_days}天内购气（含本次）不少于{purchase_at_least}次，且不少于此前{purchase_history_days}天的总
    次数（首次购气须不晚于这两段时间的起点）；或者最近{purchase_days}天内有不少于{purchase_enterprises}家企业供气。
    Example: A customer of many years gets 3 deliveries in 90 days, one a month, then 4 within 30 days: an alert. 3
    deliveries within 30 days by three enterprises: an alert as well.
    例：多年老用户此前90天购气3次（月均1次），最近30天购气4次：告警；30天内有三家企业供气：也告警。
    """
    customer, holder, parameters = case.customer, case.holder, case.parameters
    if customer is None or holder is None:
        return None
    lately = case.at - parameters.purchase_days * DAY
    before = lately - parameters.purchase_history_days * DAY
    now = [delivery for delivery in holder.deliveries if lately < delivery.at <= case.at]
    suppliers = {delivery.enterprise for delivery in now if delivery.enterprise}
    if len(suppliers) >= parameters.purchase_enterprises:
        return {"customer": customer.id, "enterprises": sorted(suppliers)}
    earlier = sum(before < delivery.at <= lately for delivery in holder.deliveries)
    is_known = holder.first is not None and holder.first <= before
    if is_known and len(now) >= parameters.purchase_at_least and len(now) >= earlier:
        return {"customer": customer.id, "deliveries": len(now), "before": earlier}
    return None


@rule(
    no=29, code="PROHIBITED_PREMISES", zh="禁供场所", en="Delivered to prohibited premises", severity="high",
    scans=("deliver",), to=(GE,), basis=("GB5842-2023",), device="deny", duty=Duty.DELIVERING,
    parameters=("large_cylinder_kg", "high_rises_prohibited"),
)  # fmt: skip
def prohibited_premises(case: Case) -> Evidence | None:
    """A cylinder of a model of {large_cylinder_kg} kg nominal or more is delivered to a resident, or to premises
    indoors; or, where `high_rises_prohibited` is switched on, any cylinder to a high-rise. Not judged where the
    registry has no row of the model.

    zh: 公称充装量{large_cylinder_kg}千克及以上的气瓶配送给居民用户或室内场所；本市启用高层禁供的（参数
    high_rises_prohibited），任何气瓶配送到高层建筑。登记资料中没有该型号的不判。
    Example: A 50 kg cylinder to a resident is refused, and to a restaurant that keeps it indoors. Kept outdoors, the
    restaurant may have it.
    例：50千克气瓶配送给居民，或配送给室内存放的餐饮用户：拒绝；餐饮用户室外存放的：可以配送。
    """
    customer, model = case.customer, case.model
    if customer is None or model is None:
        return None
    premises = customer.premises
    if model.nominal_kg >= case.parameters.large_cylinder_kg:
        if customer.customer_kind == "resident":
            return {"why": "resident", "model": model.id}
        if premises is not None and premises.indoor:
            return {"why": "indoor", "model": model.id}
    if case.parameters.high_rises_prohibited and premises is not None and premises.high_rise:
        return {"why": "high_rise"}
    return None


@rule(
    no=30, code="HOME_CHECK_OVERDUE", zh="安检超期", en="Household check overdue", severity="medium",
    scans=("deliver",), to=(GE,), basis=("UG17",), device="warn", duty=Duty.DELIVERING, sterner="deny",
    parameters=("home_check_days",),
)  # fmt: skip
def home_check_overdue(case: Case) -> Evidence | None:
    """A cylinder is delivered to a customer whose last good household check is more than {home_check_days} days ago, or
    who never had one: a warning. Where a hazard was found, and no good check was made on or after it: refused.

    zh: 用户最近一次合格的入户安检距今超过{home_check_days}天，或从未安检：提醒。安检发现隐患，此后没有合格安检的：拒绝。
    Example: Checked on 1 March 2026: a delivery on 1 March 2027 (365 days) is in order, on 2 March it brings a warning.
    例：2026年3月1日安检合格：2027年3月1日（满365天）配送不算违规，3月2日配送即提醒。
    """
    customer = case.customer
    if customer is None:
        return None
    registered = customer.home_check.toordinal() if customer.home_check else 0
    if registered > case.day:  # by event time: it was not made yet
        registered = 0
    checks = case.registry.home_checks(customer.id, case.at)
    if checks.open_hazard is not None and registered < day_of(checks.open_hazard):
        return {STERNER: True, "hazard": rfc3339(checks.open_hazard)}
    last = max(registered, day_of(checks.last_ok) if checks.last_ok is not None else 0)
    if case.day - last > case.parameters.home_check_days:
        return {"last": iso_day(last) if last else None}
    return None
