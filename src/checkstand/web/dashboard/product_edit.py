"""New and changed products. A price that stays the same keeps its id; a changed one is added and the old one archived.

So sessions that showed the old price keep it. A product's period cannot change: subscribers agreed to it. Prices that the form has no
fields for (seats, units, meters, several in one currency) are shown and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.responses import Response

from checkstand.domain.catalog import Interval, PriceDefinition, Product, Visibility
from checkstand.domain.currency import CURRENCIES
from checkstand.domain.errors import Invalid
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.image import SUFFIXES, image_path
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_product import (
    PriceList,
    change_product,
    create_product,
    read_product,
    retry_on_conflict,
)
from checkstand.routing import Routes
from checkstand.web.dashboard import words
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, page, room
from checkstand.web.dashboard.price_words import is_beyond_the_form, list_text, price_rows
from checkstand.web.dashboard.product_form import (
    MODELS,
    TypedPrice,
    TypedProduct,
    Understood,
    merged,
    texts_of,
    typed_from,
    typed_of,
    understand,
)
from checkstand.web.dashboard.product_image import with_first, with_image
from checkstand.web.dashboard.since_shown import ChangedMeanwhile, own_changes, shown_with

routes = Routes()
_VISIBILITY = {
    Visibility.PUBLIC: ("Public", "For sale and listed publicly."),
    Visibility.PRIVATE: ("Private", "For sale by link or API only; not listed."),
    Visibility.DRAFT: ("Draft", "Not for sale yet."),
}
_LABELS = {
    "name": "The name",
    "description": "The description",
    "image": "The image",
    "pricing": "The pricing",
    "trial": "The trial",
    "visibility": "The visibility",
}
_COMPOSITION = {
    ProblemCode.PRICE_REQUIRED: "Enter at least one price.",
    ProblemCode.ONE_FIXED_PRICE_ONLY: "Each currency can have one price.",
    ProblemCode.ONE_CUSTOM_PRICE_ONLY: "Each currency can have one price.",
    ProblemCode.CUSTOM_PRICE_STANDS_ALONE: "A product has either a fixed price or pay-what-you-want pricing, not both.",
    ProblemCode.SAME_PRICE_TYPES_PER_CURRENCY: "All currencies must use the same pricing model.",
    ProblemCode.ONE_TAX_BEHAVIOR_PER_CURRENCY: "All prices in one currency must treat tax the same way.",
}


@routes.get("/{org}/products/new")
@room
async def new_form(visit: DashboardVisit) -> Response:
    """An empty form."""
    return _show(visit, None, TypedProduct(rows=(TypedPrice(currency=_default_currency(visit)),)))


@routes.post("/{org}/products/new")
@room
async def create(visit: DashboardVisit) -> Response:
    """Create the product, or show what is wrong with all that was typed."""
    typed = await with_image(visit, typed_from(visit.form), None)
    if visit.form.has("add_price"):
        return _show(visit, None, _with_row(typed))
    meant = understand(typed)
    if not isinstance(meant, Understood):
        return _show(visit, None, typed, problems=meant)
    given = {
        "name": meant.name,
        "description": meant.description,
        "images": (typed.image,) if typed.image else (),
        "visibility": meant.visibility,
        "recurrence": meant.recurrence,
        "trial": meant.trial,
    }
    try:
        made = await create_product(visit.ports, visit.organization, given, meant.definitions)
    except Invalid as refused:
        return _show(visit, None, typed, problems=_in_words(visit, refused))
    return visit.go(f"/products/{made.id}", notice="product-created")


@routes.get("/{org}/products/{product_id}/edit")
@room
async def edit_form(visit: DashboardVisit) -> Response:
    """The form with what is stored."""
    product = await read_product(visit.ports, visit.organization, visit.path_id("product_id", DodoPrefix.PRODUCT))
    return _show(visit, product, typed_of(product), shown=_shown(product))


@routes.post("/{org}/products/{product_id}/edit")
@room
@retry_on_conflict
async def save(visit: DashboardVisit) -> Response:
    """Save what was changed, or show what is wrong with all that was typed."""
    product = await read_product(visit.ports, visit.organization, visit.path_id("product_id", DodoPrefix.PRODUCT))
    shown, present = visit.form.text("shown"), typed_of(product)
    typed = await with_image(visit, typed_from(visit.form), product)
    if visit.form.has("add_price"):
        return _show(visit, product, _with_row(typed), shown=shown)
    try:
        own = own_changes(shown, typed=texts_of(typed), present=texts_of(present))
    except ChangedMeanwhile as overtaken:
        problems = overtaken.told(_LABELS, _present_words(product))
        return _show(visit, product, merged(typed, present, overtaken.own), shown=_shown(product), problems=problems)
    keeps_prices = is_beyond_the_form(product) or "pricing" not in own
    meant = understand(
        merged(typed, present, own),
        fixed_recurrence=product.recurrence,
        is_new=False,
        with_prices=not keeps_prices,
        with_name="name" in own,
    )
    if not isinstance(meant, Understood):
        return _show(visit, product, typed, shown=shown, problems=meant)
    given = {
        "name": meant.name,
        "description": meant.description if "description" in own else product.description,
        "images": with_first(product, typed.image) if "image" in own else product.images,
        "visibility": meant.visibility,
        "trial": meant.trial if "trial" in own else product.trial,
    }
    prices = None if keeps_prices else price_list(product, meant.definitions)
    try:
        await change_product(visit.ports, visit.organization, product.id, given, prices, unless_changed_from=product)
    except Invalid as refused:
        return _show(visit, product, typed, shown=shown, problems=_in_words(visit, refused))
    return visit.go(f"/products/{product.id}", notice="product-saved")


def _shown(product: Product) -> str:
    """What the form of a product is shown with; prices that it has no fields for are not shown."""
    texts = texts_of(typed_of(product))
    return shown_with(
        {name: text for name, text in texts.items() if name != "pricing" or not is_beyond_the_form(product)}
    )


def _present_words(product: Product) -> dict[str, str]:
    """What is stored, as a person reads it."""
    price, more = list_text(product)
    label, _ = _VISIBILITY[product.visibility]
    return {
        "name": product.name,
        "description": product.description or "",
        "image": product.images[0].name if product.images else "",
        "pricing": f"{price} and {more} more" if more else price,
        "trial": words.span_text(product.trial) if product.trial else "",
        "visibility": label,
    }


def price_list(product: Product, wanted: Sequence[PriceDefinition]) -> PriceList | None:
    """What has to happen to the prices: None when nothing does. A new price takes over how the old one in its currency was taxed."""
    active = product.active_prices
    keep = []
    add = []
    for definition in wanted:
        same_currency = next((price for price in active if price.currency == definition.currency), None)
        if same_currency is not None and same_currency.terms == definition.terms:
            keep.append(same_currency.id)
        elif same_currency is not None:
            add.append(
                replace(
                    definition,
                    tax_behavior=same_currency.tax_behavior,
                    discount_percent=same_currency.discount_percent,
                )
            )
        else:
            add.append(definition)
    if not add and len(keep) == len(active):
        return None
    return PriceList(keep=tuple(keep), add=tuple(add))


def _with_row(typed: TypedProduct) -> TypedProduct:
    return replace(typed, rows=(*typed.rows, TypedPrice()))


def _default_currency(visit: DashboardVisit) -> str:
    return visit.organization.settings.default_currency


def _in_words(visit: DashboardVisit, refused: Invalid) -> dict[str, str]:
    """The flow's refusals, at the field where something can be done about them."""
    own = _default_currency(visit)
    messages = {
        **_COMPOSITION,
        ProblemCode.DEFAULT_CURRENCY_REQUIRED: f"One of the prices must be in {own}, the organization's currency.",
    }
    said = [messages.get(problem.code, f"Not possible: {problem.code}.") for problem in refused.problems]
    return {"currency-0": " ".join(dict.fromkeys(said))}


