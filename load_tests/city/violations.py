"""How each violation is planted: on a cylinder of its own, so that it breaks one rule and no other.

Where a story goes on after its violation it goes on cleanly; most end there. What a deed must raise stands beside it.
Days count from 0, hours are Shanghai's.
"""

from load_tests.city.geography import around
from load_tests.city.stories import Stories
from load_tests.city.times import HOUR, MINUTE, at
from load_tests.city.world import YSP35, YSP118
from processors.labels import ALPHABET


def unknown_label(city: Stories) -> None:
    """Labels never bound, mistyped or forged ones, and a code from before the system that no `bind` named."""
    for place, enterprise in enumerate(city.big):
        never = city.cylinder(enterprise)
        city.diary.receive(at(2 + place, 9, 40), never.label, enterprise.station).expect("UNKNOWN_LABEL")
        bound = city.bound(at(1 + place, 11, 5), enterprise)
        city.diary.receive(at(4 + place, 16, 20), _mistyped(bound.label), enterprise.station).expect("UNKNOWN_LABEL")
        customer, legacy = city.customer(enterprise), f"NB{enterprise.id}-0417-{place}83"
        city.diary.collect(at(6 + place, 10, 15), legacy, enterprise.errands, customer).expect("UNKNOWN_LABEL")
    first, second, third = city.big
    never = city.cylinder(second)
    city.fill(at(5, 7, 30), never, second.station, "UNKNOWN_LABEL")[1].expect("UNKNOWN_LABEL")
    city.diary.deeds[-1].expect("UNKNOWN_LABEL")  # the check after it is a scan like any other
    forged = city.bound(at(3, 13, 10), third).label
    wrong_digit = forged[:13] + str((int(forged[13]) + 1) % 10) + forged[14:]
    phone, home = city.world.phones[0]
    city.diary.receive(at(7, 8, 25), wrong_digit, third.station).expect("UNKNOWN_LABEL")
    city.diary.phone(at(7, 19, 5), "lookup", wrong_digit, phone, home).told = ("UNKNOWN_LABEL",)
    lost = city.cylinder(first).label
    city.diary.incident(at(8, 11, 45), lost, first.errands, first.station.place, "other").expect(
        "UNKNOWN_LABEL", "INCIDENT_REPORTED"
    )


def duplicate_binding(city: Stories) -> None:
    """A label fitted to a second cylinder; and, cleanly, the same cylinder bound again with its old code."""
    for place, enterprise in enumerate(city.big):
        one = city.bound(at(1, 8 + place, 20), enterprise)
        # Fitted once at the same station, and twice at another: the label may have been copied.
        where = city.big[0].station
        second = city.diary.bind(at(3 + place, 15, 10), one, where, serial=f"Z{one.serial[1:]}", owner=where.enterprise)
        second.expect("DUPLICATE_BINDING")
        again = city.bound(at(2, 9, 15 + place), enterprise)
        city.diary.bind(at(6, 9, 30 + place), again, enterprise.station, aliases=[f"{enterprise.id}-{again.serial}"])
    maker = city.bound(at(4, 8, 50), city.big[1])
    city.diary.bind(at(8, 14, 35), maker, city.big[1].station, maker="无名容器厂").expect("DUPLICATE_BINDING")


def scrapped_in_use(city: Stories) -> None:
    """Scrapped by the desk, by the station or by the agency, and seen again."""
    first, second, third = city.big
    paper = city.bound(at(1, 9, 10), first)
    city.diary.office(at(2, 16, 40), "scrap", paper.label, first.office, reason="dented in a fall")
    city.diary.receive(at(5, 10, 55), paper.label, first.sites()[-1]).expect("SCRAPPED_IN_USE")
    station = city.bound(at(2, 9, 10), second)
    city.diary.scrap(at(3, 14, 20), station, second.station)
    city.diary.precheck(at(7, 6, 50), station, second.station, "SCRAPPED_IN_USE")
    city.diary.fill(at(7, 6, 58), station, second.station).expect("SCRAPPED_IN_USE")
    sold = city.bound(at(1, 10, 10), third)
    city.inspected(at(3, 8, 30), sold, third, "scrap")
    city.diary.collect(at(9, 15, 35), sold.label, third.errands, city.customer(third)).expect("SCRAPPED_IN_USE")
    burst = city.bound(at(1, 10, 40), second)
    city.inspected(at(4, 8, 45), burst, second, "scrap")
    phone, home = city.world.phones[1]
    city.diary.phone(at(9, 20, 10), "incident", burst.label, phone, home, kind="other").expect(
        "SCRAPPED_IN_USE", "INCIDENT_REPORTED"
    )


