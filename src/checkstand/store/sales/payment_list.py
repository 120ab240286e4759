"""Payments as Dodo lists them: sessions that reserved an order, by the time and the state of their tries, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.store.codec import decode
from checkstand.store.executor import Reader
from checkstand.store.query import Page, Query

_OF_CHECKOUT = "a.organization_id = checkouts.organization_id AND a.checkout_id = checkouts.id"
_MADE_AT = "coalesce(first_tried_at, created_at)"
_LATEST_TRY = (
    f"(SELECT a.status FROM payment_attempts AS a WHERE {_OF_CHECKOUT} ORDER BY a.created_at DESC, a.id DESC LIMIT 1)"
)
_BOUGHT = (
    "(SELECT 1 FROM order_items AS i WHERE i.organization_id = checkouts.organization_id "
    "AND i.order_id = checkouts.order_id AND i.product_id = {})"
)
# $1 is the organization, as in every query of a list.
_OF_BRAND = "checkouts.product_id IN (SELECT p.id FROM products AS p WHERE p.organization_id = $1 AND {})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What the list may be narrowed by. `by_state`: the latest try is in `tried`, or there is none and the session is in `untried`.

    A payment's brand is the one that its product has now; `has_brand` False: the product has none of its own.
    """

    customer_id: UUID | None = None
    product_id: UUID | None = None
    brand_ids: tuple[UUID, ...] = ()
    has_brand: bool | None = None
    currency: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    by_state: bool = False
    tried: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()


async def search(
    db: Reader, organization_id: UUID, wanted: PaymentFilter, *, offset: int, limit: int
) -> Page[Checkout]:
    """A page of sessions, without their count. A payment's time is that of its first try."""
    query = Query("checkouts", organization_id)
    query.where("checkouts.order_id IS NOT NULL")
    query.equals("customer_id", wanted.customer_id)
    query.equals("currency", wanted.currency)
    query.at_least(_MADE_AT, wanted.created_after)
    query.at_most(_MADE_AT, wanted.created_before)
    if wanted.product_id is not None:
        place = query.bind(wanted.product_id)
        query.where(f"(product_id = {place} OR EXISTS {_BOUGHT.format(place)})")
    if wanted.brand_ids:
        query.where(_OF_BRAND.format(f"p.brand_id = ANY({query.bind(list(wanted.brand_ids))}::uuid[])"))
    elif wanted.has_brand is False:
        query.where(_OF_BRAND.format("p.brand_id IS NULL"))
    if wanted.by_state:
        tried, untried = query.bind(list(wanted.tried)), query.bind(list(wanted.untried))
        query.where(
            f"CASE WHEN {_LATEST_TRY} IS NULL THEN status = ANY({untried}::text[]) "
            f"ELSE {_LATEST_TRY} = ANY({tried}::text[]) END"
        )
    query.order_by(("-made_at",), {"made_at": _MADE_AT})
    found = await query.page(db, "document", offset=offset, limit=limit, counted=False)
    return found.of([decode(Checkout, row["document"]) for row in found.items])
