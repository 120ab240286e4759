"""`/products`. A product of either API is shown; setting a price replaces all it had, as Dodo knows only one.

Source: docs/behaviour/dodo.md#products-and-prices.
"""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo.answers import product as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.catalogue import addons, brands, files
from checkstand.dialects.dodo.shown import products as translate
from checkstand.dialects.dodo.wire import errors, paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.prices import (
    BY_USAGE,
    AnyPriceIn,
    PriceIn,
    ProductIn,
    ProductPatch,
    Terms,
    UsageBasedPriceIn,
    terms_of,
)
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.catalog import Product
from checkstand.domain.changes import KeyChanges, with_given
from checkstand.domain.errors import Invalid
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.meter import Meter
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_product import (
    PriceList,
    change_product,
    create_product,
    read_product,
    retry_on_conflict,
)
from checkstand.store.catalogue import products
from checkstand.store.catalogue.meters import METERS

api = Api("Dodo: products")
READ = ("products:read", "products:write")
WRITE = ("products:write",)
UNNAMED = "Untitled product"


@api.route("POST", "/products", scopes=WRITE, body=ProductIn, answers=answers.Product, keyed=True)
async def create(call: Call) -> Response:
    """Create a product.

    422 NOT_FOUND: an unknown brand, meter or credit entitlement. INVALID_SUGGESTED_PRICE: it is below the minimum.
    MISSING_ADDON_IDS: an unknown add-on. DUPLICATE_ADDON_IDS_IN_REQUEST. ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED.
    INVALID_REQUEST_PARAMETERS: anything else that cannot be sold, such as add-ons of a one-time product, a paid trial, or an
    amount that cannot be charged.
    """
    body = call.body(ProductIn)
    terms = terms_of(body.price, await _meters(call, body.price))
    brand_id = await brands.named_brand(call, body.brand_id)
    extras: dict[str, object] = {"dialect": "dodo", **body.extras(), **terms.extras}
    if body.name is None:
        extras["unnamed"] = True
    given = {"name": UNNAMED, **body.given(), **terms.given(), "brand_id": brand_id, "extras": extras}
    is_metered = bool(extras.get(BY_USAGE))
    given["addons"] = await addons.named_addons(
        call, body.addons or (), name=body.name or UNNAMED, recurrence=terms.recurrence, is_metered=is_metered
    )
    made = await create_product(call.ports, call.organization, given, terms.definitions)
    return call.json(_shown(call, made))


async def _meters(call: Call, price: AnyPriceIn, product: Product | None = None) -> dict[str, Meter]:
    """The meters that a price names, by the ids it names them with; archived ones only where the product had them before."""
    if not isinstance(price, UsageBasedPriceIn):
        return {}
    wanted = {item.meter_id: named(DodoPrefix.METER, item.meter_id) for item in price.meters or ()}
    found = await METERS.by_ids(call.ports.reads, call.organization.id, [item for item in wanted.values() if item])
    kept = {rate.meter_id for rate in translate.rates_of(product)} if product else set()
    return {
        text: found[meter_id]
        for text, meter_id in wanted.items()
        if meter_id in found and (found[meter_id].archived_at is None or meter_id in kept)
    }


class ProductListQuery(paging.PageQuery):
    brand_id = paging.word()
    archived = paging.flag()
    recurring = paging.flag()


@api.route("GET", "/products", scopes=READ, query=ProductListQuery, answers=Page[answers.ProductInList])
async def search(call: Call) -> Response:
    """List products, newest first; archived ones only when asked for."""
    asked = ProductListQuery(call)
    part = asked.window()
    try:
        brand_ids, has_brand = brands.filtered(call, asked.brand_id)
    except paging.Nothing:
        return call.json(paging.envelope([]))
    wanted = products.ProductFilter(
        is_archived=bool(asked.archived),
        is_recurring=asked.recurring,
        brand_ids=brand_ids,
        has_brand=has_brand,
    )
    page = await products.search(
        call.ports.reads,
        call.organization.id,
        wanted,
        sorting=("-created_at",),
        offset=part.offset,
        limit=part.limit,
    )
    public_url = call.ports.public_url()
    items = [translate.product_in_list(item, call.organization, public_url=public_url) for item in page.items]
    return call.json(paging.envelope(items))


