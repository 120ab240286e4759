"""`/refunds`: everything left of a payment, or parts of its items. An amount contains its tax unless it says otherwise.

Amounts are in the settlement currency, the prices' own, unless `currency` names the one that was paid in.

Source: docs/behaviour/dodo.md#refunds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers import refund as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.shown import returns, sales
from checkstand.dialects.dodo.wire import errors, paging
from checkstand.dialects.dodo.wire.call import Api, Call, Refused
from checkstand.dialects.dodo.wire.models import INT32, Base, Currency, Id, Metadata, whole
from checkstand.dialects.dodo.wire.words import named, notes, shown_brand
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.order import Order, Sale
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import AskedItem, Refund, RefundRefusal, RefundRefused, RefundRequest
from checkstand.flows.orders.read_sale import sale_of_payment
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.store.sales import refunds
from checkstand.store.sales.refunds import REFUNDS

api = Api("Dodo: refunds")
READ = ("refunds:read", "refunds:write")
WRITE = ("refunds:write",)
STATUSES = ("succeeded", "failed", "pending", "review")
# Why a payment as it is cannot be refunded -> (CODE, message).
REFUSED = {
    RefundRefusal.PAYMENT_NOT_SUCCEEDED: (
        "PAYMENT_NOT_SUCCEEDED",
        "The payment has not succeeded, so there is nothing to refund",
    ),
    RefundRefusal.NOTHING_TO_REFUND: (
        "ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED",
        "Nothing was paid, so there is nothing to refund",
    ),
    RefundRefusal.REFUNDED_ALREADY: ("PAYMENT_ALREADY_REFUNDED", "The payment has been refunded in full already"),
    RefundRefusal.REFUND_UNDERWAY: (
        "EXISTING_REFUND_REQUEST_PROCESSING",
        "A refund of all that is left is under way already",
    ),
    RefundRefusal.REFUND_WINDOW_OVER: ("REFUND_WINDOW_EXPIRED", "A payment can be refunded for {days} days"),
    RefundRefusal.PAYMENT_DISPUTED: (
        "PAYMENT_DISPUTED",
        "The buyer's bank has taken back this payment: answer the dispute instead",
    ),
    RefundRefusal.PAYMENT_UNKNOWN: ("PAYMENT_NOT_REFUNDABLE", "The payment was not made through this server's gateway"),
}


class RefundItemIn(Base):
    """One product or add-on of the payment. Without an amount, all that is left of it."""

    item_id: Id
    amount: Annotated[int, Field(ge=-INT32, le=INT32), BeforeValidator(whole)] | None = None
    tax_inclusive: bool = True


class RefundIn(Base):
    """`POST /refunds`. Without items, all that is left."""

    payment_id: Id
    reason: Annotated[str, StringConstraints(max_length=3000)] | None = None
    items: Annotated[list[RefundItemIn], Field(min_length=1, max_length=100)] | None = None
    currency: Currency | None = None
    metadata: Metadata = Field(default_factory=dict)


@api.route("POST", "/refunds", scopes=WRITE, body=RefundIn, keyed=True, answers=answers.Refund, refuses=(400,))
async def create(call: Call) -> Response:
    """Give a buyer money back.

    400 PAYMENT_NOT_SUCCEEDED. ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED. PAYMENT_ALREADY_REFUNDED.
    EXISTING_REFUND_REQUEST_PROCESSING: all that is left is on its way. REFUND_WINDOW_EXPIRED. PAYMENT_DISPUTED: the buyer's bank
    has taken the payment back. PAYMENT_NOT_REFUNDABLE: it was made through another gateway. 422 NOT_FOUND: an unknown payment.
    REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT. DUPLICATE_LINE_ITEMS_IN_REQUEST. LINE_ITEM_NOT_FOUND: the item is not the payment's.
    LINE_ITEM_FULLY_REFUNDED. LINE_ITEM_REFUND_AMOUNT_TOO_LOW. LINE_ITEM_REFUND_AMOUNT_TOO_HIGH. UNSUPPORTED_CURRENCY: not the
    payment's. INVALID_REQUEST_PARAMETERS: an amount that cannot be paid out in its currency.
    """
    body = call.body(RefundIn)
    sale = await _sale(call, body.payment_id)
    order = sale.order
    if order is None:
        raise _refused(RefundRefused(RefundRefusal.PAYMENT_NOT_SUCCEEDED, sale.checkout.id))
    asked = RefundRequest(
        items=tuple(_item(sale, order, body, place) for place in range(len(body.items or ()))),
        reason="other",
        comment=(body.reason or "").strip() or None,
        metadata=body.metadata,
        window=timedelta(days=call.organization.settings.refund_window_days),
    )
    try:
        made = await refund_order(call.ports, call.organization, order.id, asked)
    except RefundRefused as refused:
        raise _refused(refused) from refused
    return call.json(detailed(made, sale, call.organization))


async def _sale(call: Call, payment_id: str) -> Sale:
    """The payment that is named. Raises Invalid: an unknown one is a mistake in the body."""
    found = named(DodoPrefix.PAYMENT, payment_id)
    if found is not None:
        try:
            return await sale_of_payment(call.ports, call.organization, found)
        except NotFound:
            found = None
    raise Invalid.single(ProblemCode.REFUND_PAYMENT_UNKNOWN, "payment_id", given=payment_id)


def _refused(refused: RefundRefused) -> Refused:
    code, message = REFUSED[refused.code]
    return Refused(errors.answer(400, code, message.format(days=refused.days)))


def _item(sale: Sale, order: Order, body: RefundIn, place: int) -> AskedItem:
    """One item as the flow knows it. Raises Invalid."""
    assert body.items is not None, "only what is listed has a place"
    given = body.items[place]
    product_id = named(DodoPrefix.PRODUCT, given.item_id) or named(DodoPrefix.ADDON, given.item_id)
    if product_id is None:
        raise Invalid.single(ProblemCode.REFUND_ITEM_UNKNOWN, "items", place, "item_id", given=given.item_id)
    amount = given.amount
    if amount is not None and amount < 1:
        raise Invalid.single(ProblemCode.REFUND_ITEM_TOO_LOW, "items", place, "amount", given=amount)
    if body.currency is not None and body.currency != order.currency:
        raise Invalid.single(ProblemCode.REFUND_CURRENCY, "currency", given=body.currency, paid=order.currency)
    return AskedItem(
        product_id=product_id,
        amount_minor=amount,
        tax_inclusive=given.tax_inclusive,
        is_settled=body.currency is None and sale.checkout.base_quote is not None,
    )


class RefundListQuery(paging.PageQuery):
    status = paging.one_of(STATUSES)
    customer_id = paging.identity(DodoPrefix.CUSTOMER)
    subscription_id = paging.word()
    created_at_gte = paging.moment()
    created_at_lte = paging.moment()


@api.route("GET", "/refunds", scopes=READ, query=RefundListQuery, answers=Page[answers.RefundInList])
async def search(call: Call) -> Response:
    """List refunds, newest first."""
    asked = RefundListQuery(call)
    part, status = asked.window(), asked.status
    created_after, created_before = asked.created_at_gte, asked.created_at_lte
    try:
        customer_id = asked.customer_id
    except paging.Nothing:
        return call.json(paging.envelope([]))
    if asked.subscription_id is not None:
        return call.json(paging.envelope([]))
    wanted = refunds.RefundFilter(
        status=status,
        customer_ids=(customer_id,) if customer_id else (),
        created_after=created_after,
        created_before=created_before,
    )
    page = await refunds.search(
        call.ports.reads, call.organization.id, wanted, sorting=("-created_at",), offset=part.offset, limit=part.limit
    )
    return call.json(paging.envelope([returns.refund(item, call.organization) for item in page.items]))


@api.route("GET", "/refunds/{id}", scopes=READ, answers=answers.Refund)
async def get(call: Call) -> Response:
    """Read a refund.

    404 NOT_FOUND: no such refund.
    """
    found = await read(call.path_id(DodoPrefix.REFUND), call)
    sale = await sale_of_payment(call.ports, call.organization, found.order_id)
    return call.json(detailed(found, sale, call.organization))


async def read(refund_id: UUID, call: Call) -> Refund:
    """Raises NotFound."""
    found = await REFUNDS.by_id(call.ports.reads, call.organization.id, refund_id)
    if found is None:
        raise NotFound
    return found


def detailed(value: Refund, sale: Sale, organization: Organization) -> answers.Refund:
    """A refund with whose it is."""
    return {
        **returns.refund(value, organization),
        "brand_id": shown_brand(organization.id, sale.checkout.selected.brand_id),
        "customer": sales.buyer(sale),
        "metadata": notes(value.metadata),
    }