def inspection_overdue_fill(city: Stories) -> None:
    """Filled one day and more after the last good day. One cylinder is stopped in time, inspected, and then filled."""
    for day, (over, enterprise) in enumerate(zip((1, 9, 60, 150), (*city.big, city.big[0]), strict=True), start=3):
        one = city.bound(at(day, 8, 40), enterprise, due=at(day - over).date())
        code = "INSPECTION_OVERDUE_FILL"
        city.fill(at(day, 10, 25), one, enterprise.station, code)[1].expect(code)
    for day, enterprise in enumerate(city.big, start=2):
        stopped = city.bound(at(day, 8, 15), enterprise, due=at(day - 20).date())
        city.diary.precheck(at(day, 8, 50), stopped, enterprise.station, "INSPECTION_OVERDUE_FILL")
        looked = city.inspected(at(day, 9, 30), stopped, enterprise, "pass")
        back = city.carry(looked + 16 * HOUR, stopped, enterprise, city.world.agency.site, enterprise.station)
        city.fill(back + HOUR, stopped, enterprise.station)
        city.deliver(back + 2 * HOUR, stopped, enterprise, city.customer(enterprise))


def inspection_overdue_deliver(city: Stories) -> None:
    """Filled on its last good day and delivered the day after; or full since before the system, and delivered late."""
    for day, enterprise in enumerate(city.big, start=4):
        one = city.bound(at(day, 14, 5), enterprise, due=at(day).date())
        before, fill = city.fill(at(day, 16, 10), one, enterprise.station)
        before.prevented = fill.told = ("INSPECTION_DUE_SOON",)
        city.deliver(at(day + 1, 8, 5), one, enterprise, city.customer(enterprise)).expect("INSPECTION_OVERDUE_DELIVER")
    for day, enterprise in enumerate(city.big[:2], start=7):
        one = city.bound(at(1, 15, 25), enterprise, due=at(day - 3).date())
        city.diary.receive(at(1, 15, 50), one.label, enterprise.station, full=True)
        city.deliver(at(day, 9, 50), one, enterprise, city.customer(enterprise)).expect("INSPECTION_OVERDUE_DELIVER")


def foreign_cylinder_fill(city: Stories) -> None:
    """Filled at another enterprise's station, and sent back to its owner; two are stopped in time and sent back too."""
    first, second, third = city.big
    for day, (owner, filler) in enumerate(((second, first), (first, third), (third, second), (first, second)), start=2):
        one = city.bound(at(day, 8, 35), owner)
        city.diary.receive(at(day, 13, 20), one.label, filler.station)
        code = "FOREIGN_CYLINDER_FILL"
        city.fill(at(day, 14, 40), one, filler.station, code)[1].expect(code)
        city.carry(at(day + 1, 9, 20), one, owner, filler.station, owner.station)
    for day, (owner, filler) in enumerate(((third, first), (second, third)), start=6):
        stopped = city.bound(at(day, 8, 55), owner)
        city.diary.receive(at(day, 12, 50), stopped.label, filler.station)
        city.diary.precheck(at(day, 13, 45), stopped, filler.station, "FOREIGN_CYLINDER_FILL")
        city.carry(at(day + 1, 10, 5), stopped, owner, filler.station, owner.station)


def unlicensed_filling(city: Stories) -> None:
    """The fourth enterprise fills after its licence ran out (13 November), and again while it is suspended (from 18)."""
    small = city.world.enterprises[3]
    for day, hour in ((5, 9), (5, 15), (6, 10), (9, 9), (9, 16), (10, 11)):
        one = city.bound(at(day - 2, hour, 12), small)
        city.fill(at(day, hour, 30), one, small.station, "UNLICENSED_FILLING")[1].expect("UNLICENSED_FILLING")