@api.route("GET", "/products/{id}", scopes=READ, answers=answers.Product)
async def get(call: Call) -> Response:
    """Read a product.

    404 NOT_FOUND: no such product.
    """
    return call.json(_shown(call, await _found(call)))


def _shown(call: Call, product: Product) -> answers.Product:
    shown_files = files.shown_files(call, product)
    return translate.product(product, call.organization, public_url=call.ports.public_url(), files=shown_files)


async def _found(call: Call) -> Product:
    return await read_product(call.ports, call.organization, call.path_id(DodoPrefix.PRODUCT))


@api.route("PATCH", "/products/{id}", scopes=WRITE, body=ProductPatch, answers=answers.Product)
async def update(call: Call) -> Response:
    """Change a product. Absent means unchanged; null clears what may be empty.

    404 NOT_FOUND: no such product. 422 NOT_FOUND: an unknown brand, meter or credit entitlement. INVALID_SUGGESTED_PRICE: it is
    below the minimum. MISSING_ADDON_IDS: an unknown add-on. DUPLICATE_ADDON_IDS_IN_REQUEST.
    ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED. INVALID_REQUEST_PARAMETERS: anything else that cannot be sold, such as add-ons of
    a one-time product, a paid trial, or an amount that cannot be charged.
    """
    call.path_id(DodoPrefix.PRODUCT)
    return call.json(_shown(call, await _changed(call, call.body(ProductPatch))))


@retry_on_conflict
async def _changed(call: Call, body: ProductPatch) -> Product:
    found = await _found(call)
    terms = terms_of(body.price, await _meters(call, body.price, found)) if body.price is not None else None
    given = {**body.given(), **_kept(body, terms)}
    if terms is not None:
        given |= terms.given()
    given |= await _addons(call, with_given(found, given), body)
    if body.gave("brand_id"):
        given["brand_id"] = await brands.named_brand(call, body.brand_id)
    follows = terms is not None or body.gave("addons")
    return await change_product(
        call.ports,
        call.organization,
        found.id,
        given,
        PriceList(add=terms.definitions) if terms is not None else None,
        unless_changed_from=found if follows else None,
    )


def _kept(body: ProductPatch, terms: Terms | None) -> dict[str, object]:
    """What changes of the extras: a price takes away what the one before it had."""
    put = body.extras()
    drop = {"unnamed"} if body.name is not None else set()
    if terms is not None:
        put |= terms.extras
        drop |= PriceIn.KEPT
    return {"extras": KeyChanges(put, frozenset(drop))} if put or drop else {}


async def _addons(call: Call, product: Product, body: ProductPatch) -> dict[str, object]:
    """The add-ons that were sent for what the product becomes; those it had must still fit. Raises Invalid."""
    is_metered = translate.is_by_usage(product)
    if body.gave("addons"):
        offered = await addons.named_addons(
            call, body.addons or (), name=product.name, recurrence=product.recurrence, is_metered=is_metered
        )
        return {"addons": offered}
    if product.addons and (product.recurrence is None or is_metered):
        code = ProblemCode.ADDON_ON_METERED if is_metered else ProblemCode.ADDON_ON_ONE_TIME
        raise Invalid.single(code, "addons", given=product.name)
    return {}


@api.route("DELETE", "/products/{id}", scopes=WRITE, gives="nothing", refuses=(410,))
async def archive(call: Call) -> Response:
    """Archive a product: it stays readable and can no longer be sold.

    404 NOT_FOUND: no such product. 410 PRODUCT_IS_DELETED: it is archived already.
    """
    found = await _found(call)
    if found.is_archived:
        return errors.answer(410, "PRODUCT_IS_DELETED", "The product is archived already")
    await change_product(call.ports, call.organization, found.id, {"is_archived": True})
    return call.done()


@api.route("POST", "/products/{id}/unarchive", scopes=WRITE, gives="nothing")
async def unarchive(call: Call) -> Response:
    """Sell an archived product again.

    404 NOT_FOUND: no such product.
    """
    found = await _found(call)
    if found.is_archived:
        await change_product(call.ports, call.organization, found.id, {"is_archived": False})
    return call.done()
