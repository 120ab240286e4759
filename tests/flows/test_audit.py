"""The audit: books that agree are proved to, and a row that was changed by hand is found and told."""

from __future__ import annotations

import asyncio

import pytest

from checkstand.domain.checkout import Buyer
from checkstand.domain.errors import PaymentDeclined
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.payments.record_dispute import move_dispute, open_dispute
from checkstand.flows.recovery.audit import Check, audit_books
from tests.conftest import Shop, open_shop
from tests.flows.refunding import REFUND_FAILS, REFUND_PENDS, buy, give_back
from tests.flows.test_purchase import make, pay


async def trade(shop: Shop) -> None:
    """One of everything that moves money, or could have."""
    _, refunded = await buy(shop)
    await give_back(shop, refunded, 300)
    await give_back(shop, refunded)
    _, partly = await buy(shop)
    await give_back(shop, partly, 250)
    await give_back(shop, (await buy(shop, card=REFUND_FAILS))[1])
    await give_back(shop, (await buy(shop, card=REFUND_PENDS))[1], 100)
    await buy(shop, "free")
    await buy(shop, "trial")
    with pytest.raises(PaymentDeclined):
        await pay(shop, await make(shop), "ctoken_declined")
    await pay(shop, await make(shop), "ctoken_processing")
    wanted = CartItem(product_id=shop.demo.products["one_time"].id, where=("products", 0))
    request = CheckoutRequest(
        dialect="polar", wanted=(wanted,), choose_one=True, discount_codes=("WELCOME20",), buyer=Buyer()
    )
    await pay(shop, await create_checkout(shop.ports, shop.demo.organization, request))
    for outcome in ("won", "lost"):
        _, order = await buy(shop)
        dispute = await open_dispute(shop.ports, shop.demo.organization, order.id)
        await move_dispute(shop.ports, shop.demo.organization, dispute, outcome)  # type: ignore[arg-type]


async def audited(shop: Shop) -> dict[str, Check]:
    return {check.name: check for check in await audit_books(shop.ports, shop.demo.organization)}


TAMPERING = {
    "movements sum to zero": (
        (
            "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE organization_id = $1 AND account = 'revenue' "
            "AND id = (SELECT min(id::text)::uuid FROM ledger_entries WHERE organization_id = $1 AND account = 'revenue')"
        ),
        "sums to $0.01, not to zero",
    ),
    "orders = captured payments": (
        (
            "UPDATE payment_attempts SET amount_minor = 999 WHERE organization_id = $1 AND status = 'succeeded' "
            "AND order_id = (SELECT id FROM orders WHERE organization_id = $1 AND number = 1)"
        ),
        "Order #1 is an order of $10.00, but $9.99 was captured for it.",
    ),
    "orders = their items": (
        (
            "UPDATE order_items SET net_minor = 1 WHERE organization_id = $1 "
            "AND order_id = (SELECT id FROM orders WHERE organization_id = $1 AND number = 2)"
        ),
        "Order #2 is $10.00, but its items sum to $0.01.",
    ),
    "orders = ledger": (
        (
            "DELETE FROM ledger_entries WHERE organization_id = $1 "
            "AND order_id = (SELECT id FROM orders WHERE organization_id = $1 AND number = 2)"
        ),
        "Order #2: the gateway owes $7.50 for it, but the ledger says $0.00.",
    ),
    "fees = ledger": (
        (
            "UPDATE payment_attempts SET fee_minor = 30, fee_currency = 'EUR' WHERE organization_id = $1 "
            "AND status = 'succeeded' AND order_id = (SELECT id FROM orders WHERE organization_id = $1 AND number = 1)"
        ),
        "Order #1: the gateway kept €0.30 of it, but the ledger's fees are €0.00.",
    ),
    "order numbers": (
        "UPDATE organizations SET last_order_number = last_order_number + 1 WHERE id = $1",
        "but there are 9 orders",
    ),
    "refunds = orders' refunded": (
        "UPDATE orders SET refunded_minor = 0 WHERE organization_id = $1 AND number = 2",
        "Order #2 says that $0.00 went back, but its refunds sum to $2.50.",
    ),
    "refunds <= captured": (
        "UPDATE refunds SET net_minor = 5000 WHERE organization_id = $1 AND net_minor = 250",
        "Order #2 was refunded $40.00 more than was captured for it.",
    ),
    "redemption counts": (
        "UPDATE discounts SET redemptions_count = 7 WHERE organization_id = $1",
        "Discount WELCOME20 counts 7 redemptions, but there are 1.",
    ),
    "redemptions = orders": (
        "DELETE FROM redemptions WHERE organization_id = $1",
        "an order's discount without its redemption",
    ),
    "captured = test gateway's books": (
        "UPDATE test_gateway_charges SET amount_minor = 1 WHERE organization_id = $1 AND amount_minor = 800",
        "is $8.00 here and $0.01 at the gateway",
    ),
    "refunds = test gateway's books": (
        "UPDATE refunds SET status = 'pending' WHERE organization_id = $1 AND net_minor = 250",
        "of $2.50 that is not in ours",
    ),
}


def test_the_books_of_an_honest_shop_agree(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            await trade(shop)
            checks = await audited(shop)
            assert [problem for check in checks.values() for problem in check.problems] == []
            assert set(checks) == {"debits = credits", *TAMPERING}
            assert checks.pop("fees = ledger").compared == 0, "the test gateway takes none"
            assert min(check.compared for check in checks.values()) > 0

    asyncio.run(story())


@pytest.mark.parametrize("rule", list(TAMPERING))
def test_a_changed_row_is_found_and_told(database_url: str, rule: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            await trade(shop)
            statement, said = TAMPERING[rule]
            await shop.ports.db.execute(statement, shop.demo.organization.id)
            checks = await audited(shop)
            assert any(said in problem for problem in checks[rule].problems), checks[rule]

    asyncio.run(story())
