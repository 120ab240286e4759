"""Settings of the organization: who it is, and its access tokens, where Polar's guide looks for them."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.domain import ids
from checkstand.providers.postal import country_name
from checkstand.routing import Routes
from checkstand.web.dashboard import tokens
from checkstand.web.dashboard.frame import DashboardVisit, page, room

routes = Routes()


@routes.get("/{org}/settings")
@room
async def overview(visit: DashboardVisit) -> Response:
    """General facts and the tokens that are in use."""
    rows = await tokens.rows(visit)
    return page(
        visit,
        "settings.html",
        title="Settings",
        section="settings",
        business_id=ids.short_id(ids.DodoPrefix.BUSINESS, visit.organization.id),
        sells_from=country_name(visit.organization.settings.country),
        public_url=visit.ports.public_url(),
        rows=[row for row in rows if row.is_living],
    )
