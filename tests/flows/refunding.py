"""What the tests of refunds share: paid orders, the books, and a bank that dies in the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from checkstand.domain.checkout import Checkout
from checkstand.domain.order import Order
from checkstand.domain.payment import Attempt
from checkstand.domain.refund import Refund, RefundRequest, RefundVerdict
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.gateways.testbank.cards import CardDetails
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.sales.orders import ORDERS
from tests.conftest import Shop
from tests.flows.test_purchase import make, pay

REFUND_FAILS, REFUND_PENDS = "4000000000005126", "4000000000007726"


class ProcessDied(BaseException):
    """As if the process was killed: nothing after it runs."""


@dataclass(slots=True)
class DyingBank(TestGateway):
    """The test gateway of a process that is killed just before or just after the bank has booked a refund."""

    books_first: bool = True

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        if self.books_first:
            # Not `super()`: a class with slots is made anew, and the method would belong to the old one.
            await TestGateway.refund(self, attempt, refund)
        raise ProcessDied


def with_dying_bank(shop: Shop, *, books_first: bool) -> Shop:
    bank = shop.ports.gateway
    assert isinstance(bank, TestGateway)
    dying = DyingBank(db=bank.db, public_url=bank.public_url, random_bytes=bank.random_bytes, books_first=books_first)
    return replace(shop, ports=replace(shop.ports, gateway=dying))


async def buy(shop: Shop, label: str = "one_time", card: str | None = None) -> tuple[Checkout, Order]:
    """A paid session and its order."""
    token = "ctoken_visa"
    if card is not None:
        bank = shop.ports.gateway
        assert isinstance(bank, TestGateway)
        now = shop.ports.real_now()
        made = await bank.tokenize(
            shop.demo.organization.id, CardDetails(number=card, exp_month=12, exp_year=now.year + 1, cvc="123"), now=now
        )
        assert isinstance(made, str)
        token = made
    paid = await pay(shop, await make(shop, label), token)
    return paid.settled, await order_of(shop, paid.settled)


async def order_of(shop: Shop, checkout: Checkout) -> Order:
    assert checkout.order_id is not None
    found = await ORDERS.by_id(shop.ports.db, shop.demo.organization.id, checkout.order_id)
    assert found is not None
    return found


async def give_back(shop: Shop, order: Order, amount: int | None = None) -> Refund:
    asked = RefundRequest(total_minor=amount)
    return await refund_order(shop.ports, shop.demo.organization, order.id, asked)


async def bank_has_given_back(shop: Shop) -> list[int]:
    bank = shop.ports.gateway
    assert isinstance(bank, TestGateway)
    return [one.amount_minor for one in await bank.refunded(shop.demo.organization.id)]


async def balances(shop: Shop) -> dict[str, int]:
    """The ledger's accounts, those that are not empty; and nothing but movements that sum to zero."""
    db, organization_id = shop.ports.db, shop.demo.organization.id
    uneven = await db.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM ledger_entries WHERE organization_id = $1 "
        "GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0) AS uneven",
        organization_id,
    )
    assert uneven == 0
    rows = await db.fetch(
        "SELECT account, sum(amount_minor)::bigint AS total FROM ledger_entries WHERE organization_id = $1 GROUP BY account",
        organization_id,
    )
    return {row["account"]: row["total"] for row in rows if row["total"]}


async def happened(shop: Shop) -> list[str]:
    """The kinds of facts since the payment, in order."""
    rows = await shop.ports.db.fetch(
        "SELECT type FROM facts WHERE organization_id = $1 AND (type LIKE 'refund.%' OR type LIKE 'dispute.%' "
        "OR type IN ('order.refunded', 'order.updated')) ORDER BY sequence",
        shop.demo.organization.id,
    )
    return [row["type"] for row in rows]


def later(shop: Shop, by: timedelta) -> Shop:
    """The same shop at another time."""
    now = shop.ports.real_now
    return replace(shop, ports=replace(shop.ports, real_now=lambda: now() + by))


async def decide(shop: Shop, refund: Refund, *, succeeded: bool) -> Refund:
    bank = shop.ports.gateway
    assert isinstance(bank, TestGateway)
    return await settle_refund(shop.ports, refund, await bank.decide_refund(refund, succeeded=succeeded))
