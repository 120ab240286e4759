"""`/products/{id}/short_links`: a short address for a product's static payment link, under a name of the merchant's choice."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field, StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers import short_link as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.wire import errors, paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import LONGEST_URL, Base
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.checkout import Checkout
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.link import ShortLink
from checkstand.domain.organization import Organization
from checkstand.flows.catalogue.save_product import read_product
from checkstand.flows.links.short_links import create_short_link
from checkstand.flows.ports import Ports
from checkstand.store import short_links

api = Api("Dodo: short links")
READ = ("products:read", "products:write")
WRITE = ("products:write",)

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=100)]
Parameter = Annotated[str, StringConstraints(max_length=LONGEST_URL)]


class ShortLinkIn(Base):
    """`static_checkout_params` are those of a static link. Without a slug a code is drawn."""

    slug: Slug | None = None
    static_checkout_params: Annotated[dict[Parameter, Parameter], Field(max_length=100)] | None = None


@api.route("POST", "/products/{id}/short_links", scopes=WRITE, body=ShortLinkIn, answers=answers.ShortLink, keyed=True)
async def create(call: Call) -> Response:
    """Create a short link to a product's static payment link.

    404 NOT_FOUND: no such product. 409 SHORT_LINK_SLUG_ALREADY_EXISTS: the slug is in use.
    """
    product_id = call.path_id(DodoPrefix.PRODUCT)
    body = call.body(ShortLinkIn)
    product = await read_product(call.ports, call.organization, product_id)
    query = f"?{urlencode(body.static_checkout_params)}" if body.static_checkout_params else ""
    target = f"/buy/{shown(DodoPrefix.PRODUCT, product.id)}{query}"
    made = await create_short_link(call.ports, call.organization, target, product_id=product.id, slug=body.slug)
    if made is None:
        message = f"slug: {body.slug} is in use already. Choose another one."
        return errors.answer(409, "SHORT_LINK_SLUG_ALREADY_EXISTS", message, errors.NO_RETRY)
    return call.json(_urls(call, made))


class ShortLinkListQuery(paging.PageQuery):
    product_id = paging.identity(DodoPrefix.PRODUCT)


@api.route("GET", "/products/short_links", scopes=READ, query=ShortLinkListQuery, answers=Page[answers.ShortLinkInList])
async def search(call: Call) -> Response:
    """List the short links of products, newest first."""
    asked = ShortLinkListQuery(call)
    part = asked.window()
    try:
        product_id = asked.product_id
    except paging.Nothing:
        return call.json(paging.envelope([]))
    page = await short_links.of_products(
        call.ports.reads, call.organization.id, product_id=product_id, offset=part.offset, limit=part.limit
    )
    return call.json(paging.envelope([_in_list(call, item) for item in page.items]))


def _in_list(call: Call, link: ShortLink) -> answers.ShortLinkInList:
    assert link.product_id is not None, "only short links of products are listed"
    product_id = shown(DodoPrefix.PRODUCT, link.product_id)
    return {"created_at": moment(link.created_at), "product_id": product_id, **_urls(call, link)}


def _urls(call: Call, link: ShortLink) -> answers.ShortLink:
    public_url = call.ports.public_url()
    return {"full_url": public_url + link.target, "short_url": f"{public_url}/s/{link.id}"}


async def checkout_url(ports: Ports, organization: Organization, checkout: Checkout) -> str:
    """The address of a session's page, in the short form where that was asked for.

    Source: docs/behaviour/dodo.md#additions-to-the-contract.
    """
    public_url = ports.public_url()
    if not checkout.carried.get("short_link"):
        return public_url + checkout.page_path
    made = await create_short_link(ports, organization, checkout.page_path)
    assert made is not None, "a drawn code is free"
    return f"{public_url}/s/{made.id}"
