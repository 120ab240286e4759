"""Open a checkout link: each visitor gets a session of their own (docs/behaviour/polar.md#checkout-links).

What the visitor's address adds is a wish: a wish that cannot be met is dropped and the session made without it, because whoever
opened the link cannot do anything about it. Only a link with nothing to sell, and a frame on a site that may not show it, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.catalog import Metadata, Product
from checkstand.domain.checkout import Buyer, Checkout, Options, Redirects, TrialChoice
from checkstand.domain.embed import embed_origin, may_embed
from checkstand.domain.errors import EmbedNotAllowed, Invalid, NotFound
from checkstand.domain.lines import Counts
from checkstand.domain.link import CheckoutLink, locked_counts
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import Dialect
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.choose_lines import sale_problem
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.ports import Ports
from checkstand.store import checkout_links


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkVisit:
    """What a visitor's address adds to a link. `embed_origin` as it was given; `metadata` yields to the link's own."""

    product_id: UUID | None = None
    amount_minor: int | None = None
    discount_code: str | None = None
    buyer: Buyer = field(default_factory=Buyer)
    answers: Mapping[str, object] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    embed_origin: str | None = None


async def find_link(ports: Ports, secret: str) -> tuple[Organization, CheckoutLink]:
    """The link that an address names. Raises NotFound; a mistyped secret fails its checksum before the database is asked."""
    found: CheckoutLink | None = None
    if ids.is_well_formed_secret(ids.SecretPrefix.CHECKOUT_LINK, secret):
        found = await checkout_links.by_secret(ports.db, secret)
    if found is None:
        raise NotFound
    return await ports.cache.organization(found.organization_id), found


async def open_link(
    ports: Ports, organization: Organization, link: CheckoutLink, visit: LinkVisit, *, dialect: Dialect
) -> Checkout:
    """A new session of this API. Raises EmbedNotAllowed, or Invalid when nothing of the link can be bought."""
    origin = embed_origin(visit.embed_origin)
    if origin is not None and not may_embed(origin, organization.settings.embed_hosts):
        raise EmbedNotAllowed(origin)
    found = await ports.cache.products(organization.id, link.product_ids)
    usable = [found[item] for item in link.product_ids if sale_problem(found.get(item)) is None]
    if not usable:
        raise Invalid.single(ProblemCode.LINK_WITHOUT_PRODUCTS, "products")
    request = _request(dialect, link, visit, usable, origin)
    while True:
        try:
            return await create_checkout(ports, organization, request)
        except Invalid as refused:
            easier = _easier(request, link, refused)
            if easier == request:
                raise
            request = easier


def _request(
    dialect: Dialect, link: CheckoutLink, visit: LinkVisit, usable: list[Product], origin: str | None
) -> CheckoutRequest:
    """The request with all that the link and its visitor ask for. A price that is no longer offered leaves its product to be sold."""
    price = usable[0].price(link.price_id) if link.price_id is not None else None
    price_id = price.id if price is not None and not price.is_archived else None
    offered = [product.id for product in usable]
    return CheckoutRequest(
        dialect=dialect,
        wanted=tuple(CartItem(product_id=item, where=("products", at)) for at, item in enumerate(offered)),
        choose_one=True,
        preselected=visit.product_id if visit.product_id in offered else None,
        price_id=price_id,
        amount_minor=visit.amount_minor,
        counts=locked_counts(link),
        buyer=visit.buyer,
        options=Options(
            allow_discount_codes=link.allow_discount_codes, require_billing_address=link.require_billing_address
        ),
        trial=TrialChoice(allow=True, span=link.trial),
        redirects=Redirects(success_url=link.success_url, back_url=link.back_url, embed_origin=origin),
        metadata={**visit.metadata, **link.metadata},
        discount_id=None if visit.discount_code else link.discount_id,
        discount_codes=(visit.discount_code,) if visit.discount_code else (),
        answers=visit.answers,
    )


def _easier(request: CheckoutRequest, link: CheckoutLink, refused: Invalid) -> CheckoutRequest:
    """The request without the wishes that were refused; the same when there are none among them."""
    for name in {str(problem.where[0]) for problem in refused.problems if problem.where}:
        if name == "amount":
            request = replace(request, amount_minor=None)
        elif name == "discount_code" and request.discount_codes:
            request = replace(request, discount_codes=(), discount_id=link.discount_id)
        elif name == "discount_id":
            request = replace(request, discount_id=None)
        elif name.endswith(("seats", "units")):
            request = replace(request, counts=Counts())
        elif name == "custom_field_data":
            request = replace(request, answers={})
    return request
