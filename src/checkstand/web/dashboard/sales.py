"""Sales → Orders, and Customers: short lists that lead to the checkout behind each."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from checkstand.domain.errors import NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.formats import format_money
from checkstand.routing import Routes
from checkstand.store.people import customers
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.sales import orders
from checkstand.store.sales.orders import ORDERS
from checkstand.web.dashboard import words
from checkstand.web.dashboard.frame import DashboardVisit, page, room
from checkstand.web.dashboard.lists import PAGE_SIZE, offset, pager

routes = Routes()
_RETURNED = ("refunded", "partially_refunded")
_REASONS = {
    "purchase": "Purchase",
    "subscription_create": "New subscription",
    "subscription_cycle": "Renewal",
    "subscription_update": "Change",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order in the list."""

    number: int
    href: str
    customer: str
    product: str
    reason: str
    amount: str
    refunded: str | None
    chip: words.Chip
    created: words.Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One customer in the list."""

    email: str
    name: str | None
    external_id: str | None
    country: str | None
    orders_href: str
    since: words.Moment


@routes.get("/{org}/sales")
@room
async def order_list(visit: DashboardVisit) -> Response:
    """Orders, newest first."""
    found = await orders.search(
        visit.ports.db,
        visit.organization.id,
        orders.OrderFilter(),
        sorting=["-created_at"],
        offset=offset(visit),
        limit=PAGE_SIZE,
    )
    people = await CUSTOMERS.by_ids(visit.ports.db, visit.organization.id, [order.customer_id for order in found.items])
    rows = [
        OrderRow(
            number=order.number,
            href=visit.link(f"/sales/checkouts/{order.checkout_id}"),
            customer=people[order.customer_id].email or people[order.customer_id].name or "",
            product=order.items[0].label if order.items else "",
            reason=_REASONS[order.billing_reason],
            amount=format_money(order.total_minor, order.currency),
            refunded=format_money(-order.refunded_minor, order.currency) if order.status in _RETURNED else None,
            chip=words.order_chip(order.status),
            created=words.moment(order.created_at, visit.now),
        )
        for order in found.items
    ]
    return page(
        visit,
        "orders.html",
        title="Orders",
        section="orders",
        rows=rows,
        pager=pager(visit, found),
    )


@routes.get("/{org}/sales/{order_id}")
@room
async def order_detail(visit: DashboardVisit) -> Response:
    """An order is shown with the checkout that it came from."""
    order = await ORDERS.by_id(visit.ports.db, visit.organization.id, visit.path_id("order_id", DodoPrefix.PAYMENT))
    if order is None:
        raise NotFound
    return visit.go(f"/sales/checkouts/{order.checkout_id}")


@routes.get("/{org}/customers")
@room
async def customer_list(visit: DashboardVisit) -> Response:
    """Customers, newest first, found by e-mail, name or the merchant's own id."""
    text = visit.query("q")
    wanted = customers.CustomerFilter(text=text or None)
    found = await customers.search(
        visit.ports.db, visit.organization.id, wanted, sorting=["-created_at"], offset=offset(visit), limit=PAGE_SIZE
    )
    rows = [
        CustomerRow(
            email=person.email or "",
            name=person.name,
            external_id=person.external_id,
            country=person.address.country if person.address else None,
            orders_href=visit.link("/sales/checkouts", q=person.email or person.name or ""),
            since=words.moment(person.created_at, visit.now),
        )
        for person in found.items
    ]
    return page(
        visit,
        "customers.html",
        title="Customers",
        section="customers",
        rows=rows,
        pager=pager(visit, found),
        text=text,
    )
