"""Home: what is still to do before the first sale, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkstand.domain.catalog import Product, Visibility
from checkstand.domain.checkout import CheckoutStatus
from checkstand.routing import Routes
from checkstand.services import services_of
from checkstand.store import checkouts, organizations
from checkstand.store.catalogue import products
from checkstand.store.delivery import webhooks
from checkstand.store.sales import orders
from checkstand.web.dashboard import session
from checkstand.web.dashboard.checkouts import rows_of
from checkstand.web.dashboard.frame import DashboardVisit, outside, page, room
from checkstand.web.dashboard.integrate import endpoint_call
from checkstand.web.dashboard.lists import counted

routes = Routes()
NEWEST = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts at a glance."""

    paid_orders: str
    open_checkouts: str
    products: int


async def enter(request: Request) -> Response:
    """`/dashboard` goes on to the organization that was visited last, else to the first."""
    signed_in = await session.find(request)
    if signed_in is None:
        return RedirectResponse("/dashboard/login", 303)
    memberships = await organizations.memberships_of(services_of(request).ports.db, signed_in.user.id)
    if not memberships:
        return outside(request, 404, "No organization yet", "Ask whoever runs this server to add you to one.")
    slugs = [organization.slug for organization, _ in memberships]
    last = request.cookies.get(session.cookie_name(request, "organization"))
    return RedirectResponse(f"/dashboard/{last if last in slugs else slugs[0]}", 303)


@routes.get("/{org}")
@room
async def home(visit: DashboardVisit) -> Response:
    """The checklist of a first run, figures and the newest checkouts."""
    db, organization_id = visit.ports.db, visit.organization.id
    newest = await checkouts.search(
        db, organization_id, checkouts.CheckoutFilter(), sorting=["-created_at"], offset=0, limit=NEWEST
    )
    still_open = checkouts.CheckoutFilter(statuses=(str(CheckoutStatus.OPEN),))
    open_now = await checkouts.search(db, organization_id, still_open, sorting=["-created_at"], offset=0, limit=1)
    paid = await orders.search(db, organization_id, orders.OrderFilter(), sorting=["-created_at"], offset=0, limit=1)
    on_sale = await sellable(visit)
    tokens = await organizations.tokens(db, organization_id)
    now = visit.ports.real_now()
    living = [t for t in tokens if t.revoked_at is None and (t.expires_at is None or t.expires_at > now)]
    endpoints = await webhooks.endpoints(db, organization_id)
    done = {"product": bool(on_sale), "token": bool(living), "paid": paid.total > 0, "webhook": bool(endpoints)}
    return page(
        visit,
        "home.html",
        title="Home",
        section="home",
        done=done,
        all_done=all(done.values()),
        done_count=sum(done.values()),
        on_sale=on_sale,
        endpoint_call=endpoint_call(visit),
        figures=Figures(counted(paid), counted(open_now), len(on_sale)),
        newest=await rows_of(visit, newest.items),
    )


async def sellable(visit: DashboardVisit) -> list[Product]:
    """Products that a checkout can be made for, newest first; the first hundred."""
    wanted = products.ProductFilter(is_archived=False, visibilities=(Visibility.PUBLIC, Visibility.PRIVATE))
    found = await products.search(
        visit.ports.db, visit.organization.id, wanted, sorting=["-created_at"], offset=0, limit=100
    )
    return [product for product in found.items if product.active_prices]
