"""`/livez`: the process answers. `/readyz`: it can serve, which takes a database of the right schema. `/`: where to go."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand import __version__
from checkstand.http import json_response
from checkstand.routing import Routes
from checkstand.services import services_of
from checkstand.store.unavailable import RETRY_AFTER_S

routes = Routes()
front_door = Routes()
PATIENCE_S = 1.5


@routes.get("/livez")
async def livez(_request: Request) -> Response:
    """The process is alive."""
    return json_response({"status": "ok", "version": __version__})


@routes.get("/readyz")
async def readyz(request: Request) -> Response:
    """The process can serve: its database answers."""
    if not await services_of(request).ports.db.answers(within_s=PATIENCE_S):
        return json_response(
            {"status": "unavailable", "database": "unreachable"},
            status=503,
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )
    return json_response({"status": "ok", "database": "ok"})


@front_door.get("/")
async def root(_request: Request) -> Response:
    """Redirect to the dashboard."""
    return RedirectResponse("/dashboard", status_code=303)
