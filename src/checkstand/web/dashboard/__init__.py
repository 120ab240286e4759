"""The merchant's dashboard: server-rendered rooms under `/dashboard`, one module each, usable by keyboard and without JavaScript.

`frame.py` is what every room stands in (who visits, of which organization, what a form must prove); `session.py` and `sign_in.py`
are the door. A new room is a module with a `routes`, a template, and a line here and in the frame's navigation.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand.routing import Routes
from checkstand.web.dashboard import (
    checkout_settings,
    checkouts,
    discounts,
    home,
    product_edit,
    products,
    refunds,
    sales,
    seller,
    settings,
    sign_in,
    tax,
    tokens,
)
from checkstand.web.dashboard.frame import DashboardVisit, problem, room

__all__ = ["routes"]

routes = Routes("/dashboard")

routes.add("", home.enter, "GET")
routes.add("/", home.enter, "GET")
# First come, first served: a fixed path stands before the pattern that would swallow it.
for module in (
    sign_in,
    home,
    tokens,
    tax,
    seller,
    checkout_settings,
    settings,
    discounts,
    product_edit,
    products,
    checkouts,
    refunds,
    sales,
):
    routes.include(module.routes)


@room
async def nowhere(visit: DashboardVisit) -> Response:
    """Whatever else is asked for."""
    return problem(visit, 404, "There is no such page", "It may have moved, or there is a typing error in the address.")


@routes.get("/{org}/{rest:path}")
async def elsewhere(request: Request) -> Response:
    """Redirect an address with a slash at its end; 404 for any other."""
    path = request.url.path
    if path.endswith("/") and path.strip("/") != "dashboard":
        return RedirectResponse(path.rstrip("/").replace("//", "/"), 308)
    return await nowhere(request)
