"""What tests of saved methods have in common: a customer, sessions that name them, purchases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout, Options
from checkstand.domain.customer import Customer
from checkstand.domain.payment import Attempt
from checkstand.domain.saved_method import SavedMethod, may_pay_again
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.choose_method import PaymentChoice, offered_methods
from checkstand.flows.checkout.confirm_checkout import Confirmed, confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.customers.save_customer import create_customer
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.recovery.audit import audit_books
from checkstand.gateways.testbank.cards import CardDetails
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store.bank_books import charges as books
from checkstand.store.people import payment_methods
from tests.conftest import Shop, open_shop

GERMANY = Address(country="DE")
SHOWN = Options(show_saved_methods=True)


async def customer(shop: Shop, email: str = "ada@example.com") -> Customer:
    """A customer whom the merchant entered."""
    organization = shop.demo.organization
    return await create_customer(shop.ports, organization, {"email": email, "name": "Ada"})


async def session(
    shop: Shop,
    label: str = "one_time",
    *,
    customer_id: UUID | None = None,
    email: str | None = None,
    options: Options = SHOWN,
    **more: object,
) -> Checkout:
    """A session that names a customer, or one whose buyer types an e-mail address."""
    wanted = CartItem(product_id=shop.demo.products[label].id, where=("products", 0))
    request = CheckoutRequest(
        dialect="dodo",
        wanted=(wanted,),
        choose_one=False,
        customer_id=customer_id,
        buyer=Buyer(email=email, name="Ada", address=GERMANY),
        options=options,
        **more,  # type: ignore[arg-type]
    )
    return await create_checkout(shop.ports, shop.demo.organization, request)


async def pay(
    shop: Shop,
    checkout: Checkout,
    *,
    token: str | None = "ctoken_visa",
    method: SavedMethod | UUID | None = None,
    keep: bool = False,
    changes: CheckoutChanges | None = None,
) -> Confirmed:
    """The buyer pays: with a token, or with what was saved."""
    method_id = method.id if isinstance(method, SavedMethod) else method
    return await confirm_checkout(
        shop.ports,
        shop.demo.organization,
        checkout,
        changes or CheckoutChanges(),
        confirmation_token=None if method_id else token,
        return_url="http://pay.test/",
        pay_with=PaymentChoice(method_id=method_id, saves_method=keep),
    )


async def saved(shop: Shop, customer_id: UUID | None) -> Sequence[SavedMethod]:
    """All that a customer has saved."""
    assert customer_id is not None
    return await payment_methods.of_customer(shop.ports.db, shop.demo.organization.id, customer_id)


async def offered(shop: Shop, checkout: Checkout) -> Sequence[SavedMethod]:
    """What a session's page shows: what may be shown and can pay it."""
    found = await offered_methods(shop.ports, shop.demo.organization, checkout)
    now, gateway = shop.ports.now(shop.demo.organization), shop.ports.gateway.name
    return [one for one in found if may_pay_again(one, checkout, gateway=gateway, now=now)]


async def trial_of(shop: Shop, email: str = "ada@example.com", token: str = "ctoken_visa") -> UUID:
    """A new buyer's trial, which keeps the card without a charge; the customer it made."""
    paid = await pay(shop, await session(shop, "trial", email=email, options=Options()), token=token)
    customer_id = paid.settled.buyer.customer_id
    assert customer_id is not None
    return customer_id


Story = Callable[[Shop], Awaitable[None]]


def tell(url: str, story: Story) -> None:
    async def main() -> None:
        async with open_shop(url) as shop:
            await story(shop)
            assert not [check for check in await audit_books(shop.ports, shop.demo.organization) if check.problems]

    asyncio.run(main())


def bank(shop: Shop) -> TestGateway:
    assert isinstance(shop.ports.gateway, TestGateway)
    return shop.ports.gateway


async def token(shop: Shop, number: str) -> str:
    card = CardDetails(number=number, exp_month=12, exp_year=2034, cvc="123")
    made = await bank(shop).tokenize(shop.demo.organization.id, card, now=shop.ports.now(shop.demo.organization))
    assert isinstance(made, str)
    return made


async def forgotten(shop: Shop) -> list[str]:
    rows = await shop.ports.db.fetch(
        "SELECT id FROM test_gateway_methods WHERE organization_id = $1 AND forgotten_at IS NOT NULL",
        shop.demo.organization.id,
    )
    return [row["id"] for row in rows]


async def approve(shop: Shop, attempt: Attempt) -> None:
    charge = await books.CHARGES.by_id(shop.ports.db, attempt.organization_id, attempt.gateway_key)
    assert charge is not None
    await bank(shop).decide(charge, approved=True)
    verdict = await bank(shop).lookup(attempt)
    assert verdict is not None
    await settle_payment(shop.ports, attempt, verdict)
