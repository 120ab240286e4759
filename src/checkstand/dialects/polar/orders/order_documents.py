"""An order's billing details, invoice and receipt. Both are given as an address that is good for a day.

Source: docs/behaviour/polar.md#orders.
"""

from __future__ import annotations

from types import NoneType
from typing import ClassVar

from starlette.responses import Response

from checkstand.dialects.polar.answers import order as answers
from checkstand.dialects.polar.shown import sales
from checkstand.dialects.polar.wire import errors
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.dialects.polar.wire.models import AddressIn, Base, Name
from checkstand.domain.document import DocumentKind
from checkstand.domain.errors import NotFound
from checkstand.domain.order import Order
from checkstand.flows.orders.document_address import pdf_url
from checkstand.flows.orders.issue_documents import NotBillable, change_order, issue_invoice
from checkstand.store.sales.orders import ORDERS

api = Api("Polar: orders")
READ = ("orders:read",)
WRITE = ("orders:write",)


class OrderUpdate(Base):
    """Absent means unchanged; a name can be taken away."""

    lasting: ClassVar = frozenset({"billing_address"})
    billing_name: Name = None
    billing_address: AddressIn | None = None


@api.route("PATCH", "/orders/{id}", scopes=WRITE, body=OrderUpdate, answers=answers.Order)
async def update(call: Call) -> Response:
    """Change whom an order is made out to. Country and state stay: they decided its tax.

    404 ResourceNotFound: no such order. 422 PolarRequestValidationError: another country or state.
    """
    order_id, given = call.path_id(), call.body(OrderUpdate).given()
    sale = await change_order(call.ports, call.organization, order_id, given)
    return call.json(sales.order(sale, call.organization))


@api.route("POST", "/orders/{id}/invoice", scopes=READ, status=202, answers=NoneType)
async def generate_invoice(call: Call) -> Response:
    """Make the invoice, or make it anew after the billing details changed.

    404 ResourceNotFound: no such order. 422 MissingInvoiceBillingDetails: nobody knows yet whom to make it out to.
    """
    try:
        await issue_invoice(call.ports, call.organization, call.path_id())
    except NotBillable as error:
        raise Refused(errors.named(422, "MissingInvoiceBillingDetails", str(error))) from error
    return call.json(None, status=202)


@api.route("GET", "/orders/{id}/invoice", scopes=READ, answers=answers.DocumentAddress)
async def invoice(call: Call) -> Response:
    """Get the address of the invoice, a PDF file.

    404 ResourceNotFound: no such order; InvoiceDoesNotExist: no invoice was made of it yet.
    """
    order = await _order(call)
    if not order.has_invoice:
        raise Refused(errors.named(404, "InvoiceDoesNotExist", f"No invoice exists for order {order.id}."))
    return _address(call, "invoice", order)


@api.route("GET", "/orders/{id}/receipt", scopes=READ, answers=answers.DocumentAddress)
async def receipt(call: Call) -> Response:
    """Get the address of the receipt, a PDF file. What cost nothing has none.

    404 ResourceNotFound: no such order, or nothing was paid for it.
    """
    order = await _order(call)
    if order.receipt_number is None:
        raise NotFound
    return _address(call, "receipt", order)


async def _order(call: Call) -> Order:
    """Raises NotFound."""
    found = await ORDERS.by_id(call.ports.reads, call.organization.id, call.path_id())
    if found is None:
        raise NotFound
    return found


def _address(call: Call, kind: DocumentKind, order: Order) -> Response:
    key = call.services.settings.secret_key.encode()
    shown: answers.DocumentAddress = {"url": pdf_url(call.ports, order.organization_id, kind, order.id, key)}
    return call.json(shown)
