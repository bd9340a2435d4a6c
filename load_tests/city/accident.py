"""The accident: one cylinder's whole story, which ends with a leak. Its trace is what an investigator asks for."""

from load_tests.city.stories import Stories
from load_tests.city.times import HOUR, MINUTE, at
from load_tests.city.world import Cylinder


def accident(city: Stories) -> Cylinder:
    """Twelve days, two customers, two owners, an inspection, four fills, and every one of them in order.

    Only the incident is a violation. It breaks rule 36 alone.
    """
    seller, buyer = city.big[0], city.big[1]
    one = city.filled(at(0, 8, 5), seller)
    household = city.customer(seller)
    city.deliver(at(0, 13, 10), one, seller, household)
    back = city.take_back(at(2, 9, 20), one, seller, household)
    city.fill(back + HOUR, one, seller.station)
    city.deliver(back + 3 * HOUR, one, seller, household)
    city.take_back(at(4, 10, 5), one, seller, household)
    city.diary.office(at(4, 16, 30), "transfer", one.label, seller.office, to=buyer.id, contract="ZR-2026-0117")
    city.carry(at(5, 8, 15), one, seller, seller.station, buyer.station)
    looked = city.inspected(at(5, 13, 0), one, buyer, "pass")
    home = city.carry(looked + 15 * HOUR, one, buyer, city.world.agency.site, buyer.station)
    city.fill(home + HOUR, one, buyer.station)
    neighbour = city.customer(buyer)
    city.deliver(home + 3 * HOUR, one, buyer, neighbour)
    back = city.take_back(at(9, 9, 35), one, buyer, neighbour)
    city.fill(back + HOUR, one, buyer.station)
    last = city.deliver(back + 3 * HOUR, one, buyer, neighbour)
    leak = last.time + 26 * HOUR + 41 * MINUTE
    city.diary.incident(leak, one.label, buyer.errands, neighbour.place, "leak").expect("INCIDENT_REPORTED")
    return one
