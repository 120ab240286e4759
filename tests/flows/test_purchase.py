"""A purchase through the flows alone: create, confirm, settle, with the real database and the test gateway."""

from __future__ import annotations

import asyncio

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus
from checkstand.flows.checkout.checkout_request import CheckoutRequest, Wanted
from checkstand.flows.checkout.confirm_checkout import Confirmed, confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.orders.read_sale import sales_of_checkouts
from tests.conftest import Shop, open_shop

BUYER = CheckoutChanges(
    given=frozenset({"email", "name", "address"}), email="ada@example.com", name="Ada", address=Address(country="DE")
)


async def make(shop: Shop, label: str = "one_time", **buyer: str) -> Checkout:
    wanted = Wanted(product_id=shop.demo.products[label].id, where=("products", 0))
    request = CheckoutRequest(dialect="polar", wanted=(wanted,), choose_one=True, buyer=Buyer(**buyer))
    return await create_checkout(shop.ports, shop.demo.organization, request)


async def pay(shop: Shop, checkout: Checkout, token: str = "ctoken_visa") -> Confirmed:
    return await confirm_checkout(
        shop.ports, shop.demo.organization, checkout, BUYER, confirmation_token=token, return_url="http://pay.test/"
    )


def test_a_paid_checkout_has_one_order_with_its_amounts(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            paid = await pay(shop, await make(shop, external_id="user-1"))
            sale = (await sales_of_checkouts(shop.ports, shop.demo.organization, [paid.settled]))[0]
            assert paid.settled.status is CheckoutStatus.SUCCEEDED
            assert sale.order is not None
            assert sale.customer is not None
            assert (sale.order.total_minor, sale.order.number) == (1000, 1)
            assert sale.customer.external_id == "user-1"

    asyncio.run(story())
