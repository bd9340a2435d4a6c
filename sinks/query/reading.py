"""Reads the archive: scans, alerts and registry rows as they stand, whatever else still lies there unmerged."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from processors.findings import plain_verdict
from processors.model import Reject, Scan, decode_scan
from processors.registry import Device, Registry, Site, Staff, Vehicle, parse_row
from processors.times import rfc3339
from sinks.connection import Client
from sinks.rows import SCAN_COLUMNS, UNJUDGED, ScanRow, scan_rows

OPEN: Final = frozenset({"suspected", "confirmed"})
REPLACED_AT_MOST: Final = 10

Page = tuple[int, int]  # time (microseconds) and offset of a scan: what lies before it is the next page


def known_label(client: Client, code: str) -> str | None:
    """The label a code stands for: itself where it was ever scanned, else the one a `bind` names it an alias of."""
    for sql in (
        "SELECT label FROM scans WHERE label = {code:String} LIMIT 1",
        "SELECT label FROM scans WHERE has(aliases, {code:String}) ORDER BY time, offset LIMIT 1",
    ):
        rows = client.query(sql, parameters={"code": code}).result_rows
        if rows:
            return str(rows[0][0])
    return None


def history(client: Client, label: str, limit: int | None = None, before: Page | None = None) -> list[ScanRow]:
    """The latest revision of each scan of a label, newest last; of many the last `limit`, of those before `before`.

    A scan that came again when the worker had forgotten it (its window is 72 h long) is in the archive twice and here once.
    """
    selected = client.query(
        f"SELECT {SCAN_COLUMNS} FROM (SELECT * FROM (SELECT * FROM scans "  # noqa: S608 - our own columns
        "WHERE label = {label:String} ORDER BY revision DESC LIMIT 1 BY log, partition, offset) "
        "ORDER BY received, offset LIMIT 1 BY device, scan_id, if(device = '', offset, 0)) "
        + ("WHERE (toUnixTimestamp64Micro(time), offset) < ({time:Int64}, {offset:UInt64}) " if before else "")
        + "ORDER BY time DESC, offset DESC"
        + (" LIMIT {limit:UInt32}" if limit else ""),
        parameters={
            "label": label,
            "limit": limit or 0,
            "time": before[0] if before else 0,
            "offset": before[1] if before else 0,
        },
    ).result_rows
    return scan_rows(reversed(selected))


def whole_history(client: Client, label: str) -> list[ScanRow]:
    """All scans of a cylinder, those of labels that its `bind` scans replaced first, in the order in which they count."""
    labels, rows = [label], history(client, label)
    while len(labels) <= REPLACED_AT_MOST:
        replaced = {row.replaces for row in rows if row.replaces} - set(labels)
        if not replaced:
            break
        for old in sorted(replaced):
            labels.append(old)
            rows += history(client, old)
    return sorted(rows, key=lambda row: (row.time, row.device, row.scan_id, row.received, row.offset))


def standing_alerts(
    client: Client,
    *,
    labels: Iterable[str] = (),
    authority: str | None = None,
    code: str | None = None,
    limit: int = 1_000,
) -> list[dict[str, Any]]:
    """Alerts as their last record says, newest first; each filter only where it is given."""
    labels = list(labels)
    where = ["label IN {labels:Array(String)}"] if labels else []
    where += ["authority = {authority:String}"] if authority else []
    where += ["code = {code:String}"] if code else []
    selected = client.query(
        "SELECT alert FROM (SELECT alert, alert_id, raised_at FROM alerts "  # noqa: S608 - fixed conditions
        + (f"WHERE {' AND '.join(where)} " if where else "")
        + "ORDER BY kafka_time DESC, offset DESC LIMIT 1 BY alert_id) "
        "ORDER BY raised_at DESC, alert_id LIMIT {limit:UInt32}",
        parameters={"labels": labels, "authority": authority or "", "code": code or "", "limit": limit},
    ).result_rows
    return [msgspec.json.decode(alert) for (alert,) in selected]


def registry_of(client: Client, rows: Iterable[ScanRow], models: Iterable[str] = ()) -> Registry:
    """The registry rows that these scans name, with the enterprises behind them."""
    registry = Registry()
    ids = {id for row in rows for id in (row.device, row.site, row.vehicle, row.operator, row.driver, row.escort)}
    named = _registry_rows(client, ("device", "site", "vehicle", "staff"), ids - {""})
    sites = {row.site for row in named if isinstance(row, Device) and row.site} - ids
    named += _registry_rows(client, ("site",), sites) + _registry_rows(client, ("model",), models)
    enterprises = {
        row.enterprise for row in named if isinstance(row, Device | Site | Staff | Vehicle) and row.enterprise
    }
    enterprises |= {id for row in rows for id in (row.owner, row.agency) if id}
    for row in named + _registry_rows(client, ("enterprise",), enterprises):
        registry.put(row)
    return registry


def enterprise_name(client: Client, id: str, day: int) -> str | None:
    """The name an enterprise had on a Shanghai day; None where the registry knew none."""
    registry = Registry()
    for row in _registry_rows(client, ("enterprise",), (id,)):
        registry.put(row)
    known = registry.enterprise(id, day)
    return known.name if known else None


def has_open_report(client: Client, label: str, codes: Iterable[str]) -> bool:
    """Whether one of these alerts stands open against a label since its last good inspection."""
    found = client.query(
        "SELECT 1 FROM (SELECT argMax(status, (kafka_time, offset)) AS stands, max(time) AS at FROM alerts "
        "WHERE label = {label:String} AND code IN {codes:Array(String)} GROUP BY alert_id) "
        "WHERE stands IN {open:Array(String)} AND at > (SELECT max(time) FROM scans WHERE label = {label:String} "
        "AND type = 'inspect' AND result = 'pass' AND NOT has(violations, 'INSPECTION_RECORD_SUSPECT')) LIMIT 1",
        parameters={"label": label, "codes": sorted(codes), "open": sorted(OPEN)},
    )
    return bool(found.result_rows)


def latest_arrival(client: Client) -> int | None:
    """The latest `received` of all scans (instant); None where there is none. Reads a whole column."""
    ((count, latest),) = client.query("SELECT count(), toUnixTimestamp64Micro(max(received)) FROM scans").result_rows
    return int(latest) if count else None


def is_replaced(client: Client, label: str) -> bool:
    """Whether a `bind` put another label in this one's place. Reads a whole column: it has no index."""
    found = client.query(
        "SELECT 1 FROM scans WHERE type = 'bind' AND replaces = {label:String} LIMIT 1", parameters={"label": label}
    )
    return bool(found.result_rows)


