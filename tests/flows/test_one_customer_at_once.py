"""One customer pays and is refunded at the same time, many times over: there is no deadlock, and all books agree."""

from __future__ import annotations

import asyncio

from checkstand.domain.refund import RefundRequest
from checkstand.flows.recovery.audit import audit_books
from checkstand.flows.refunds.refund_order import refund_order
from tests.conftest import open_shop
from tests.flows.test_purchase import make, pay

TIMES = 12


def test_payments_and_refunds_of_one_customer_do_not_lock_each_other_out(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            organization = shop.demo.organization
            paid = [await pay(shop, await make(shop)) for _ in range(TIMES)]
            orders = [one.settled.order_id for one in paid if one.settled.order_id is not None]
            fresh = [await make(shop) for _ in range(TIMES)]
            refunding = [refund_order(shop.ports, organization, order_id, RefundRequest()) for order_id in orders]
            paying = [pay(shop, session) for session in fresh]
            both = [job for pair in zip(refunding, paying, strict=True) for job in pair]
            done = await asyncio.gather(*both, return_exceptions=True)
            assert [one for one in done if isinstance(one, BaseException)] == []
            assert [check.problems for check in await audit_books(shop.ports, organization) if check.problems] == []

    asyncio.run(story())
