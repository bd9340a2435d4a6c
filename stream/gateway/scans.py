"""`POST /v1/scans`: from a body to an answer, step by step."""

import logging
import re
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from msgspec import to_builtins

from processors.findings import plain_verdict
from processors.judge import CONFLICT
from processors.model import HomeCheckScan, Reject, Scan
from processors.replay import as_rejected
from processors.times import instant, rfc3339
from stream import metrics
from stream.gateway.admission import Admission, Admitted, status_of
from stream.gateway.answers import Answers, Told
from stream.gateway.last import LastScans
from stream.gateway.log import Log, NotTakenError
from stream.gateway.posted import take_apart
from stream.gateway.problems import Reply, answer, problem
from stream.registry_feed import RegistryFeed

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,4})\"?\s*(?:$|[,;])", re.IGNORECASE)
_LONGEST_WAIT = 30  # seconds; a longer one is cut to it
_log = logging.getLogger(__name__)


class ScanPost:
    """Everything one request needs, and nothing it keeps."""

    def __init__(self, admission: Admission, log: Log, answers: Answers, feed: RegistryFeed, last: LastScans) -> None:
        self._admission = admission
        self._log = log
        self._answers = answers
        self._feed = feed
        self._last = last

    async def handle(self, body: bytes, content_type: str, prefer: str) -> Reply:
        """Check, write, and answer when Kafka has acknowledged; under `Prefer: wait=N`, with the verdicts."""
        posted = take_apart(body, content_type)
        if isinstance(posted, Reply):
            if posted.status == HTTPStatus.BAD_REQUEST:
                return await self._keep_unparseable(body, posted)
            return posted
        self._feed.apply()
        seconds = _wait_of(prefer)
        admitted = self._admission.admit(posted, datetime.now(UTC))
        try:
            places = await self._log.append(admitted.records, placed=bool(seconds))
        except NotTakenError as error:
            return _unavailable(error)
        self._admission.acknowledged(admitted)
        self._last.acknowledged(admitted)
        _count(admitted)
        if posted.single and admitted.rejects:
            refusal = _refusal(admitted.rejects[0][1])
            if refusal is not None:
                return refusal
        if seconds:
            with metrics.ANSWER_SECONDS.time():
                verdicts = await self._verdicts(admitted, places, seconds)
            if verdicts is not None:
                applied = [(b"preference-applied", b"wait=%d" % seconds)]
                return answer(HTTPStatus.OK, {"verdicts": verdicts}, applied)
        return answer(HTTPStatus.ACCEPTED, _accepted(admitted))

    async def _keep_unparseable(self, body: bytes, reply: Reply) -> Reply:
        try:
            await self._log.append([self._admission.unparseable(body, datetime.now(UTC))])
        except NotTakenError as error:
            return _unavailable(error)
        metrics.REJECTED.labels("body").inc()
        return reply

    async def _verdicts(
        self, admitted: Admitted, places: list[tuple[int, int]], seconds: int
    ) -> list[dict[str, Any]] | None:
        judged = [
            place
            for place, scan in zip(places, admitted.accepted.values(), strict=False)
            if not isinstance(scan, HomeCheckScan)
        ]
        told = await self._answers.wait_for(judged, seconds)
        if told is None:
            return None
        coming = iter(told)
        now = rfc3339(instant(datetime.now(UTC)))
        verdicts = []
        for outcome in admitted.outcomes:
            if isinstance(outcome, Reject):
                verdicts.append(as_rejected(outcome))
            elif isinstance(outcome, HomeCheckScan):  # no verdict on the bus: allowed
                verdicts.append(_as_answer(outcome, Told(None, now)))
            else:
                verdicts.append(_as_answer(outcome, next(coming)))
        return verdicts


def _as_answer(scan: Scan, told: Told) -> dict[str, Any]:
    listed = told.listed
    if listed is None:
        plain: dict[str, Any] = to_builtins(plain_verdict(scan))
        return plain | {"judged_at": told.judged_at}
    verdict = {name: value for name, value in listed.items() if name != "offset"}
    return verdict if "rejected" in verdict else verdict | {"judged_at": told.judged_at}


def _accepted(admitted: Admitted) -> dict[str, Any]:
    return {
        "accepted": len(admitted.accepted) - admitted.duplicates,
        "duplicates": admitted.duplicates,
        "rejected": [
            {"index": index, "scan_id": reject.scan_id, "error": {"field": reject.field, "reason": reject.reason}}
            for index, reject in admitted.rejects
        ],
    }


def _refusal(reject: Reject) -> Reply | None:
    status = status_of(reject)
    if status is None:
        return None
    return problem(status, f"{reject.field}: {reject.reason}", field=reject.field, reason=reject.reason)


def _unavailable(error: NotTakenError) -> Reply:
    _log.warning("not acknowledged by Kafka: %s", error)
    detail = "Kafka has not acknowledged; nothing is lost if you post the same again"
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, [(b"retry-after", b"2")])


def _wait_of(prefer: str) -> int:
    found = _WAIT.search(prefer)
    return min(int(found[1]), _LONGEST_WAIT) if found else 0


def _count(admitted: Admitted) -> None:
    for kind, count in Counter([scan.type for scan in admitted.accepted.values()]).items():
        metrics.ACCEPTED.labels(kind).inc(count)
    for _, reject in admitted.rejects:
        if reject.reason == CONFLICT:
            metrics.REJECTED.labels("HISTORY_CONFLICT").inc()
            continue
        # Positions in a list would make a label each.
        metrics.REJECTED.labels(re.sub(r"\[\d+\]", "[]", reject.field) or "body").inc()
