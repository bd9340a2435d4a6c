"""`GET /8003/{label}`: what anyone learns who scans a cylinder's label. No person, address or telephone number of anybody.

It cannot slow the archive: one answer is shared for `public_seconds`, a label is never looked up twice at once, and an
address, and all together, may ask so often (limits.py). On no answer it is a 503 that says so, and whom to call.
"""

import logging
import math
import time
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from processors.labels import bare, is_code, is_ours
from processors.times import rfc3339
from sinks.query.advice import ADVICE, Advice, advice_on
from sinks.query.follow import Party
from sinks.query.html import asset, page, policy_of_styles, style
from sinks.query.limits import Limits
from sinks.query.lookup import Known, Lookups, NoAnswerError
from sinks.query.negotiation import prefers_json
from sinks.query.shared import Shared
from stream.settings import Settings

ANSWERS_KEPT: Final = 10_000
LABEL_SHOWN: Final = 64  # characters of what was asked for: a code has at most 40
AGAIN_SECONDS: Final = 10  # when to try again after no answer

_LOG = logging.getLogger(__name__)
_CSS: Final = asset("public.css")
_POLICY: Final = policy_of_styles(_CSS)


class _TooManyError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.1f} s")
        self.seconds = seconds


class Told(Struct, frozen=True, kw_only=True):
    """The answer as JSON; dates are the last good days, and null where there is nothing to know. `as_of` is an instant."""

    label: str
    status: str
    safe: bool | None
    headline: dict[str, str]
    reason: dict[str, str]
    what_to_do: dict[str, tuple[str, ...]]
    next_inspection: str | None = None
    end_of_life: str | None = None
    owner: Party | None = None
    hotline: str
    as_of: str | None = None
    live: bool | None = None


class PublicPage:
    """The route, and what it remembers."""

    def __init__(self, settings: Settings, lookups: Lookups) -> None:
        self._lookups, self._schedule, self._hotline = lookups, settings.schedule, settings.hotline
        self._answers = Shared[Known](settings.public_seconds, ANSWERS_KEPT, time.monotonic)
        self._limits = Limits(settings.public_client_rate, settings.public_rate, time.monotonic())

    def routes(self) -> list[Route]:
        """`/8003/{label}`; a label may be a link that holds slashes."""
        return [Route("/8003/{label:path}", self.show)]

    async def show(self, request: Request) -> Response:
        """The page, or JSON where that is what the asker accepts best."""
        as_json = prefers_json(request.headers.get("accept", ""))
        code = _code(request.path_params["label"])
        wait = self._limits.of_client(request.client.host if request.client else "", time.monotonic())
        if wait:
            return self._refused(code, "too_many", wait, as_json)
        if not is_code(code):
            return self._answer(HTTPStatus.NOT_FOUND, self._told(code, ADVICE["unknown"]), as_json, 0)
        try:
            known, left = await self._answers.get(code, lambda: self._ask(code))
        except _TooManyError as error:
            return self._refused(code, "too_many", error.seconds, as_json)
        except NoAnswerError as error:
            _LOG.warning("the public page has no answer: %s", error)
            return self._refused(code, "no_answer", AGAIN_SECONDS, as_json)
        told = self._told(known.label, self._advice(known), known)
        return self._answer(HTTPStatus.OK if known.condition else HTTPStatus.NOT_FOUND, told, as_json, left)

    async def _ask(self, code: str) -> Known:
        wait = self._limits.of_all(time.monotonic())
        if wait:
            raise _TooManyError(wait)
        known = await self._lookups.ask(code)
        if known.reported is None and self._advice(known).safe:
            raise NoAnswerError("the archive does not say whether a report stands open: nothing may be called safe")
        return known

    def _advice(self, known: Known) -> Advice:
        parameters = self._schedule.on(known.day)
        return advice_on(known.condition, known.day, parameters, reported=bool(known.reported))

    def _told(self, label: str, advice: Advice, known: Known | None = None) -> Told:
        condition = known.condition if known else None
        return Told(
            label=label[:LABEL_SHOWN],
            status=advice.status,
            safe=advice.safe,
            headline={"zh": advice.zh.headline, "en": advice.en.headline},
            reason={"zh": advice.zh.reason, "en": advice.en.reason},
            what_to_do={"zh": advice.zh.todo, "en": advice.en.todo},
            next_inspection=condition.next_inspection if condition else None,
            end_of_life=condition.end_of_life if condition else None,
            owner=known.owner if known else None,
            hotline=self._hotline,
            as_of=rfc3339(known.at) if known else None,
            live=known.live if known else None,
        )

    def _refused(self, code: str, status: str, seconds: float, as_json: bool) -> Response:
        http = HTTPStatus.TOO_MANY_REQUESTS if status == "too_many" else HTTPStatus.SERVICE_UNAVAILABLE
        return self._answer(http, self._told(code, ADVICE[status]), as_json, 0, math.ceil(seconds))

    def _answer(self, status: HTTPStatus, told: Told, as_json: bool, left: float, again: int | None = None) -> Response:
        # A cache may keep an answer no longer than we do ourselves.
        headers = {"Vary": "Accept", "Cache-Control": f"public, max-age={int(left)}" if left >= 1 else "no-store"}
        if again is not None:
            headers["Retry-After"] = str(again)
        if as_json:
            return _json(status, told, headers)
        advice = ADVICE[told.status]
        return page("public.html", _POLICY, status, headers, told=told, advice=advice, css=style(_CSS), again=again)


def _json(status: HTTPStatus, told: Told, headers: dict[str, str]) -> Response:
    body: dict[str, Any] = msgspec.to_builtins(told)
    kind = "application/json"
    if status != HTTPStatus.OK:
        kind = "application/problem+json"
        problem = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": told.reason["en"]}
        body = problem | {"cylinder": body}
    headers |= {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return Response(msgspec.json.encode(body), status, headers, media_type=kind)


def _code(asked: str) -> str:
    """The bare code that was asked for; one of ours that was typed in small letters, or with blanks around, as well."""
    code = bare(asked).strip().rstrip("/")
    return code.upper() if is_ours(code.upper()) else code
