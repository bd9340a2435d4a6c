"""How a command asks the query service; what went wrong is said with what to do."""

import httpx

from processors.labels import bare
from stream.settings import Settings

_SECONDS = 30.0


class AwayError(Exception):
    """A service does not answer; the message says which, and what to do."""


class NothingKnownError(Exception):
    """The service answered, and knows nothing; the message says of what."""


def trace_of(settings: Settings, base: str | None, label: str) -> httpx.Response:
    """The trace of a label as the service at `base` answers it. Raises AwayError and NothingKnownError."""
    base = (base or f"http://{settings.host}:{settings.query_port}").rstrip("/")
    try:
        # Not by a proxy of the environment: the service is one of ours.
        with httpx.Client(trust_env=False, timeout=_SECONDS) as http:
            reply = http.get(f"{base}/v1/cylinders/{bare(label)}/trace")
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise AwayError(
            f"the query service at {base} does not answer ({error}): start it (`pingliu up`), or name another with --query"
        ) from None
    if reply.status_code == httpx.codes.OK:
        return reply
    if reply.status_code == httpx.codes.NOT_FOUND:
        raise NothingKnownError(f"{label}: {_detail(reply)}; `pingliu labels check` says whether it is a code of ours")
    raise AwayError(
        f"the query service at {base} answered {reply.status_code}: {_detail(reply)}; `pingliu doctor` looks"
    )


def _detail(reply: httpx.Response) -> str:
    """Of a problem document its detail; of what is none of ours, its beginning."""
    try:
        return str(reply.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return reply.text[:200].strip() or reply.reason_phrase
