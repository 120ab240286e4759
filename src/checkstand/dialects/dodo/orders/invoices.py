"""`/invoices`: PDF files by the id of a payment or refund, which cannot be guessed. No key is needed.

Source: docs/behaviour/dodo.md#invoices-and-countries.
"""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.wire import limits
from checkstand.dialects.dodo.wire.call import Api, Call, Refused
from checkstand.documents.file import count_visit, pdf_response
from checkstand.domain.errors import NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.flows.orders.issue_documents import read_credit_note, read_invoice
from checkstand.store.sales import documents

api = Api("Dodo: invoices")


@api.route("GET", "/invoices/payments/{payment_id}", public=True, gives="pdf")
async def of_payment(call: Call) -> Response:
    """Get the invoice of a payment that succeeded, as a PDF file.

    404 NOT_FOUND: no such payment, or none that succeeded.
    """
    _count(call)
    order_id = call.path_id(DodoPrefix.PAYMENT, "payment_id")
    organization = await _seller(call, await documents.owner_of_order(call.ports.reads, order_id))
    return await pdf_response(await read_invoice(call.ports, organization, order_id))


@api.route("GET", "/invoices/refunds/{refund_id}", public=True, gives="pdf")
async def of_refund(call: Call) -> Response:
    """Get the credit note of a refund that succeeded, as a PDF file.

    404 NOT_FOUND: no such refund, or none that succeeded.
    """
    _count(call)
    refund_id = call.path_id(DodoPrefix.REFUND, "refund_id")
    organization = await _seller(call, await documents.owner_of_refund(call.ports.reads, refund_id))
    return await pdf_response(await read_credit_note(call.ports, organization, refund_id))


def _count(call: Call) -> None:
    """Count a file that is asked for without a key. Raises Refused (429); an integrator's key has its own, wider limit."""
    window = None if call.principal is not None else count_visit(call.request)
    if window is not None and window.retry_after_s:
        raise Refused(limits.refusal(window))


async def _seller(call: Call, organization_id: UUID | None) -> Organization:
    """The organization that sold what the document is about. Raises NotFound where there is none."""
    if organization_id is None:
        raise NotFound
    return await call.ports.cache.organization(organization_id)
