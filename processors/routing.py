"""Where an alert goes: which authorities, which districts, and who is responsible (domain.md section 4)."""

from processors.model import DeliverScan, FillScan, Responsible
from processors.registry import Customer, Registry, Site
from processors.rules.case import Case
from processors.rules.declaration import Duty, Rule

_DELIVERY_SIDE = ("deliver", "collect", "home_check")


def authorities(rule: Rule, scan_type: str) -> tuple[str, ...]:
    """The authorities that act; where a rule names two sides, the delivery side takes its own scan types."""
    to = rule.to_at_delivery if rule.to_at_delivery and scan_type in _DELIVERY_SIDE else rule.to
    return tuple(authority.value for authority in to)


def responsible(rule: Rule, case: Case) -> Responsible:
    """The enterprise whose duty was broken, by the name it had on the day of the scan."""
    return named(_responsible_id(rule.duty, case), case.registry, case.day)


def named(id: str | None, registry: Registry, day: int) -> Responsible:
    """An enterprise by the name it had that day."""
    enterprise = registry.enterprise(id, day)
    return Responsible("enterprise", id, enterprise.name if enterprise else None)


def districts_of_case(case: Case, responsible_id: str | None) -> tuple[str, ...]:
    """The districts of an alert about a scan."""
    return districts(case.site, case.customer, case.enterprise_id, responsible_id, case.registry, case.day)


def districts(
    site: Site | None,
    customer: Customer | None,
    enterprise_id: str | None,
    responsible_id: str | None,
    registry: Registry,
    day: int,
) -> tuple[str, ...]:
    """The site's district, or else the customer's, or else the scan's enterprise's; and the responsible one's home."""
    if site:
        first: str | None = site.district
    elif customer:
        first = customer.district
    else:
        own = registry.enterprise(enterprise_id, day)
        first = own.district if own else None
    home = registry.enterprise(responsible_id, day)
    found = (first, home.district if home else None)
    return tuple(dict.fromkeys(district for district in found if district))


def _responsible_id(duty: Duty, case: Case) -> str | None:
    if duty is Duty.VEHICLE:
        return case.vehicle.enterprise if case.vehicle else case.enterprise_id
    if duty is Duty.FILLING:
        if isinstance(case.scan, FillScan):
            return case.filling_enterprise_id
        if isinstance(case.scan, DeliverScan):
            return case.enterprise_id
        return case.cylinder.last_fill.enterprise if case.cylinder.last_fill else case.enterprise_id
    if duty is Duty.DELIVERING and not isinstance(case.scan, DeliverScan):
        delivered = next((move for move in reversed(case.cylinder.moves) if move.type == "deliver"), None)
        return delivered.enterprise if delivered else case.enterprise_id
    return case.enterprise_id
