"""`/v1/refunds/` (docs/behaviour/polar.md#refunds). `amount` is net: its share of the tax goes back with it."""

from __future__ import annotations

from typing import Literal

from pydantic import UUID4, Field
from starlette.responses import Response

from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.answers.refund import Refund as RefundAnswer
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.dialects.polar.wire.models import Base, Metadata, Prose
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.errors import Invalid
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import Refund, RefundRefusal, RefundRefused, RefundRequest
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.ops.bounds import INT64
from checkstand.store.sales import refunds
from checkstand.store.sales.orders import ORDERS

api = Api("Polar: refunds")
READ = ("refunds:read", "refunds:write")
WRITE = ("refunds:write",)
# Why an order as it is cannot be refunded -> (status, name, detail).
REFUSED = {
    RefundRefusal.REFUNDED_ALREADY: (403, "RefundedAlready", "Order is already fully refunded: {id}"),
    RefundRefusal.PAYMENT_DISPUTED: (
        403,
        "RefundDisputedPayment",
        "The bank has taken back the payment of this order: {id}",
    ),
    RefundRefusal.PAYMENT_UNKNOWN: (404, "RefundUnknownPayment", "Refund issued for unknown order: {id}"),
}


class RefundCreate(Base):
    """`POST /v1/refunds/`."""

    order_id: UUID4
    reason: Literal[
        "duplicate", "fraudulent", "customer_request", "service_disruption", "satisfaction_guarantee", "other"
    ]
    amount: int = Field(gt=0, lt=INT64)
    comment: Prose | None = None
    revoke_benefits: bool = False
    metadata: Metadata = Field(default_factory=dict)


class RefundListQuery(paging.ListQuery):
    sorting = paging.sorted_by(refunds.SORTABLE)
    id = paging.ids()
    order_id = paging.ids()
    subscription_id = paging.ids()
    customer_id = paging.ids()
    external_customer_id = paging.words()
    succeeded = paging.flag()


@api.route("GET", "/refunds/", scopes=READ, query=RefundListQuery, answers=Page[RefundAnswer])
async def search(call: Call) -> Response:
    """List refunds."""
    asked = RefundListQuery(call)
    window = asked.window()
    wanted = refunds.RefundFilter(
        ids=asked.id,
        order_ids=asked.order_id,
        customer_ids=asked.customer_id,
        external_customer_ids=asked.external_customer_id,
        succeeded=asked.succeeded,
    )
    of_subscriptions = asked.subscription_id
    page = await asked.found(window, refunds.search, wanted, is_empty=bool(of_subscriptions))
    return call.json(paging.envelope([refund(item) for item in page.items], page, window.limit))


@api.route("POST", "/refunds/", scopes=WRITE, body=RefundCreate, status=201, answers=RefundAnswer, refuses=(400, 403))
async def create(call: Call) -> Response:
    """Give money back to a customer.

    400 RevokeSubscriptionBenefitsProhibited: revoke_benefits for a subscription's order. 403 RefundedAlready: the order was
    refunded in full; RefundDisputedPayment: the bank has taken the payment back. 404 RefundUnknownPayment: it was paid through
    another gateway. 422 PolarRequestValidationError: an unknown order; more than is left of it; an amount that cannot be paid out
    in its currency.
    """
    body = call.body(RefundCreate)
    order = await ORDERS.by_id(call.ports.reads, call.organization.id, body.order_id)
    if order is None:
        raise Invalid.single(ProblemCode.REFUND_ORDER_UNKNOWN, "order_id", given=str(body.order_id))
    if body.revoke_benefits and order.billing_reason != "purchase":
        detail = "Subscription benefits can only be revoked upon cancellation"
        raise Refused(errors.named(400, "RevokeSubscriptionBenefitsProhibited", detail))
    asked = RefundRequest(
        net_minor=body.amount,
        reason=body.reason,
        comment=body.comment,
        revoke_benefits=body.revoke_benefits,
        metadata=body.metadata,
    )
    try:
        made = await refund_order(call.ports, call.organization, order.id, asked)
    except RefundRefused as refused:
        if refused.code not in REFUSED:
            raise Invalid.single(ProblemCode.REFUND_EXCEEDS, "amount", given=body.amount) from refused
        status, name, detail = REFUSED[refused.code]
        raise Refused(errors.named(status, name, detail.format(id=order.id))) from refused
    return call.json(refund(made), status=201)


def refund(value: Refund) -> RefundAnswer:
    """A refund as it is answered."""
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "metadata": dict(value.metadata),
        "status": value.status,
        "reason": value.reason,
        "amount": value.net_minor,
        "tax_amount": value.tax_minor,
        "currency": value.currency.lower(),
        "organization_id": str(value.organization_id),
        "order_id": str(value.order_id),
        "subscription_id": None,
        "customer_id": str(value.customer_id),
        "revoke_benefits": value.revoke_benefits,
        "dispute": None,
    }
