"""Every topic: its name, key, partitions and how long it is kept. Nothing else in the product spells a topic's name."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from processors.rules.declaration import Authority

DAY_MS: Final = 24 * 3600 * 1000

# Keys are placed as Java clients place them; librdkafka's own default agrees with that on 9 % of keys only.
PARTITIONER: Final = "murmur2_random"

# A record of `verdicts` stays below this many bytes before compression: the broker refuses 1 MB (contract.md).
VERDICTS_MAX_BYTES: Final = 512 * 1024


@dataclass(frozen=True)
class Topic:
    """One topic as it is declared to Kafka. `partitions` of None takes the count chosen for the city (settings)."""

    name: str
    key: str
    partitions: int | None = None
    config: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _kept(days: int) -> MappingProxyType[str, str]:
    return MappingProxyType({"retention.ms": str(days * DAY_MS) if days else "-1"})


_COMPACTED = MappingProxyType({"cleanup.policy": "compact"})

# Scans outlive the longest outage planned for: what ClickHouse has not got is read again from here.
SCANS: Final = Topic("scans", key="label", config=_kept(30))
VERDICTS: Final = Topic("verdicts", key="none; the partition of its scans", config=_kept(30))
REJECTED: Final = Topic("scans.rejected", key="as received", partitions=3, config=_kept(90))
REGISTRY: Final = Topic("registry", key="kind/id/valid_from", partitions=1, config=_COMPACTED)
HOME_CHECKS: Final = Topic("home-checks", key="customer", partitions=1, config=_kept(0))
# Not compacted: of one code the first record stands, and compaction would keep the last.
ALIASES: Final = Topic("aliases", key="legacy code", partitions=1, config=_kept(0))
# What came to a customer or vehicle and what left it. State is in the changelog: this need only outlive an outage.
HOLDERS: Final = Topic("holders", key="customer/id or vehicle/id", config=_kept(7))

AUTHORITIES: Final = tuple(authority.value for authority in Authority)
ALERTS: Final = MappingProxyType(
    {name: Topic(f"alerts.{name}", key="district", partitions=3, config=_kept(90)) for name in AUTHORITIES}
)

# Faust names a table's changelog `<app>-<table>-changelog`. Compacted only: with deleted segments its recovery stalls.
APP_ID: Final = "pingliu-worker"
CYLINDERS_TABLE: Final = "cylinders"
CYLINDERS_CHANGELOG: Final = Topic(f"{APP_ID}-{CYLINDERS_TABLE}-changelog", key="label", config=_COMPACTED)

HOLDERS_TABLE: Final = "holders"
HOLDERS_CHANGELOG: Final = Topic(
    f"{APP_ID}-{HOLDERS_TABLE}-changelog", key="customer/id or vehicle/id", config=_COMPACTED
)

SINK_GROUP: Final = "pingliu-sink"

ALL: Final = (
    SCANS,
    VERDICTS,
    REJECTED,
    REGISTRY,
    HOME_CHECKS,
    ALIASES,
    HOLDERS,
    *ALERTS.values(),
    CYLINDERS_CHANGELOG,
    HOLDERS_CHANGELOG,
)
