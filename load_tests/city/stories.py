"""What planted stories are made of: a cylinder of their own, a customer of their own, a courier who runs errands."""

from datetime import date, datetime, timedelta

from load_tests.city.diary import Deed, Diary
from load_tests.city.geography import Place, drive
from load_tests.city.maker import Maker
from load_tests.city.times import HOUR, MINUTE, chance
from load_tests.city.world import YSP35, Customer, Cylinder, Enterprise, Model, Site, World

INSPECTION_YEARS = 4  # domain.md section 3


class Stories:
    """The planter's hands: short clean passages that lead up to a violation, and away from it."""

    def __init__(self, world: World, diary: Diary, maker: Maker) -> None:
        self.world, self.diary, self.maker = world, diary, maker
        self.rng = chance(world.seed, "stories")
        self.big: tuple[Enterprise, ...] = world.enterprises[:3]  # whose licences hold throughout
        self._spare = {one.id: iter(one.spare) for one in world.enterprises}
        self._unverified = {one.id: iter(one.unverified) for one in world.enterprises}

    def cylinder(self, owner: Enterprise, model: Model = YSP35, *, due: date | None = None) -> Cylinder:
        """A new cylinder; with `due`, one whose inspection runs out after that day."""
        inspected = due.replace(year=due.year - INSPECTION_YEARS) if due else None
        return self.maker.make(owner.id, model, inspected=inspected)

    def customer(self, enterprise: Enterprise) -> Customer:
        """A verified household that no round calls at, a new one each time."""
        return next(self._spare[enterprise.id])

    def unverified(self, enterprise: Enterprise) -> Customer:
        """A household whose identity was never verified, a new one each time."""
        return next(self._unverified[enterprise.id])

    def bound(self, time: datetime, owner: Enterprise, model: Model = YSP35, *, due: date | None = None) -> Cylinder:
        """A new cylinder, labelled at its owner's station."""
        one = self.cylinder(owner, model, due=due)
        self.diary.bind(time, one, owner.station)
        return one

    def fill(
        self,
        time: datetime,
        one: Cylinder,
        site: Site,
        *prevented: str,
        net_kg: float | None = None,
        passed: bool = True,
    ) -> tuple[Deed, Deed]:
        """Check, fill, check: within twenty minutes. Returns the check before, and the fill."""
        before = self.diary.precheck(time, one, site, *prevented)
        fill = self.diary.fill(time + 8 * MINUTE, one, site, net_kg)
        self.diary.postcheck(time + 15 * MINUTE, one, site, passed=passed)
        return before, fill

    def filled(self, time: datetime, owner: Enterprise, model: Model = YSP35, *, due: date | None = None) -> Cylinder:
        """A new cylinder, labelled, and filled within the hour."""
        one = self.bound(time, owner, model, due=due)
        self.fill(time + 30 * MINUTE, one, owner.station)
        return one

    def deliver(
        self, time: datetime, one: Cylinder, seller: Enterprise, customer: Customer | None, place: Place | None = None
    ) -> Deed:
        """Load it at the seller's station and deliver it. Returns the delivery; without a customer say where."""
        door = customer.place if customer else place
        assert door is not None
        courier = seller.errands
        self.diary.load(time, one, courier.base, courier.vehicle)
        arrives = time + 15 * MINUTE + drive(courier.base.place, door)
        return self.diary.deliver(arrives, one.label, courier, door, customer)

    def take_back(self, time: datetime, one: Cylinder, seller: Enterprise, customer: Customer) -> datetime:
        """Collect the empty and receive it at the station. Returns when it is there."""
        self.diary.collect(time, one.label, seller.errands, customer)
        back = time + 10 * MINUTE + drive(customer.place, seller.station.place)
        self.diary.receive(back, one.label, seller.station)
        return back

    def carry(self, time: datetime, one: Cylinder, owner: Enterprise, start: Site, end: Site) -> datetime:
        """The owner's errand vehicle takes it from one site to another. Returns when it is received."""
        self.diary.load(time, one, start, owner.errands.vehicle)
        arrives = time + 20 * MINUTE + drive(start.place, end.place)
        self.diary.receive(arrives, one.label, end)
        return arrives

    def inspected(self, time: datetime, one: Cylinder, owner: Enterprise, result: str) -> datetime:
        """Send it to the agency, which looks at it four hours later. Returns the time of the inspection."""
        agency, diary = self.world.agency, self.diary
        diary.send(time, one, owner.station, agency.id)
        arrives = self.carry(time + 10 * MINUTE, one, owner, owner.station, agency.site)
        looked = arrives + 4 * HOUR
        data = {}
        if result == "pass":
            # A day short of the whole interval, which is the most a pass may give (rule 10).
            until = looked.date().replace(year=looked.year + INSPECTION_YEARS) - timedelta(days=1)
            data = {"next_due": until.isoformat(), "valve": f"ZN{self.rng.randrange(10**6):06d}"}
        diary.inspect(looked, one, agency.site, result=result, **data)
        return looked
