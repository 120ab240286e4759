"""`/disputes` (docs/behaviour/dodo.md#disputes): what buyers' banks took back, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from checkstand.dialects.dodo.answers import dispute as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.shown import returns, sales
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.words import shown_brand
from checkstand.domain.dispute import STAGES, Dispute
from checkstand.domain.errors import NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.order import Sale
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Attempt
from checkstand.flows.orders.read_sale import sale_of_payment
from checkstand.store.sales import disputes, payments
from checkstand.store.sales.disputes import DISPUTES

api = Api("Dodo: disputes")
READ = ("disputes:read", "disputes:write")


class DisputeListQuery(paging.PageQuery):
    dispute_status = paging.one_of(list(returns.DISPUTE_STATUSES.values()))
    dispute_stage = paging.one_of(STAGES)
    customer_id = paging.identity(DodoPrefix.CUSTOMER)
    created_at_gte = paging.moment()
    created_at_lte = paging.moment()


@api.route("GET", "/disputes", scopes=READ, query=DisputeListQuery, answers=Page[answers.DisputeInList])
async def search(call: Call) -> Response:
    """List disputes, newest first."""
    asked = DisputeListQuery(call)
    part, status = asked.window(), asked.dispute_status
    stage, created_after, created_before = asked.dispute_stage, asked.created_at_gte, asked.created_at_lte
    try:
        customer_id = asked.customer_id
    except paging.Nothing:
        return call.json(paging.envelope([]))
    wanted = disputes.DisputeFilter(
        status=status.removeprefix("dispute_") if status else None,
        stage=stage,
        customer_id=customer_id,
        created_after=created_after,
        created_before=created_before,
    )
    page = await disputes.search(call.ports.reads, call.organization.id, wanted, offset=part.offset, limit=part.limit)
    tried = await payments.of_checkouts(
        call.ports.reads, call.organization.id, [item.checkout_id for item in page.items]
    )
    return call.json(
        paging.envelope([_listed(item, tried.get(item.checkout_id, ()), call.organization) for item in page.items])
    )


@api.route("GET", "/disputes/{id}", scopes=READ, answers=answers.Dispute)
async def get(call: Call) -> Response:
    """Read a dispute.

    404 NOT_FOUND: no such dispute.
    """
    found = await DISPUTES.by_id(call.ports.reads, call.organization.id, call.path_id(DodoPrefix.DISPUTE))
    if found is None:
        raise NotFound
    sale = await sale_of_payment(call.ports, call.organization, found.order_id)
    return call.json(detailed(found, sale, call.organization))


def _listed(value: Dispute, attempts: Sequence[Attempt], organization: Organization) -> answers.DisputeInList:
    """A dispute with who had taken the money."""
    disputed = next((attempt for attempt in attempts if attempt.id == value.attempt_id), None)
    return {**returns.dispute(value, organization), "payment_provider": sales.provider(disputed)}


def detailed(value: Dispute, sale: Sale, organization: Organization) -> answers.Dispute:
    """A dispute with whose it is and what they say."""
    return {
        **_listed(value, sale.attempts, organization),
        "brand_id": shown_brand(organization.id, sale.checkout.selected.brand_id),
        "customer": sales.buyer(sale),
        "reason": value.reason,
    }
