"""Two people change two different fields of one thing at the same time: both keep theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from checkstand.domain.catalog import Fixed, PriceDefinition
from checkstand.domain.changes import Added, KeyChanges
from checkstand.domain.discount import AmountOff
from checkstand.domain.discount_worth import WorthParts
from checkstand.flows.catalogue.save_discount import change_discount, create_discount, read_discount
from checkstand.flows.catalogue.save_field import change_field, create_field, read_field
from checkstand.flows.catalogue.save_product import PriceList, ProductChanged, change_product, read_product
from checkstand.flows.customers.save_customer import change_customer, create_customer, read_customer
from checkstand.flows.customers.save_member import add_member, change_member
from checkstand.store.people.members import MEMBERS
from tests.conftest import Shop, open_shop

TIMES = 5


def told(database_url: str, story: Callable[[Shop], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_shop(database_url) as shop:
            await story(shop)

    asyncio.run(run())


def test_two_who_change_two_fields_of_a_customer_both_keep_theirs(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        ada = await create_customer(ports, organization, {"email": "ada@example.com", "name": "Ada"})
        for time in range(TIMES):
            await asyncio.gather(
                change_customer(ports, organization, ada.id, {"name": f"Ada {time}"}),
                change_customer(ports, organization, ada.id, {"phone": f"+49 {time}"}),
            )
            kept = await read_customer(ports, organization, ada.id)
            assert (kept.name, kept.phone, kept.email) == (f"Ada {time}", f"+49 {time}", "ada@example.com")

    told(database_url, story)


def test_two_who_change_two_fields_of_a_member_both_keep_theirs(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        team = await create_customer(ports, organization, {"email": "team@example.com", "kind": "team"})
        ada = await add_member(ports, organization, team.id, {"email": "ada@example.com"})
        for time in range(TIMES):
            await asyncio.gather(
                change_member(ports, organization, team.id, ada.id, {"name": f"Ada {time}"}),
                change_member(ports, organization, team.id, ada.id, {"email": f"ada{time}@example.com"}),
            )
            kept = await MEMBERS.living(ports.db, organization.id, ada.id)
            assert kept is not None
            assert (kept.name, kept.email, kept.role) == (f"Ada {time}", f"ada{time}@example.com", "member")

    told(database_url, story)


def test_two_who_change_two_fields_of_a_question_both_keep_theirs(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        size = await create_field(ports, organization, {"kind": "text", "slug": "size", "name": "Size"})
        for time in range(TIMES):
            await asyncio.gather(
                change_field(ports, organization, size.id, {"name": f"Size {time}"}),
                change_field(ports, organization, size.id, {"slug": f"size-{time}"}),
            )
            kept = await read_field(ports, organization, size.id)
            assert (kept.name, kept.slug, kept.kind) == (f"Size {time}", f"size-{time}", "text")

    told(database_url, story)


def test_two_who_change_two_fields_of_a_discount_both_keep_theirs_and_so_do_two_who_change_two_amounts(
    database_url: str,
) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        worth = WorthParts(kind="fixed", amounts={"USD": 1, "EUR": 1})
        made = await create_discount(ports, organization, {"name": "Spring", "worth": worth})
        for time in range(1, TIMES):
            await asyncio.gather(
                change_discount(ports, organization, made.id, {"name": f"Spring {time}"}),
                change_discount(ports, organization, made.id, {"worth": WorthParts(amount=time * 100)}),
                change_discount(ports, organization, made.id, {"worth": WorthParts(currency="EUR", amount=time * 90)}),
            )
            kept = await read_discount(ports, organization, made.id)
            assert kept.name == f"Spring {time}"
            assert kept.takes == AmountOff(amounts={"USD": time * 100, "EUR": time * 90})

    told(database_url, story)


def test_two_who_name_the_customers_of_a_discount_are_both_heard(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization, discount_id = shop.ports, shop.demo.organization, shop.demo.discount.id
        ada, bob, eve = (ports.new_id() for _ in range(3))
        await asyncio.gather(
            change_discount(ports, organization, discount_id, {"customer_ids": Added((ada, bob))}),
            change_discount(ports, organization, discount_id, {"customer_ids": Added((bob, eve))}),
        )
        kept = await read_discount(ports, organization, discount_id)
        assert sorted(kept.customer_ids) == sorted((ada, bob, eve))

    told(database_url, story)


def test_two_who_change_two_fields_of_a_product_both_keep_theirs_and_so_does_who_changes_its_price(
    database_url: str,
) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        product_id = shop.demo.products["monthly"].id
        for time in range(1, TIMES):
            dearer = PriceList(add=(PriceDefinition(currency="USD", terms=Fixed(amount_minor=time * 100)),))
            await asyncio.gather(
                change_product(ports, organization, product_id, {"name": f"Pro {time}"}),
                change_product(ports, organization, product_id, {"metadata": {"shelf": time}}),
                change_product(ports, organization, product_id, {}, dearer),
            )
            kept = await read_product(ports, organization, product_id)
            assert (kept.name, kept.metadata) == (f"Pro {time}", {"shelf": time})
            assert [price.terms for price in kept.active_prices] == [Fixed(amount_minor=time * 100)]

    told(database_url, story)


def test_keys_of_what_one_api_knows_of_a_product_are_changed_one_by_one(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        product_id = shop.demo.products["monthly"].id
        await change_product(ports, organization, product_id, {"extras": {"unnamed": True, "limit": 1}})
        await asyncio.gather(
            change_product(ports, organization, product_id, {"extras": KeyChanges({"limit": 2})}),
            change_product(ports, organization, product_id, {"extras": KeyChanges(drop=frozenset({"unnamed"}))}),
            change_product(ports, organization, product_id, {"extras": KeyChanges({"message": "Thanks"})}),
        )
        kept = await read_product(ports, organization, product_id)
        assert kept.extras == {"limit": 2, "message": "Thanks"}

    told(database_url, story)


def test_what_was_worked_out_from_another_product_than_is_stored_is_not_saved(database_url: str) -> None:
    async def story(shop: Shop) -> None:
        ports, organization = shop.ports, shop.demo.organization
        read = await read_product(ports, organization, shop.demo.products["monthly"].id)
        await change_product(ports, organization, read.id, {"name": "Pro"})
        with pytest.raises(ProductChanged):
            await change_product(ports, organization, read.id, {"name": "Basic"}, unless_changed_from=read)
        assert (await read_product(ports, organization, read.id)).name == "Pro"

    told(database_url, story)
