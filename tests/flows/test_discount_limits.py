"""Redemptions: reserved under any rush, given back, and counted by customer. Real PostgreSQL, no server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.errors import DiscountLimitReached, Invalid
from checkstand.flows.checkout.check_discounts import check_customer_limits
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.customers.save_customer import create_customer
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from tests.conftest import Shop, open_shop

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADA = {"email": "ada@example.com"}


def told(url: str, story: Callable[[Shop], Awaitable[None]]) -> None:
    """Run a story in a shop of its own."""

    async def telling() -> None:
        async with open_shop(url) as shop:
            await story(shop)

    asyncio.run(telling())


async def offer(shop: Shop, **rules: Any) -> Discount:
    code = f"CODE{uuid4().hex[:8]}"
    made = Discount(
        id=uuid4(),
        organization_id=shop.demo.organization.id,
        name=code,
        code=code,
        takes=Percentage(basis_points=1000),
        created_at=NOW,
        **rules,
    )
    assert await discounts.add(shop.ports.db, made)
    return made


async def session(shop: Shop, *applied: Discount, **buyer: Any) -> Checkout:
    """An open session with these discounts, of this buyer."""
    wanted = CartItem(product_id=shop.demo.products["one_time"].id, where=("products", 0))
    request = CheckoutRequest(dialect="polar", wanted=(wanted,), choose_one=True)
    made = await create_checkout(shop.ports, shop.demo.organization, request)
    return replace(made, discounts=applied, buyer=replace(made.buyer, **buyer))


async def redeem(shop: Shop, discount: Discount, checkout: Checkout, *, now: datetime | None = None) -> bool:
    buyer = checkout.buyer
    async with shop.ports.db.transaction() as tx:
        return await discounts.reserve(
            tx, discount, uuid4(), checkout.id, customer_id=buyer.customer_id, email=buyer.email, now=now
        )


async def count(shop: Shop, discount: Discount) -> int:
    found = await DISCOUNTS.living(shop.ports.db, discount.organization_id, discount.id)
    assert found is not None
    rows = await shop.ports.db.fetchval(
        "SELECT count(*) FROM redemptions WHERE organization_id = $1 AND discount_id = $2",
        discount.organization_id,
        discount.id,
    )
    assert rows == found.redemptions_count, "the count is exactly the number of rows"
    return found.redemptions_count


async def copies(shop: Shop, number: int) -> list[UUID]:
    """So many sessions more, as rows alone."""
    made = await session(shop)
    rows = await shop.ports.db.fetch(
        """
        INSERT INTO checkouts (
            organization_id, id, dialect, status, client_secret, version, product_id, currency, total_minor, created_at,
            expires_at, document
        )
        SELECT organization_id, gen_random_uuid(), dialect, status, client_secret || number, version, product_id,
               currency, total_minor, created_at, expires_at, document
        FROM checkouts, generate_series(1, $3) AS number
        WHERE organization_id = $1
          AND id = $2
        RETURNING id
        """,
        made.organization_id,
        made.id,
        number,
    )
    return [row["id"] for row in rows]


def test_of_200_who_redeem_at_once_exactly_the_limit_get_through(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        discount = await offer(shop, max_redemptions=10)

        async def one(checkout_id: UUID) -> bool:
            async with shop.ports.db.transaction() as tx:
                return await discounts.reserve(tx, discount, uuid4(), checkout_id)

        taken = await asyncio.gather(*map(one, await copies(shop, 200)))
        assert (sum(taken), await count(shop, discount)) == (10, 10)

    told(database_url, story)


def test_sessions_with_several_discounts_give_all_back_and_never_wait_for_each_other(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        offered = sorted([await offer(shop), await offer(shop), await offer(shop)], key=lambda item: item.id)

        async def there_and_back(checkout_id: UUID) -> None:
            async with shop.ports.db.transaction() as tx:
                for discount in offered:
                    assert await discounts.reserve(tx, discount, uuid4(), checkout_id)
            async with shop.ports.db.transaction() as tx:
                await discounts.give_back(tx, shop.demo.organization.id, checkout_id)

        stays, *rest = await copies(shop, 41)
        async with shop.ports.db.transaction() as tx:
            for discount in offered:
                assert await discounts.reserve(tx, discount, uuid4(), stays)
        await asyncio.gather(*map(there_and_back, rest))
        assert [await count(shop, discount) for discount in offered] == [1, 1, 1]

    told(database_url, story)


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        ({}, True),
        ({"starts_at": NOW, "ends_at": NOW}, True),
        ({"starts_at": NOW + timedelta(seconds=1)}, False),
        ({"ends_at": NOW - timedelta(seconds=1)}, False),
    ],
)
def test_a_discount_out_of_its_dates_cannot_be_reserved(database_url: str, rules: dict[str, Any], may: bool) -> None:
    async def story(shop: Shop) -> None:
        discount = await offer(shop, **rules)
        assert await redeem(shop, discount, await session(shop, discount), now=NOW) is may

    told(database_url, story)


def test_a_deleted_discount_cannot_be_reserved_and_frees_its_code(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        db, discount = shop.ports.db, await offer(shop)
        await discounts.delete(db, discount.organization_id, discount.id, now=NOW)
        assert not await redeem(shop, discount, await session(shop, discount))
        assert await DISCOUNTS.living(db, discount.organization_id, discount.id) is None
        kept = await DISCOUNTS.by_id(db, discount.organization_id, discount.id)
        assert kept == replace(discount, modified_at=NOW)
        assert discount.code is not None
        assert await discounts.add(db, replace(discount, id=uuid4(), code=discount.code.lower()))
        assert not await discounts.add(db, replace(discount, id=uuid4()))

    told(database_url, story)


@pytest.mark.parametrize("email", ["ada@example.com", "Ada+again@Example.com"])
def test_a_second_redemption_by_the_same_mailbox_is_refused(database_url: str, email: str) -> None:
    async def story(shop: Shop) -> None:
        discount = await offer(shop, max_per_customer=1)
        first = await session(shop, discount, **ADA)
        assert await redeem(shop, discount, first)
        await check_customer_limits(shop.ports.db, first, fingerprint=None)  # its own redemption does not count
        second = await session(shop, discount, email=email)
        with pytest.raises(DiscountLimitReached):
            await check_customer_limits(shop.ports.db, second, fingerprint=None)
        await check_customer_limits(
            shop.ports.db, await session(shop, discount, email="bob@example.com"), fingerprint=None
        )
        await check_customer_limits(shop.ports.db, await session(shop, discount), fingerprint=None)

    told(database_url, story)


def test_the_same_customer_or_the_same_card_counts_whatever_the_address(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        db, discount, customer_id = shop.ports.db, await offer(shop, max_per_customer=1), uuid4()
        first = await session(shop, discount, **ADA)
        assert await redeem(shop, discount, first)
        bob = await session(shop, discount, email="bob@example.com", customer_id=customer_id)
        await check_customer_limits(db, bob, fingerprint="card-1")
        await discounts.note_card(db, first.organization_id, first.id, fingerprint="card-1", customer_id=customer_id)
        with pytest.raises(DiscountLimitReached):
            await check_customer_limits(db, bob, fingerprint=None)
        eve = await session(shop, discount, email="eve@example.com")
        with pytest.raises(DiscountLimitReached):
            await check_customer_limits(db, eve, fingerprint="card-1")
        await check_customer_limits(db, eve, fingerprint="card-2")

    told(database_url, story)


def test_a_limit_that_the_merchant_set_later_holds_for_open_sessions(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        discount = await offer(shop)
        assert await redeem(shop, discount, await session(shop, discount, **ADA))
        open_session = await session(shop, discount, **ADA)
        await check_customer_limits(shop.ports.db, open_session, fingerprint=None)
        async with shop.ports.db.transaction() as tx:
            assert await discounts.save(tx, replace(discount, max_per_customer=1))
        with pytest.raises(DiscountLimitReached):
            await check_customer_limits(shop.ports.db, open_session, fingerprint=None)

    told(database_url, story)


def test_two_payments_of_one_customer_at_the_same_time_redeem_once(database_url: str) -> None:
    """Reserved first, then judged, in one transaction: the second waits for the first and sees it."""

    async def story(shop: Shop) -> None:
        discount = await offer(shop, max_per_customer=1)
        sessions = [await session(shop, discount, **ADA) for _ in range(8)]

        async def confirm(checkout: Checkout) -> bool:
            try:
                async with shop.ports.db.transaction() as tx:
                    await discounts.reserve(tx, discount, uuid4(), checkout.id, email=checkout.buyer.email)
                    await check_customer_limits(tx, checkout, fingerprint=None)
            except DiscountLimitReached:
                return False
            return True

        assert sum(await asyncio.gather(*map(confirm, sessions))) == 1
        assert await count(shop, discount) == 1

    told(database_url, story)


def test_a_code_for_some_customers_is_refused_to_others_by_its_field(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        ada = await create_customer(ports, organization, {"email": "ada@example.com"})
        discount = await offer(shop, eligibility="specific", customer_ids=(ada.id,))
        await check_customer_limits(ports.db, await session(shop, discount, **ADA), fingerprint=None)
        await check_customer_limits(ports.db, await session(shop, discount, customer_id=ada.id), fingerprint=None)
        other = await session(shop, discount, email="bob@example.com")
        with pytest.raises(Invalid) as refused:
            await check_customer_limits(ports.db, other, fingerprint=None)
        problem = refused.value.problems[0]
        assert (problem.code, problem.where, problem.given) == (
            "discount_not_eligible",
            ("discount_id",),
            str(discount.id),
        )
        for eligibility, may in (("first_time", True), ("existing", False)):
            asked = await session(shop, await offer(shop, eligibility=eligibility), **ADA)
            if may:
                await check_customer_limits(ports.db, asked, fingerprint=None)
            else:
                with pytest.raises(Invalid):
                    await check_customer_limits(ports.db, asked, fingerprint=None)

    told(database_url, story)


def test_who_paid_before_is_an_existing_customer_until_all_was_refunded(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        db = shop.ports.db
        newcomers = await offer(shop, eligibility="first_time")
        regulars = await offer(shop, eligibility="existing")
        once = await offer(shop, max_per_customer=1)
        bought = await session(shop, **ADA)
        assert await redeem(shop, once, replace(bought, buyer=replace(bought.buyer, email="ada+first@example.com")))
        buyer = CheckoutChanges(
            given=frozenset({"email", "address"}), email="Ada+First@Example.com", address=Address(country="DE")
        )
        await confirm_checkout(
            shop.ports,
            shop.demo.organization,
            replace(bought, buyer=Buyer()),
            buyer,
            confirmation_token="ctoken_visa",
            return_url="http://pay.test/",
        )

        async def refusals() -> list[str]:
            found = []
            for discount in (newcomers, regulars, once):
                try:
                    await check_customer_limits(db, await session(shop, discount, **ADA), fingerprint=None)
                except (Invalid, DiscountLimitReached):
                    found.append(discount.name)
            return found

        assert await refusals() == [newcomers.name, once.name]
        await db.execute(
            "UPDATE orders SET status = 'partially_refunded' WHERE organization_id = $1", shop.demo.organization.id
        )
        assert await refusals() == [newcomers.name, once.name]
        await db.execute("UPDATE orders SET status = 'refunded' WHERE organization_id = $1", shop.demo.organization.id)
        assert await refusals() == [regulars.name]

    told(database_url, story)