def _registry_rows(client: Client, kinds: Iterable[str], ids: Iterable[str]) -> list[Any]:
    ids = sorted(ids)
    if not ids:
        return []
    selected = client.query(
        "SELECT line FROM registry WHERE kind IN {kinds:Array(String)} AND id IN {ids:Array(String)} "
        "ORDER BY kafka_time, offset",
        parameters={"kinds": list(kinds), "ids": ids},
    ).result_rows
    rows = (parse_row(line.encode()) for (line,) in selected)
    return [row for row in rows if not isinstance(row, Reject)]


def scan_json(row: ScanRow) -> dict[str, Any]:
    """A scan as it was posted, without the token of a person's identity."""
    data = msgspec.json.decode(row.data)
    data.pop("id_token", None)
    scan: dict[str, Any] = {
        "scan_id": row.scan_id,
        "type": row.type,
        "label": row.label,
        "time": rfc3339(row.time),
        "received": rfc3339(row.received),
        "device": row.device,
        "dry_run": row.dry_run,
        "data": data,
    }
    scan |= {name: value for name in ("operator", "site") if (value := getattr(row, name))}
    if row.lon is not None:
        scan["geo"] = {"lon": row.lon, "lat": row.lat, "acc_m": row.acc_m}
    return scan


def scan_of(row: ScanRow) -> Scan | None:
    """The scan of a row as the rules know it; none of a row that only a verdict is left of."""
    try:
        scan: Scan = decode_scan(msgspec.json.encode(scan_json(row)))
    except msgspec.ValidationError:
        return None
    return scan


def verdict_json(row: ScanRow) -> dict[str, Any] | None:
    """The verdict of a row as it was told, a plain one as the contract words it; none of one that was never judged."""
    if row.decision == UNJUDGED:
        return None
    if row.verdict:
        told: dict[str, Any] = msgspec.json.decode(row.verdict)
        return told
    scan = scan_of(row)
    if scan is None or row.judged_at is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(plain_verdict(scan))
    return plain | {"judged_at": rfc3339(row.judged_at)}
