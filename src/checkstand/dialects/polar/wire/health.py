"""`/healthz`, which the original has beside its API: monitors that watched it find it here."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from checkstand.dialects.api import Rules
from checkstand.dialects.polar.wire.call import Api, Call


class _Root(Api):
    """Paths that begin with no version of the API."""

    def spellings(self, path: str) -> Sequence[str]:
        return (path,)


async def _health(call: Call) -> Response:
    """The process can serve: its database answers. 503 where it does not, as everywhere."""
    await call.ports.reads.fetchval("SELECT 1")
    return call.json({"status": "ok"})


def _routes() -> _Root:
    served = _Root("")
    for method in ("GET", "HEAD"):  # of which monitors use either
        served.serve(method, ["/healthz"], Rules(handler=_health, is_public=True, reads_token=False))
    return served


routes = _routes().routes