def overfill(city: Stories) -> None:
    """Over the maximum and its tolerance, by ten grams and more; to the gram at the limit is clean."""
    for day, (enterprise, model, over) in enumerate(
        ((city.big[0], YSP35, 0.01), (city.big[1], YSP35, 0.6), (city.big[2], YSP118, 1.3), (city.big[1], YSP35, 2.1)),
        start=3,
    ):
        limit = model.max_kg + model.tolerance_kg
        one = city.bound(at(day, 9, 25), enterprise, model)
        net = round(limit + over, 2)
        city.fill(at(day, 11, 5), one, enterprise.station, net_kg=net, passed=False)[1].expect("OVERFILL")
        just = city.bound(at(day, 9, 45), enterprise, model)
        city.fill(at(day, 11, 35), just, enterprise.station, net_kg=round(limit, 2))


def deliver_without_fill(city: Stories) -> None:
    """Delivered as it was bound, empty; or delivered again after it came back empty."""
    for day, enterprise in enumerate(city.big[:2], start=3):
        new = city.bound(at(day, 8, 10), enterprise)
        city.deliver(at(day, 10, 30), new, enterprise, city.customer(enterprise)).expect("DELIVER_WITHOUT_FILL")
    for day, enterprise in enumerate(city.big[1:], start=2):
        one, customer = city.filled(at(day, 8, 20), enterprise), city.customer(enterprise)
        city.deliver(at(day, 13, 40), one, enterprise, customer)
        back = city.take_back(at(day + 3, 9, 15), one, enterprise, customer)
        again = city.deliver(back + 20 * HOUR, one, enterprise, city.customer(enterprise))
        again.expect("DELIVER_WITHOUT_FILL")


def realname_missing(city: Stories) -> None:
    """Sold to nobody in particular, or to someone whose identity was never verified; one courier asks first."""
    for day, enterprise in enumerate(city.big[:2], start=4):
        one, corner = city.filled(at(day, 9, 5), enterprise), around(city.rng, enterprise.station.place, 3)
        city.deliver(at(day, 13, 25), one, enterprise, None, corner).expect("REALNAME_MISSING")
    for day, enterprise in enumerate(city.big, start=5):
        one, stranger = city.filled(at(day, 9, 35), enterprise), city.unverified(enterprise)
        city.deliver(at(day, 14, 15), one, enterprise, stranger).expect("REALNAME_MISSING")
    asking = city.big[2]
    one, stranger, courier = city.filled(at(3, 10, 45), asking), city.unverified(asking), asking.errands
    deed = city.deliver(at(3, 14, 50), one, asking, stranger)
    deed.dry_run, deed.prevented = True, ("REALNAME_MISSING",)
    city.diary.unload(deed.time + HOUR, one, asking.station, courier.vehicle)


def incident_reported(city: Stories) -> None:
    """Leaks and fires, reported by couriers and by the public, at a customer's or at the station."""
    for day, (enterprise, kind) in enumerate(zip(city.big, ("leak", "fire", "leak"), strict=True), start=3):
        one, customer = city.filled(at(day, 8, 25), enterprise), city.customer(enterprise)
        deed = city.deliver(at(day, 12, 35), one, enterprise, customer)
        later = deed.time + 7 * HOUR + 13 * MINUTE
        if kind == "leak":
            report = city.diary.incident(later, one.label, enterprise.errands, customer.place, kind)
        else:
            phone, _ = city.world.phones[2]
            report = city.diary.phone(later, "incident", one.label, phone, customer.place, kind=kind)
        report.expect("INCIDENT_REPORTED")
    stored = city.filled(at(8, 9, 50), city.big[0])
    office = city.big[0].office
    city.diary.office(at(9, 10, 20), "incident", stored.label, office, kind="leak").expect("INCIDENT_REPORTED")


def _mistyped(label: str) -> str:
    """The label with a wrong check character."""
    return label[:-1] + ALPHABET[(ALPHABET.index(label[-1]) + 1) % len(ALPHABET)]


PLANTED = (
    unknown_label,
    duplicate_binding,
    scrapped_in_use,
    inspection_overdue_fill,
    inspection_overdue_deliver,
    foreign_cylinder_fill,
    unlicensed_filling,
    overfill,
    deliver_without_fill,
    realname_missing,
    incident_reported,
)
