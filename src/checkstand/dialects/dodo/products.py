"""`/products` (dodo.md 5.1). A product of either API is shown; setting a price replaces all it had, as Dodo knows only one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response

from checkstand.dialects.dodo import addons, brands, errors, files, paging, translate
from checkstand.dialects.dodo.answers import product as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.call import Api, Call
from checkstand.dialects.dodo.prices import (
    AnyPriceIn,
    PriceIn,
    ProductIn,
    ProductPatch,
    Terms,
    UsageBasedPriceIn,
    terms_of,
)
from checkstand.dialects.dodo.wire import named
from checkstand.domain.catalog import Product
from checkstand.domain.errors import Invalid
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.meter import Meter
from checkstand.flows.catalogue.save_product import PriceList, change_product, create_product, read_product
from checkstand.store.catalogue import products
from checkstand.store.catalogue.meters import METERS

api = Api("Dodo: products")
READ = ("products:read", "products:write")
WRITE = ("products:write",)
UNNAMED = "Untitled product"


@api.route("POST", "/products", scopes=WRITE, body=ProductIn, answers=answers.Product, keyed=True)
async def create(call: Call) -> Response:
    """Create a product."""
    body = call.body(ProductIn)
    terms = terms_of(body.price, await _meters(call, body.price))
    brand_id = await brands.named_brand(call, body.brand_id)
    extras: dict[str, object] = {"dialect": "dodo", **_extras(body), **terms.extras}
    if body.name is None:
        extras["unnamed"] = True
    draft = Product(
        id=call.ports.new_id(),
        organization_id=call.organization.id,
        name=body.name or UNNAMED,
        description=body.description,
        recurrence=terms.recurrence,
        term=terms.term,
        trial=terms.trial,
        tax_category=body.tax_category,
        brand_id=brand_id,
        metadata=body.metadata or {},
        extras=extras,
        created_at=call.ports.now(call.organization),
    )
    offered = await addons.named_addons(call, body.addons or (), draft, is_metered=translate.is_by_usage(draft))
    made = await create_product(call.ports, call.organization, replace(draft, addons=offered), terms.definitions)
    return call.json(_shown(call, made))


async def _meters(call: Call, price: AnyPriceIn, product: Product | None = None) -> dict[str, Meter]:
    """The meters that a price names, by the ids it names them with; archived ones only where the product had them before."""
    if not isinstance(price, UsageBasedPriceIn):
        return {}
    wanted = {item.meter_id: named(DodoPrefix.METER, item.meter_id) for item in price.meters or ()}
    found = await METERS.by_ids(call.ports.db, call.organization.id, [item for item in wanted.values() if item])
    kept = {rate.meter_id for rate in translate.rates_of(product)} if product else set()
    return {
        text: found[meter_id]
        for text, meter_id in wanted.items()
        if meter_id in found and (found[meter_id].archived_at is None or meter_id in kept)
    }


def _extras(body: ProductIn | ProductPatch) -> dict[str, object]:
    """What only Dodo knows of a product and the caller gave, in the shape of the answer."""
    given = body.model_dump(include=set(translate.EXTRAS), exclude_unset=True)
    delivery = given.get("digital_product_delivery")
    if isinstance(delivery, Mapping):
        given["digital_product_delivery"] = {**delivery, "files": None}
    return given


class Wanted(paging.Paged):
    brand_id = paging.word()
    archived = paging.flag()
    recurring = paging.flag()


@api.route("GET", "/products", scopes=READ, query=Wanted, answers=Page[answers.ProductInList])
async def search(call: Call) -> Response:
    """List products, newest first; archived ones only when asked for."""
    asked = Wanted(call)
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
        call.ports.db,
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
    """Read a product."""
    return call.json(_shown(call, await _found(call)))


def _shown(call: Call, product: Product) -> answers.Product:
    shown_files = files.shown_files(call, product)
    return translate.product(product, call.organization, public_url=call.ports.public_url(), files=shown_files)


async def _found(call: Call) -> Product:
    return await read_product(call.ports, call.organization, call.path_id(DodoPrefix.PRODUCT))


@api.route("PATCH", "/products/{id}", scopes=WRITE, body=ProductPatch, answers=answers.Product)
async def update(call: Call) -> Response:
    """Change a product. Absent means unchanged; null clears what may be empty."""
    call.path_id(DodoPrefix.PRODUCT)
    body = call.body(ProductPatch)
    found = await _found(call)
    terms = terms_of(body.price, await _meters(call, body.price, found)) if body.price is not None else None
    changed = await _with_addons(call, _with_terms(_with_fields(found, body), terms), body)
    if body.gave("brand_id"):
        changed = replace(changed, brand_id=await brands.named_brand(call, body.brand_id))
    prices = PriceList(add=terms.definitions) if terms is not None else None
    saved = await change_product(call.ports, call.organization, changed, prices)
    return call.json(_shown(call, saved))


def _with_fields(product: Product, body: ProductPatch) -> Product:
    extras = {**product.extras, **_extras(body)}
    if body.name is not None:
        extras.pop("unnamed", None)
    return replace(
        product,
        name=body.name or product.name,
        description=body.description if body.gave("description") else product.description,
        tax_category=body.tax_category or product.tax_category,
        metadata=product.metadata if body.metadata is None else body.metadata,
        extras=extras,
    )


async def _with_addons(call: Call, product: Product, body: ProductPatch) -> Product:
    """The product with the add-ons that were sent; those it had must still fit what it became. Raises Invalid."""
    is_metered = translate.is_by_usage(product)
    if body.gave("addons"):
        offered = await addons.named_addons(call, body.addons or (), product, is_metered=is_metered)
        return replace(product, addons=offered)
    if product.addons and (product.recurrence is None or is_metered):
        code = "addon_on_metered" if is_metered else "addon_on_one_time"
        raise Invalid.single(code, "addons", given=product.name)
    return product


def _with_terms(product: Product, terms: Terms | None) -> Product:
    if terms is None:
        return product
    kept = {key: value for key, value in product.extras.items() if key not in PriceIn.KEPT}
    return replace(
        product,
        recurrence=terms.recurrence,
        term=terms.term,
        trial=terms.trial,
        extras={**kept, **terms.extras},
    )


@api.route("DELETE", "/products/{id}", scopes=WRITE, gives="nothing", refuses=(410,))
async def archive(call: Call) -> Response:
    """Archive a product: it stays readable and can no longer be sold."""
    found = await _found(call)
    if found.is_archived:
        return errors.answer(410, "PRODUCT_IS_DELETED", "The product is archived already")
    await change_product(call.ports, call.organization, replace(found, is_archived=True), None)
    return call.done()


@api.route("POST", "/products/{id}/unarchive", scopes=WRITE, gives="nothing")
async def unarchive(call: Call) -> Response:
    """Sell an archived product again."""
    found = await _found(call)
    if found.is_archived:
        await change_product(call.ports, call.organization, replace(found, is_archived=False), None)
    return call.done()
