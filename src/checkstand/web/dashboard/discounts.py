"""Products → Discounts: the list, a new one, and the end of one. Orders and redemptions of a deleted discount stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final
from uuid import UUID

from starlette.responses import Response

from checkstand.domain.catalog import Product
from checkstand.domain.currency import CURRENCIES
from checkstand.domain.discount import AmountOff, Discount
from checkstand.domain.errors import Invalid
from checkstand.domain.explain import rate_text
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.catalogue.save_discount import create_discount, delete_discount, missing_products, read_discount
from checkstand.formats import format_money
from checkstand.routing import Routes
from checkstand.store.catalogue import discounts, products
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.query import Page
from checkstand.web.dashboard import discount_form, words
from checkstand.web.dashboard.discount_form import DURATIONS, KINDS, TypedAmount, TypedDiscount, Understood
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, either_id, page, room
from checkstand.web.dashboard.lists import PAGE_SIZE, offset, pager

routes = Routes()
MOST_OFFERED = 100
_USABLE: Final[dict[str, bool | None]] = {"usable": True, "over": False, "all": None}
_ELIGIBLE: Final[Mapping[str, str | None]] = {
    "any": None,
    "first_time": "first purchase only",
    "existing": "not for a first purchase",
    "specific": "for chosen customers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRow:
    """One discount in the list."""

    id: str
    href: str
    name: str
    code: str | None
    takes: str
    lasts: str
    used: int
    most: int | None
    conditions: str
    goods: str
    starts: words.Moment | None
    ends: words.Moment | None
    chip: words.Chip


@routes.get("/{org}/products/discounts")
@room
async def listing(visit: DashboardVisit) -> Response:
    """Discounts, newest first, narrowed by text and by whether they can be used now."""
    text, chosen = visit.query("q"), visit.query("status")
    chosen = chosen if chosen in _USABLE else "all"
    named = either_id(text, DodoPrefix.DISCOUNT)
    wanted = discounts.DiscountFilter(text=text or None, is_redeemable=_USABLE[chosen], now=visit.now)
    db, organization_id = visit.ports.db, visit.organization.id
    found = await discounts.search(
        db, organization_id, wanted, sorting=["-created_at"], offset=offset(visit), limit=PAGE_SIZE
    )
    if named is not None:
        known = await DISCOUNTS.living(db, organization_id, named)
        found = Page([known], 1) if known else Page([], 0)
    restricted = {product_id for discount in found.items for product_id in discount.product_ids}
    goods = await PRODUCTS.by_ids(db, organization_id, list(restricted)) if restricted else {}
    return page(
        visit,
        "discounts.html",
        title="Discounts",
        section="discounts",
        rows=[_row(visit, discount, goods) for discount in found.items],
        pager=pager(visit, found),
        text=text,
        chosen=chosen,
    )


def _row(visit: DashboardVisit, discount: Discount, goods: Mapping[UUID, Product]) -> DiscountRow:
    starts, ends = discount.starts_at, discount.ends_at
    return DiscountRow(
        id=str(discount.id),
        href=visit.link(f"/products/discounts/{discount.id}"),
        name=discount.name,
        code=discount.code,
        takes=takes_text(discount),
        lasts=_lasts(discount),
        used=discount.redemptions_count,
        most=discount.max_redemptions,
        conditions=", ".join(_conditions(discount)),
        goods=_goods_text(discount, goods),
        starts=words.moment(starts, visit.now) if starts and starts > visit.now else None,
        ends=words.moment(ends, visit.now) if ends else None,
        chip=_chip(visit, discount),
    )


def takes_text(discount: Discount) -> str:
    """What it takes off: '20%', '12.5%, at most $50.00', '$5.00 or €4.00'."""
    takes = discount.takes
    if isinstance(takes, AmountOff):
        return " or ".join(format_money(amount, code) for code, amount in takes.amounts.items())
    share = rate_text(takes.basis_points * 100)
    caps = " or ".join(format_money(amount, code) for code, amount in takes.caps.items())
    return f"{share}, at most {caps}" if caps else share


def _lasts(discount: Discount) -> str:
    if discount.cycles is not None:
        return "first payment" if discount.cycles == 1 else f"first {discount.cycles} payments"
    if discount.duration == "repeating":
        months = discount.duration_months or 1
        return "first month" if months == 1 else f"first {months} months"
    return {"once": "first payment", "forever": "every payment"}[discount.duration]


def _conditions(discount: Discount) -> Sequence[str]:
    each = discount.max_per_customer
    least = " or ".join(format_money(amount, code) for code, amount in discount.minimum_subtotals.items() if amount)
    said = [
        f"{each} per customer" if each else None,
        f"from {least}" if least else None,
        _ELIGIBLE[discount.eligibility],
    ]
    return [text for text in said if text]


def _goods_text(discount: Discount, goods: Mapping[UUID, Product]) -> str:
    if not discount.product_ids:
        return "All products"
    names = [goods[product_id].name for product_id in discount.product_ids if product_id in goods]
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 2 else " and ".join(names)


def _chip(visit: DashboardVisit, discount: Discount) -> words.Chip:
    if discount.ends_at and discount.ends_at < visit.now:
        return words.Chip("Ended", "hourglass", "grey")
    if discount.max_redemptions is not None and discount.redemptions_count >= discount.max_redemptions:
        return words.Chip("Used up", "cross", "grey")
    if discount.starts_at and discount.starts_at > visit.now:
        return words.Chip("Scheduled", "clock", "blue")
    return words.Chip("Active", "check", "green")


@routes.get("/{org}/products/discounts/new")
@room
async def new_form(visit: DashboardVisit) -> Response:
    """An empty form."""
    own = visit.organization.settings.default_currency
    return await _show(visit, TypedDiscount(rows=(TypedAmount(currency=own),)))


@routes.post("/{org}/products/discounts/new")
@room
async def create(visit: DashboardVisit) -> Response:
    """Make the discount, or show what is wrong with all that was typed."""
    typed = discount_form.typed_from(visit.form)
    if visit.form.has("add_currency"):
        return await _show(visit, replace(typed, rows=(*typed.rows, TypedAmount())))
    meant = discount_form.understand(typed, now=visit.now)
    if not isinstance(meant, Understood):
        return await _show(visit, typed, problems=meant)
    if await missing_products(visit.ports, visit.organization, meant.product_ids):
        return await _show(
            visit, typed, problems={"products": "Select the products again: one of them no longer exists."}
        )
    given = {field.name: getattr(meant, field.name) for field in fields(meant)}
    try:
        await create_discount(visit.ports, visit.organization, given)
    except Invalid:
        taken = {
            "code": f"{meant.code} is already used by another discount. Choose a different code, or delete that discount."
        }
        return await _show(visit, typed, problems=taken)
    return visit.go("/products/discounts", notice="discount-created")


async def _show(visit: DashboardVisit, typed: TypedDiscount, *, problems: Mapping[str, str] | None = None) -> Response:
    wanted = products.ProductFilter(is_archived=False)
    offered = await products.search(
        visit.ports.db, visit.organization.id, wanted, sorting=["name"], offset=0, limit=MOST_OFFERED
    )
    return page(
        visit,
        "discount_form.html",
        title="New discount",
        section="discounts",
        status=422 if problems else 200,
        crumbs=_way(visit),
        typed=typed,
        problems=problems or {},
        kinds=KINDS,
        durations=DURATIONS,
        currencies=sorted(CURRENCIES),
        offered=[(str(product.id), product.name) for product in offered.items],
        left_out=offered.total - len(offered.items),
        today=visit.now.date().isoformat(),
    )


@routes.get("/{org}/products/discounts/{discount_id}/delete")
@room
async def ask_delete(visit: DashboardVisit) -> Response:
    """Say what deleting does before it is done."""
    discount = await _discount(visit)
    return page(
        visit,
        "discount_delete.html",
        title="Delete discount",
        section="discounts",
        crumbs=_way(visit),
        row=_row(visit, discount, {}),
    )


@routes.post("/{org}/products/discounts/{discount_id}/delete")
@room
async def delete(visit: DashboardVisit) -> Response:
    """Take it out of use."""
    await delete_discount(visit.ports, visit.organization, (await _discount(visit)).id)
    return visit.go("/products/discounts", notice="discount-deleted")


async def _discount(visit: DashboardVisit) -> Discount:
    return await read_discount(visit.ports, visit.organization, visit.path_id("discount_id", DodoPrefix.DISCOUNT))


def _way(visit: DashboardVisit) -> list[Crumb]:
    return [Crumb("Catalogue", visit.link("/products")), Crumb("Discounts", visit.link("/products/discounts"))]
