"""`/v1/orders/export`: orders as a CSV file, in the manner of the export of subscriptions (docs/behaviour/polar.md#exports).

Amounts are in units of their currency ("10.5", "545" for yen), times in the zone that was asked for, lines end with CR LF. The file is
sent in parts while it is read, newest order first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import Response, StreamingResponse

from checkstand.dialects.polar.customers.customer_views import csv_lines
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.domain.currency import currency
from checkstand.domain.document import invoice_number
from checkstand.domain.order import Order, Sale
from checkstand.domain.organization import Organization
from checkstand.flows.orders.read_sale import sales_of_orders
from checkstand.parameters import Parameter
from checkstand.store.sales import orders

api = Api("Polar: orders")
READ = ("orders:read",)
STATUSES = ("draft", "pending", "paid", "refunded", "partially_refunded", "void")
READ_AT_ONCE = 500


def _amount(minor: int, code: str) -> str:
    """Minor units in units of the currency, as short as the original has them: `10.0`, `10.5`, `8.99`; `545` without decimals.

    >>> _amount(1000, "USD"), _amount(1050, "USD"), _amount(899, "USD"), _amount(545, "JPY"), _amount(-5, "USD")
    ('10.0', '10.5', '8.99', '545', '-0.05')
    """
    exponent = currency(code).exponent
    if exponent == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**exponent)
    decimals = f"{part:0{exponent}d}".rstrip("0") or "0"
    return f"{'-' if minor < 0 else ''}{whole}.{decimals}"


@dataclass(frozen=True, slots=True)
class ExportedOrder:
    """What a line of the file is made from."""

    sale: Sale
    order: Order
    organization: Organization
    zone: tzinfo

    def amount(self, minor: int) -> str:
        return _amount(minor, self.order.currency)


_COLUMNS: Mapping[str, tuple[str, Callable[[ExportedOrder], str | None]]] = {
    "email": ("Email", lambda one: one.sale.customer.email if one.sale.customer else None),
    "created_at": ("Created At", lambda one: one.order.created_at.astimezone(one.zone).isoformat()),
    "product": ("Product", lambda one: one.sale.checkout.product(one.order.product_id).name),
    "net_amount": ("Net Amount", lambda one: one.amount(one.order.net_minor)),
    "currency": ("Currency", lambda one: one.order.currency.lower()),
    "status": ("Status", lambda one: one.order.status),
    "invoice_number": ("Invoice Number", lambda one: invoice_number(one.organization.slug, one.order.number)),
    "customer_name": ("Customer Name", lambda one: one.sale.customer.name if one.sale.customer else None),
    "billing_name": ("Billing Name", lambda one: one.order.billing_name),
    "billing_country": (
        "Billing Country",
        lambda one: one.order.billing_address.country if one.order.billing_address else None,
    ),
    "subtotal_amount": ("Subtotal Amount", lambda one: one.amount(one.order.subtotal_minor)),
    "discount_amount": ("Discount Amount", lambda one: one.amount(one.order.discount_minor)),
    "tax_amount": ("Tax Amount", lambda one: one.amount(one.order.tax_minor)),
    "total_amount": ("Total Amount", lambda one: one.amount(one.order.total_minor)),
    "refunded_amount": (
        "Refunded Amount",
        lambda one: one.amount(one.order.refunded_minor - one.order.refunded_tax_minor),
    ),
    "billing_reason": ("Billing Reason", lambda one: one.order.billing_reason),
}
_DEFAULT = tuple(_COLUMNS)[:7]


def _zone(call: Call, name: str) -> tzinfo:
    given = call.request.query_params.get(name, "UTC")
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        text = f"Value error, '{given}' is not a valid IANA time zone"
        item = {"type": "value_error", "loc": (), "msg": text, "input": given}
        raise Refused(errors.schema([item], prefix=("query", name))) from error


class OrderExportQuery(paging.OrganizationQuery):
    product_id = paging.ids()
    status = paging.words_of(STATUSES, "OrderStatus")
    created_after = paging.moment()
    created_before = paging.moment()
    timezone: Parameter[Call, tzinfo] = Parameter(_zone, schema={"type": "string", "default": "UTC"})
    columns = paging.words_of(tuple(_COLUMNS), "OrderExportColumn")


@api.route("GET", "/orders/export", scopes=READ, query=OrderExportQuery, gives="csv")
async def export(call: Call) -> Response:
    """All orders as a CSV file, newest first."""
    asked = OrderExportQuery(call)
    zone, columns = asked.timezone, asked.columns or _DEFAULT
    wanted = orders.OrderFilter(
        product_ids=asked.product_id,
        statuses=asked.status,
        created_after=asked.created_after,
        created_before=asked.created_before,
    )
    name = _file_name(zone, wanted.created_after, wanted.created_before)
    lines = _exported(call, wanted, columns, zone, empty=asked.is_elsewhere())
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type="text/csv", headers=headers)


def _file_name(zone: tzinfo, *bounds: datetime | None) -> str:
    days = [bound.astimezone(zone).date().isoformat() for bound in bounds if bound is not None]
    return "-".join(["polar-orders", *days]) + ".csv"


async def _exported(
    call: Call, wanted: orders.OrderFilter, columns: Sequence[str], zone: tzinfo, *, empty: bool
) -> AsyncIterator[str]:
    yield csv_lines([tuple(_COLUMNS[column][0] for column in columns)])
    last: tuple[datetime, UUID] | None = None
    while not empty:
        part = await orders.before(call.ports.reads, call.organization.id, wanted, last, limit=READ_AT_ONCE)
        if not part:
            return
        sales = await sales_of_orders(call.ports, call.organization, part)
        yield csv_lines(
            _row(ExportedOrder(sale, order, call.organization, zone), columns)
            for sale, order in zip(sales, part, strict=True)
        )
        last = (part[-1].created_at, part[-1].id)


def _row(one: ExportedOrder, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(_COLUMNS[column][1](one) or "" for column in columns)
