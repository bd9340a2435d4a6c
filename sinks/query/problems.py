"""Errors as RFC 9457 problem documents."""

import logging
from http import HTTPStatus

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_LOG = logging.getLogger(__name__)


def problem(status: int, detail: str) -> Response:
    """A problem document; `detail` is for the person who asked."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail)


async def _archive(request: Request, error: Exception) -> Response:
    _LOG.error("%s: %s", request.url.path, error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the archive does not answer; ask again")


async def _bug(_request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is our fault; the service's log says more")


HANDLERS = {HTTPException: _http, ClickHouseError: _archive, Exception: _bug}
