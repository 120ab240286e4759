"""`/addons`: what may be bought with a subscription, at one set price for each. They are billed with its cycle.

Which products offer an add-on is said by the products. A new price leaves sessions that were made before as they were priced.

Source: docs/behaviour/dodo.md#add-ons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers import addon as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.shown import products as translate
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import Base, Count, Currency
from checkstand.dialects.dodo.wire.words import moment, named, shown
from checkstand.domain.catalog import Fixed, PriceDefinition, Product, Span, TaxCategory
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.image import ImageRef
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_product import (
    PriceList,
    change_product,
    create_product,
    read_product,
    retry_on_conflict,
)
from checkstand.store.catalogue import images, products
from checkstand.store.catalogue.products import PRODUCTS

api = Api("Dodo: add-ons")
READ = ("products:read", "products:write")
WRITE = ("products:write",)


Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Description = Annotated[str, StringConstraints(max_length=1000)] | None


class AddonCreateIn(Base):
    """`POST /addons`."""

    apart = frozenset({"price", "currency"})
    name: Name
    price: Count
    currency: Currency
    tax_category: TaxCategory
    description: Description = None


class AddonPatch(Base):
    """`PATCH /addons/{id}`."""

    lasting = frozenset({"name", "tax_category"})
    apart = frozenset({"price", "currency", "image_id"})
    name: Name | None = None
    price: Count | None = None
    currency: Currency | None = None
    tax_category: TaxCategory | None = None
    description: Description = None
    image_id: Annotated[UUID, Field(strict=False)] | None = None


@api.route("POST", "/addons", scopes=WRITE, body=AddonCreateIn, answers=answers.Addon, keyed=True)
async def create(call: Call) -> Response:
    """Create an add-on.

    422 INVALID_REQUEST_PARAMETERS: an amount that cannot be charged in the currency.
    """
    body = call.body(AddonCreateIn)
    given = {**body.given(), "kind": "addon", "extras": {"dialect": "dodo"}}
    made = await create_product(call.ports, call.organization, given, [_definition(body.currency, body.price)])
    return call.json(_shown(call, made))


def _definition(currency: str, amount_minor: int) -> PriceDefinition:
    return PriceDefinition(currency=currency, terms=Fixed(amount_minor=amount_minor))


@api.route("GET", "/addons", scopes=READ, query=paging.PageQuery, answers=Page[answers.Addon])
async def search(call: Call) -> Response:
    """List add-ons, newest first."""
    part = paging.PageQuery(call).window()
    page = await products.search(
        call.ports.reads,
        call.organization.id,
        products.ProductFilter(kind="addon"),
        sorting=("-created_at",),
        offset=part.offset,
        limit=part.limit,
    )
    return call.json(paging.envelope([_shown(call, addon) for addon in page.items]))


@api.route("GET", "/addons/{id}", scopes=READ, answers=answers.Addon)
async def get(call: Call) -> Response:
    """Read an add-on.

    404 NOT_FOUND: no such add-on.
    """
    return call.json(_shown(call, await _found(call)))


async def _found(call: Call) -> Product:
    return await read_product(call.ports, call.organization, call.path_id(DodoPrefix.ADDON), kind="addon")


@api.route("PATCH", "/addons/{id}", scopes=WRITE, body=AddonPatch, answers=answers.Addon)
async def update(call: Call) -> Response:
    """Change an add-on. Absent means unchanged; null removes the description or the image.

    404 NOT_FOUND: no such add-on. 422 NOT_FOUND: an unknown image. INVALID_REQUEST_PARAMETERS: an amount that cannot be charged in
    the currency.
    """
    return call.json(_shown(call, await _changed(call)))


@retry_on_conflict
async def _changed(call: Call) -> Product:
    found = await _found(call)
    body = call.body(AddonPatch)
    given = body.given()
    if body.gave("image_id"):
        given["images"] = await _images(call, body.image_id)
    known = translate.addon_price(found)
    currency = body.currency or known.currency
    amount = known.amount_minor if body.price is None else body.price
    is_same = (currency, amount) == (known.currency, known.amount_minor)
    prices = None if is_same else PriceList(add=(_definition(currency, amount),))
    follows = body.price is not None or body.currency is not None
    return await change_product(
        call.ports, call.organization, found.id, given, prices, unless_changed_from=found if follows else None
    )


async def _images(call: Call, image_id: UUID | None) -> tuple[ImageRef, ...]:
    if image_id is None:
        return ()
    found = await images.refs(call.ports.reads, call.organization.id, [image_id])
    if image_id not in found:
        raise Invalid.single(ProblemCode.IMAGE_UNKNOWN, "image_id", given=str(image_id))
    return (found[image_id],)


def _shown(call: Call, addon: Product) -> answers.Addon:
    price = translate.addon_price(addon)
    return {
        "id": shown(DodoPrefix.ADDON, addon.id),
        "business_id": translate.business_id(call.organization),
        "name": addon.name,
        "description": addon.description,
        "price": price.amount_minor,
        "currency": price.currency,
        "tax_category": addon.tax_category,
        "image": translate.image(addon, call.ports.public_url()),
        "created_at": moment(addon.created_at),
        "updated_at": moment(addon.modified_at or addon.created_at),
    }


async def named_addons(
    call: Call, given: Sequence[str], *, name: str, recurrence: Span | None, is_metered: bool
) -> tuple[UUID, ...]:
    """The add-ons that the body of a product of this name names, in order. Raises Invalid naming every one that is not there."""
    if not given:
        return ()
    wanted = [named(DodoPrefix.ADDON, text) for text in given]
    found = await PRODUCTS.by_ids(call.ports.reads, call.organization.id, [item for item in wanted if item])
    missing = [
        text
        for text, item in zip(given, wanted, strict=True)
        if item is None or item not in found or found[item].kind != "addon"
    ]
    if missing:
        raise Invalid([Problem(ProblemCode.ADDON_UNKNOWN, ("addons",), ", ".join(missing))])
    if recurrence is None:
        raise Invalid.single(ProblemCode.ADDON_ON_ONE_TIME, "addons", given=name)
    if is_metered:
        raise Invalid.single(ProblemCode.ADDON_ON_METERED, "addons", given=name)
    twice = next((text for text in given if given.count(text) > 1), None)
    if twice is not None:
        raise Invalid.single(ProblemCode.ADDON_TWICE, "addons", given=twice)
    return tuple(item for item in wanted if item)