def _show(
    visit: DashboardVisit,
    product: Product | None,
    typed: TypedProduct,
    *,
    shown: str = "",
    problems: Mapping[str, str] | None = None,
) -> Response:
    crumbs = [Crumb("Catalogue", visit.link("/products"))]
    if product is not None:
        crumbs.append(Crumb(product.name, visit.link(f"/products/{product.id}")))
    return page(
        visit,
        "product_form.html",
        title="Edit Product" if product else "New product",
        section="catalogue",
        status=422 if problems else 200,
        crumbs=crumbs,
        product=product,
        typed=typed,
        shown=shown,
        image_src=image_path(visit.organization.id, typed.image) if typed.image else None,
        image_types=",".join(SUFFIXES),
        problems=problems or {},
        models=MODELS,
        intervals=[str(item) for item in Interval],
        visibilities=[(str(key), label, text) for key, (label, text) in _VISIBILITY.items()],
        currencies=sorted(CURRENCIES),
        kept_prices=price_rows(product) if product and is_beyond_the_form(product) else None,
        recurrence=words.span_text(product.recurrence) if product and product.recurrence else None,
        action=visit.link(f"/products/{product.id}/edit") if product else visit.link("/products/new"),
        back=visit.link(f"/products/{product.id}") if product else visit.link("/products"),
    )
