"""The other processes as the query service finds them, and one way to ask them. What does not answer raises httpx's error."""

from typing import Final

import httpx

from stream.settings import Settings

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where we listen is not where we ask


class Neighbours:
    """Where gateway, worker and sink are, and a client for them. `close` it at the end."""

    def __init__(self, settings: Settings) -> None:
        here = f"http://{_EVERYWHERE.get(settings.host, settings.host)}"
        self.gateway = settings.gateway_url or f"{here}:{settings.gateway_port}"
        self.worker = settings.worker_url or f"{here}:{settings.worker_port}"
        self.sink = settings.sink_url or f"{here}:{settings.sink_port}"
        # An answer that takes longer is none: whoever asks sets a limit of their own for the whole of it.
        self.http = httpx.AsyncClient(
            timeout=httpx.Timeout(5, connect=1), limits=httpx.Limits(max_connections=200), trust_env=False
        )

    async def close(self) -> None:
        """Hang up."""
        await self.http.aclose()
