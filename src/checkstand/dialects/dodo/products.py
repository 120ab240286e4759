"""`/products` (dodo.md 5.1). A product of either API is shown; setting a price replaces all it had, as Dodo knows only one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response

from checkstand.dialects.dodo import brands, errors, paging, translate
from checkstand.dialects.dodo.call import Api, Call
from checkstand.dialects.dodo.prices import PriceIn, ProductIn, ProductPatch, Terms, terms_of
from checkstand.dialects.dodo.wire import Json
from checkstand.domain.catalog import Product
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.save_product import PriceList, change_product, create_product, read_product
from checkstand.store import products

api = Api("Dodo: products")
READ = ("products:read", "products:write")
WRITE = ("products:write",)
UNNAMED = "Untitled product"


@api.route("POST", "/products", scopes=WRITE, body=ProductIn, keyed=True)
async def create(call: Call) -> Response:
    """Create a product."""
    body = call.body(ProductIn)
    _check_references(body)
    brand_id = await brands.named_brand(call, body.brand_id)
    terms = terms_of(body.price)
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
    made = await create_product(call.ports, call.organization, draft, [terms.definition])
    return call.json(_shown(call, made))


def _check_references(body: ProductIn | ProductPatch) -> None:
    """Add-ons that a product names must exist. Raises Invalid."""
    if body.addons:
        raise Invalid([Problem("addon_unknown", ("addons",), ", ".join(body.addons))])


def _extras(body: ProductIn | ProductPatch) -> dict[str, object]:
    """What only Dodo knows of a product and the caller gave, in the shape of the answer."""
    given = body.model_dump(include=set(translate.EXTRAS), exclude_unset=True)
    delivery = given.get("digital_product_delivery")
    if isinstance(delivery, Mapping):
        given["digital_product_delivery"] = {**delivery, "files": None}
    return given


@api.route("GET", "/products", scopes=READ)
async def search(call: Call) -> Response:
    """List products, newest first; archived ones only when asked for."""
    part = paging.window(call)
    try:
        brand_ids, has_brand = brands.filtered(call)
    except paging.Nothing:
        return call.json(paging.envelope([]))
    wanted = products.ProductFilter(
        is_archived=bool(paging.boolean(call, "archived")),
        is_recurring=paging.boolean(call, "recurring"),
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


@api.route("GET", "/products/{id}", scopes=READ)
async def get(call: Call) -> Response:
    """Read a product."""
    return call.json(_shown(call, await _found(call)))


def _shown(call: Call, product: Product) -> Json:
    return translate.product(product, call.organization, public_url=call.ports.public_url())


async def _found(call: Call) -> Product:
    return await read_product(call.ports, call.organization, call.path_id(DodoPrefix.PRODUCT))


@api.route("PATCH", "/products/{id}", scopes=WRITE, body=ProductPatch)
async def update(call: Call) -> Response:
    """Change a product. Absent means unchanged; null clears what may be empty."""
    call.path_id(DodoPrefix.PRODUCT)
    body = call.body(ProductPatch)
    found = await _found(call)
    _check_references(body)
    terms = terms_of(body.price) if body.price is not None else None
    changed = _with_terms(_with_fields(found, body), terms)
    if body.gave("brand_id"):
        changed = replace(changed, brand_id=await brands.named_brand(call, body.brand_id))
    prices = PriceList(add=(terms.definition,)) if terms is not None else None
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


@api.route("DELETE", "/products/{id}", scopes=WRITE)
async def archive(call: Call) -> Response:
    """Archive a product: it stays readable and can no longer be sold."""
    found = await _found(call)
    if found.is_archived:
        return errors.answer(410, "PRODUCT_IS_DELETED", "The product is archived already")
    await change_product(call.ports, call.organization, replace(found, is_archived=True), None)
    return call.done()


@api.route("POST", "/products/{id}/unarchive", scopes=WRITE)
async def unarchive(call: Call) -> Response:
    """Sell an archived product again."""
    found = await _found(call)
    if found.is_archived:
        await change_product(call.ports, call.organization, replace(found, is_archived=False), None)
    return call.done()
