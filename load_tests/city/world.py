"""Who and what there is in the city: the shapes, without behaviour. `founding.py` draws them from a seed."""

from dataclasses import dataclass, field
from datetime import date

from load_tests.city.geography import Place


@dataclass(frozen=True, slots=True)
class Model:
    """A cylinder model (domain.md section 3); weights in kilograms."""

    id: str
    asset_type: str
    max_kg: float
    tolerance_kg: float


# Asset types are made up: GS1 example prefix, then the model's number.
YSP12 = Model("YSP12", "690123450120", 5.0, 0.5)
YSP35 = Model("YSP35.5", "690123450355", 14.9, 0.5)
YSP118 = Model("YSP118", "690123451180", 49.5, 1.0)
MODELS = (
    Model("YSP4.7", "690123450047", 2.0, 0.5),
    YSP12,
    Model("YSP23.5", "690123450235", 10.0, 0.5),
    Model("YSP26.2", "690123450262", 11.0, 0.5),
    Model("YSP28.6", "690123450286", 13.0, 0.5),
    Model("YSP29.1", "690123450291", 14.0, 0.5),
    YSP35,
    Model("YSP74", "690123450740", 30.0, 0.5),
    YSP118,
)


@dataclass(frozen=True, slots=True)
class Site:
    """A filling station, shop or agency, with the devices that stand there and the people who use them."""

    id: str
    enterprise: str
    kind: str
    district: str
    place: Place
    devices: tuple[str, ...]
    people: tuple[str, ...]
    radius_m: int = 200


@dataclass(frozen=True, slots=True)
class Vehicle:
    id: str
    enterprise: str
    max_cylinders: int
    device: str
    driver: str
    escort: str


@dataclass(frozen=True, slots=True)
class Courier:
    """A courier works from one site, with one vehicle and one phone."""

    id: str
    device: str
    vehicle: Vehicle
    base: Site


@dataclass(frozen=True, slots=True)
class Customer:
    """A gas user: holds `wants` cylinders of one model, and has them exchanged every `every_days`."""

    id: str
    kind: str
    district: str
    place: Place
    enterprise: str
    base: str
    model: Model
    wants: int
    every_days: int
    verified: bool
    home_check: date
    contract: str


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence row: its days, both included."""

    valid_from: date
    valid_to: date
    suspended: bool = False


@dataclass(slots=True)
class Enterprise:
    id: str
    name: str
    district: str
    districts: tuple[str, ...]
    station: Site
    shop: Site | None
    trucks: tuple[Vehicle, ...]
    couriers: tuple[Courier, ...]
    errands: Courier  # goes where a violation is planted, so that the daily rounds stay clean
    office: str
    fillings: tuple[tuple[date, Licence], ...]  # the filling licence as of each registry row's first day
    customers: list[Customer] = field(default_factory=list)
    spare: list[Customer] = field(default_factory=list)  # visited by planted stories only
    unverified: list[Customer] = field(default_factory=list)  # the same, and their identity was never verified

    def sites(self) -> tuple[Site, ...]:
        """Its sites; the station first."""
        return (self.station, self.shop) if self.shop else (self.station,)


@dataclass(frozen=True, slots=True)
class Agency:
    """An inspection agency: an enterprise with an inspection licence and one site."""

    id: str
    name: str
    district: str
    site: Site


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A cylinder as its name-plate and label say; `inspected` is the last inspection known when it is bound."""

    label: str
    serial: str
    maker: str
    made: date
    inspected: date
    model: Model
    owner: str


@dataclass(slots=True)
class World:
    """The whole city."""

    seed: int
    enterprises: tuple[Enterprise, ...]
    agency: Agency
    phones: tuple[tuple[str, Place], ...]  # public devices, and where their people live

    def courier_devices(self) -> frozenset[str]:
        """The couriers' phones."""
        return frozenset(courier.device for one in self.enterprises for courier in (*one.couriers, one.errands))
