"""`/v1/checkout-links/`: the merchant's endpoints, and the address that makes a session for each visitor.

Source: docs/behaviour/polar.md#checkout-links.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from checkstand.dialects.polar.answers import link as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.checkout import link_visits
from checkstand.dialects.polar.checkout.link_models import (
    VARIANTS,
    LinkPriceCreate,
    LinkProductCreate,
    LinkProductsCreate,
    LinkUpdate,
)
from checkstand.dialects.polar.shown.links import checkout_link
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.domain.link import CheckoutLink
from checkstand.flows.links.open_link import find_link
from checkstand.flows.links.save_link import change_link, create_link, delete_link, read_link
from checkstand.http import is_prefetch
from checkstand.services import count_link_visit
from checkstand.store import checkout_links
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS

api = Api("Polar: checkout links")
READ = ("checkout_links:read", "checkout_links:write")
WRITE = ("checkout_links:write",)


@api.route(
    "POST",
    "/checkout-links/",
    scopes=WRITE,
    body=LinkProductsCreate | LinkProductCreate | LinkPriceCreate,
    status=201,
    answers=answers.CheckoutLink,
)
async def create(call: Call) -> Response:
    """Create a checkout link.

    422 PolarRequestValidationError: a product or price that is unknown, archived or a draft, a discount that does not fit all
    products, a number of seats or units that not all of them allow.
    """
    body = call.first_of(VARIANTS)
    made = await create_link(call.ports, call.organization, body.given())
    return call.json((await _shown(call, [made]))[0], 201)


async def _shown(call: Call, found: Sequence[CheckoutLink]) -> list[answers.CheckoutLink]:
    """The links with their products and discounts, each read once."""
    db, organization = call.ports.reads, call.organization
    product_ids = {product_id for link in found for product_id in link.product_ids}
    discount_ids = {link.discount_id for link in found if link.discount_id is not None}
    known = await PRODUCTS.by_ids(db, organization.id, list(product_ids)) if product_ids else {}
    taken = await DISCOUNTS.by_ids(db, organization.id, list(discount_ids)) if discount_ids else {}
    return [
        checkout_link(link, organization, products=known, discounts=taken, public_url=call.public_url) for link in found
    ]


class LinkListQuery(paging.ListQuery):
    sorting = paging.sorted_by(checkout_links.SORTABLE, default="created_at")
    product_id = paging.ids()


@api.route("GET", "/checkout-links/", scopes=READ, query=LinkListQuery, answers=Page[answers.CheckoutLink])
async def search(call: Call) -> Response:
    """List checkout links, oldest first."""
    asked = LinkListQuery(call)
    window = asked.window()
    wanted = checkout_links.LinkFilter(product_ids=asked.product_id)
    page = await asked.found(window, checkout_links.search, wanted)
    return call.json(paging.envelope(await _shown(call, page.items), page, window.limit))


@api.route("GET", "/checkout-links/{id}", scopes=READ, answers=answers.CheckoutLink)
async def get(call: Call) -> Response:
    """Read a checkout link.

    404 ResourceNotFound: no such link.
    """
    found = await read_link(call.ports, call.organization, call.path_id())
    return call.json((await _shown(call, [found]))[0])


@api.route("PATCH", "/checkout-links/{id}", scopes=WRITE, body=LinkUpdate, answers=answers.CheckoutLink)
async def update(call: Call) -> Response:
    """Change a checkout link.

    404 ResourceNotFound: no such link. 422 PolarRequestValidationError: a product that is unknown, archived or a draft, a discount
    that does not fit all products, a number of seats or units that not all of them allow.
    """
    link_id = call.path_id()
    given = call.body(LinkUpdate).given()
    saved = await change_link(call.ports, call.organization, link_id, given)
    return call.json((await _shown(call, [saved]))[0])


@api.route("DELETE", "/checkout-links/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Delete a checkout link. Sessions that it made stay.

    404 ResourceNotFound: no such link.
    """
    await delete_link(call.ports, call.organization, call.path_id())
    return Response(status_code=204)


@api.route("GET", "/checkout-links/{client_secret}/redirect", public=True, hidden=True, status=307)
async def redirect(call: Call) -> Response:
    """Make a session for the visitor of a link and redirect to its page."""
    if is_prefetch(call.request):
        return Response(status_code=503)
    window = count_link_visit(call.request)
    if window is not None and window.retry_after_s:
        return Response(status_code=429, headers={"retry-after": str(window.retry_after_s)})
    organization, link = await find_link(call.ports, call.request.path_params["client_secret"])
    target = await link_visits.visit(call.request, organization, link)
    return Response(status_code=307, headers={"location": target, "referrer-policy": "no-referrer"})
