"""How often the public may ask: a bucket of tokens for each address, and one for all look-ups together. No clock of its own.

Nothing is kept but in memory: a restart forgives everybody. Of addresses the last `ADDRESSES` seen are remembered; one
that changes its address gets a full bucket each time, and then meets the bucket that all share.
"""

import ipaddress
from collections import OrderedDict
from typing import Final

ADDRESSES: Final = 20_000
CLIENT_SECONDS: Final = 30.0  # a bucket holds so many seconds of its rate: a family, or phones behind one address
SHARED_SECONDS: Final = 2.0


class Bucket:
    """Tokens that come back at `rate` a second up to `most`; times are monotonic seconds."""

    def __init__(self, rate: float, most: float, now: float) -> None:
        self._rate, self._most = rate, max(1.0, most)
        self._tokens, self._at = self._most, now

    def take(self, now: float) -> float:
        """Take one token and return 0, or take none and return the seconds until there is one."""
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class Limits:
    """The buckets of the public page; rates are a second."""

    def __init__(self, client_rate: float, shared_rate: float, now: float) -> None:
        self._client_rate = client_rate
        self._clients: OrderedDict[str, Bucket] = OrderedDict()
        self._shared = Bucket(shared_rate, shared_rate * SHARED_SECONDS, now)

    def of_client(self, address: str, now: float) -> float:
        """Count a page asked for by an address; 0, or the seconds it must wait."""
        key = neighbourhood(address)
        bucket = self._clients.get(key)
        if bucket is None:
            bucket = self._clients[key] = Bucket(self._client_rate, self._client_rate * CLIENT_SECONDS, now)
            if len(self._clients) > ADDRESSES:
                self._clients.popitem(last=False)
        self._clients.move_to_end(key)
        return bucket.take(now)

    def of_all(self, now: float) -> float:
        """Count a look-up; 0, or the seconds until there may be one."""
        return self._shared.take(now)


def neighbourhood(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 the /64 in which one household may choose as it likes."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
