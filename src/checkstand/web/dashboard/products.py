"""Products → Catalogue: the list with its ⋮ menus, one product, and what can be done with it besides editing.

The menu's words are Polar's, because guides name them: Copy Product ID, Integrate Checkout, Edit Product, Duplicate Product,
Archive Product. The form is in `product_edit.py`, snippets of code in `integrate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from checkstand.domain import ids
from checkstand.domain.catalog import LONGEST_PRODUCT_NAME, PriceDefinition, Product
from checkstand.domain.errors import Invalid
from checkstand.domain.image import image_path
from checkstand.domain.profile import DEFAULT_API
from checkstand.flows.catalogue.save_product import change_product, create_product, read_product, retry_on_conflict
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.routing import Routes
from checkstand.store.catalogue import products
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.web.dashboard import integrate, price_words, words
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, either_id, page, room
from checkstand.web.dashboard.lists import PAGE_SIZE, offset, pager

routes = Routes()
_COPY: Final = " (copy)"
_STATUS: Final[dict[str, bool | None]] = {"active": False, "archived": True, "all": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """One product in the catalogue."""

    id: str
    short_id: str
    href: str
    name: str
    image: str | None
    price: str
    more_currencies: int
    kind: str
    chip: words.Chip
    is_archived: bool
    created: words.Moment


@routes.get("/{org}/products")
@room
async def catalogue(visit: DashboardVisit) -> Response:
    """Products, newest first, narrowed by status, name or either id."""
    text, status = visit.query("q"), visit.query("status")
    status = status if status in _STATUS else "active"
    named = either_id(text, ids.DodoPrefix.PRODUCT)
    wanted = products.ProductFilter(
        ids=(named,) if named else (),
        name_contains=None if named else text or None,
        is_archived=None if named else _STATUS[status],
    )
    found = await products.search(
        visit.ports.db, visit.organization.id, wanted, sorting=["-created_at"], offset=offset(visit), limit=PAGE_SIZE
    )
    return page(
        visit,
        "products.html",
        title="Catalogue",
        section="catalogue",
        rows=[_row(visit, product) for product in found.items],
        with_images=any(product.images for product in found.items),
        pager=pager(visit, found),
        text=text,
        chosen=status,
    )


def _row(visit: DashboardVisit, product: Product) -> ProductRow:
    price, more_currencies = price_words.list_text(product)
    return ProductRow(
        id=str(product.id),
        short_id=ids.short_id(ids.DodoPrefix.PRODUCT, product.id),
        href=visit.link(f"/products/{product.id}"),
        name=product.name,
        image=image_path(product.organization_id, product.images[0]) if product.images else None,
        price=price,
        more_currencies=more_currencies,
        kind=price_words.type_text(product),
        chip=words.product_chip(product),
        is_archived=product.is_archived,
        created=words.moment(product.created_at, visit.now),
    )


@routes.get("/{org}/products/{product_id}")
@room
async def product_page(visit: DashboardVisit) -> Response:
    """One product: both of its ids, prices, what it says of itself."""
    product = await _product(visit)
    return page(
        visit,
        "product.html",
        title=product.name,
        section="catalogue",
        crumbs=[Crumb("Catalogue", visit.link("/products"))],
        product=product,
        row=_row(visit, product),
        prices=price_words.price_rows(product),
        addons=await _addon_names(visit, product),
        trial=words.span_text(product.trial) if product.trial else None,
        recurrence=words.span_text(product.recurrence) if product.recurrence else None,
        changed=words.moment(product.modified_at, visit.now) if product.modified_at else None,
    )


async def _addon_names(visit: DashboardVisit, product: Product) -> list[str]:
    if not product.addons:
        return []
    known = await PRODUCTS.by_ids(visit.ports.db, visit.organization.id, product.addons)
    return [known[addon_id].name for addon_id in product.addons if addon_id in known]


@routes.get("/{org}/products/{product_id}/integrate")
@room
async def integrate_page(visit: DashboardVisit) -> Response:
    """Integrate Checkout: calls of both APIs with this server's address and this product's ids."""
    product = await _product(visit)
    return page(
        visit,
        "integrate.html",
        title="Integrate Checkout",
        section="catalogue",
        crumbs=_way(visit, product),
        product=product,
        apis=integrate.for_product(visit, product),
    )


@routes.post("/{org}/products/{product_id}/checkout")
@room
async def open_checkout(visit: DashboardVisit) -> Response:
    """Make a real session for this product and go to its page, as a buyer would."""
    return await _open_checkout(visit, visit.path_id("product_id", ids.DodoPrefix.PRODUCT))


@routes.post("/{org}/products/checkout")
@room
async def open_chosen_checkout(visit: DashboardVisit) -> Response:
    """The same for a product chosen in a list."""
    product_id = either_id(visit.form.text("product_id"), ids.DodoPrefix.PRODUCT)
    return await _open_checkout(visit, product_id) if product_id else visit.go("/products")


async def _open_checkout(visit: DashboardVisit, product_id: UUID) -> Response:
    wanted = CartItem(product_id=product_id, where=("products", 0))
    request = CheckoutRequest(dialect=DEFAULT_API.name, wanted=(wanted,), choose_one=True)
    try:
        made = await create_checkout(visit.ports, visit.organization, request)
    except Invalid:
        known = await read_product(visit.ports, visit.organization, product_id)
        return visit.go(f"/products/{known.id}", notice="not-for-sale")
    return RedirectResponse(made.page_path, 303)


@routes.post("/{org}/products/{product_id}/duplicate")
@room
async def duplicate(visit: DashboardVisit) -> Response:
    """Duplicate Product: a copy for sale under another name, with prices of its own."""
    original = await _product(visit)
    definitions = [
        PriceDefinition(
            currency=price.currency,
            terms=price.terms,
            tax_behavior=price.tax_behavior,
            discount_percent=price.discount_percent,
        )
        for price in original.active_prices
    ]
    given = {
        **{field.name: getattr(original, field.name) for field in fields(original)},
        "name": f"{original.name[: LONGEST_PRODUCT_NAME - len(_COPY)]}{_COPY}",
        "is_archived": False,
        "modified_at": None,
    }
    made = await create_product(visit.ports, visit.organization, given, definitions)
    return visit.go(f"/products/{made.id}/edit", notice="product-duplicated")


@routes.get("/{org}/products/{product_id}/archive")
@room
async def ask_archive(visit: DashboardVisit) -> Response:
    """Say what archiving does before it is done."""
    product = await _product(visit)
    return page(
        visit,
        "product_archive.html",
        title="Archive Product",
        section="catalogue",
        crumbs=_way(visit, product),
        product=product,
        row=_row(visit, product),
    )


@routes.post("/{org}/products/{product_id}/archive")
@room
async def archive(visit: DashboardVisit) -> Response:
    """Archive Product: not sold any more."""
    return await _set_archived(visit, archived=True)


@routes.post("/{org}/products/{product_id}/unarchive")
@room
async def unarchive(visit: DashboardVisit) -> Response:
    """For sale again."""
    return await _set_archived(visit, archived=False)


@retry_on_conflict
async def _set_archived(visit: DashboardVisit, *, archived: bool) -> Response:
    product = await _product(visit)
    if product.is_archived is not archived:
        given = {"is_archived": archived}
        await change_product(visit.ports, visit.organization, product.id, given, unless_changed_from=product)
    notice = "product-archived" if archived else "product-unarchived"
    return visit.go(f"/products/{product.id}", notice=notice)


async def _product(visit: DashboardVisit) -> Product:
    return await read_product(visit.ports, visit.organization, visit.path_id("product_id", ids.DodoPrefix.PRODUCT))


def _way(visit: DashboardVisit, product: Product) -> list[Crumb]:
    return [Crumb("Catalogue", visit.link("/products")), Crumb(product.name, visit.link(f"/products/{product.id}"))]
