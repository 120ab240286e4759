"""One price, wherever it is asked: previewing, creating, reading and paying a session come to the same cent, in any currency and place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, Interval, PriceDefinition, Product, ProductKind, Span
from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus
from checkstand.domain.discount import AmountOff, Percentage
from checkstand.domain.errors import Invalid, PaymentDeclined
from checkstand.domain.pricing import below_floor
from checkstand.domain.profile import Dialect
from checkstand.domain.terms import Custom, SeatBased, SeatTier, Terms
from checkstand.flows.catalogue.save_discount import create_discount
from checkstand.flows.catalogue.save_product import create_product
from checkstand.flows.checkout.checkout_request import CartAddon, CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout, draft_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.orders.read_sale import sales_of_checkouts
from checkstand.flows.organizations.tax_registrations import change_registrations
from tests.conftest import Shop, open_shop

NOW = datetime(2026, 1, 1, tzinfo=UTC)
amounts = st.integers(min_value=50, max_value=90_000)
term_kinds: st.SearchStrategy[Terms] = st.one_of(
    st.builds(Fixed, amount_minor=st.one_of(st.just(0), amounts)),
    st.builds(Custom, minimum_minor=amounts, preset_minor=st.none()),
    amounts.map(lambda rate: SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=rate),))),
)
ADDRESSES = (
    Address(country="DE"),
    Address(country="JP"),
    Address(country="KW"),
    Address(country="US", state="US-WA", line1="305 Harrison St", city="Seattle", postal_code="98109"),
    Address(country="CA", state="CA-QC"),
)
carts = st.lists(
    st.tuples(term_kinds, st.integers(1, 4), st.booleans(), st.booleans(), st.integers(0, 2)), min_size=1, max_size=4
)
rules = st.one_of(
    st.builds(Percentage, basis_points=st.integers(1, 10_000)),
    st.builds(AmountOff, amounts=st.fixed_dictionaries({"USD": amounts})),
)


async def sold(
    shop: Shop,
    terms: Terms,
    *,
    recurring: bool = False,
    trial: bool = False,
    kind: ProductKind = "product",
    addons: Sequence[UUID] = (),
) -> Product:
    given = {
        "kind": kind,
        "name": "Thing",
        "recurrence": Span(interval=Interval.MONTH, count=1) if recurring else None,
        "trial": Span(interval=Interval.DAY, count=7) if recurring and trial else None,
        "addons": tuple(addons),
    }
    return await create_product(
        shop.ports, shop.demo.organization, given, [PriceDefinition(currency="USD", terms=terms)]
    )


async def request_for(
    shop: Shop, dialect: Dialect, cart: Sequence[tuple[Terms, int, bool, bool, int]], address: Address, codes: list[str]
) -> CheckoutRequest:
    wanted = []
    for position, (terms, quantity, recurring, trial, extra) in enumerate(cart):
        addons: tuple[CartAddon, ...] = ()
        if recurring and extra and dialect == "dodo":
            addon = await sold(shop, Fixed(amount_minor=500), kind="addon")
            addons = (CartAddon(product_id=addon.id, where=("addons", 0), quantity=extra),)
        product = await sold(shop, terms, recurring=recurring, trial=trial, addons=[one.product_id for one in addons])
        wanted.append(
            CartItem(product_id=product.id, where=("cart", position), quantity=quantity, addons=tuple(addons))
        )
    return CheckoutRequest(
        dialect=dialect,
        wanted=tuple(wanted),
        choose_one=dialect == "polar",
        discount_codes=tuple(codes if dialect == "dodo" else codes[:1]),
        buyer=Buyer(email="ada@example.com", name="Ada", address=address),
    )


async def pay(shop: Shop, checkout: Checkout) -> Checkout:
    confirmed = await confirm_checkout(
        shop.ports,
        shop.demo.organization,
        checkout,
        CheckoutChanges(),
        confirmation_token="ctoken_visa",
        return_url="http://pay.test/",
    )
    return confirmed.settled


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(st.sampled_from(["polar", "dodo"]), carts, st.lists(rules, max_size=2), st.sampled_from(ADDRESSES))
def test_preview_create_and_charge_agree_for_random_carts(
    database_url: str,
    dialect: Dialect,
    cart: list[tuple[Terms, int, bool, bool, int]],
    taken: list[Percentage | AmountOff],
    address: Address,
) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            await change_registrations(shop.ports, shop.demo.organization.id, register=("*",))
            organization = await shop.ports.cache.organization(shop.demo.organization.id)
            shop = replace(shop, demo=replace(shop.demo, organization=organization))
            codes = []
            for number, rule in enumerate(taken):
                code = f"CODE{number}"
                await create_discount(shop.ports, organization, {"name": code, "code": code, "takes": rule})
                codes.append(code)
            request = await request_for(shop, dialect, cart, address, codes)
            try:
                preview = await draft_checkout(shop.ports, organization, request)
            except Invalid as refused:
                refusals = {problem.code for problem in refused.problems}
                assert refusals <= {"discount_on_free_product", "total_too_large", "subtotal_too_large"}
                return
            created = await create_checkout(shop.ports, organization, request)
            assert created.quote.total_minor == preview.quote.total_minor >= 0
            assert created.quote.due_minor == preview.quote.due_minor
            if below_floor(created.quote.due_minor, created.currency):
                return
            try:
                paid = await pay(shop, created)
            except PaymentDeclined:
                raise AssertionError("a good card was declined") from None
            assert paid.status is CheckoutStatus.SUCCEEDED
            sale = (await sales_of_checkouts(shop.ports, organization, [paid]))[0]
            assert sale.order is not None
            assert sale.order.total_minor == created.quote.due_minor == sale.attempts[-1].amount_minor
            assert sale.order.currency == created.currency
            items = sale.order.items
            assert sum(item.amount_minor for item in items) == sale.order.subtotal_minor
            assert sum(item.discount_minor for item in items) == sale.order.discount_minor
            assert sum(item.tax_minor for item in items) == sale.order.tax_minor

    asyncio.run(story())
