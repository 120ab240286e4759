"""Customers from before each had an owner are given theirs, as a new customer is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from checkstand.flows.customers.save_customer import create_customer
from checkstand.store.migrate import shipped
from checkstand.store.people import members
from tests.conftest import open_shop


def test_customers_without_an_owner_get_the_one_that_a_new_customer_gets(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            db, organization = shop.ports.db, shop.demo.organization
            given = {"email": "ada@example.com", "name": "Ada", "external_id": "crm-1"}
            customer = await create_customer(shop.ports, organization, given)
            before = await members.owner(db, organization.id, customer.id)
            assert before is not None
            assert (before.email, before.name, before.external_id) == ("ada@example.com", "Ada", "crm-1")
            await db.execute("DELETE FROM members WHERE organization_id = $1", organization.id)
            text = next(one.sql for one in shipped() if one.name.endswith("owners"))
            for _ in range(2):
                await db.execute(text)
                [owner] = await members.of_customer(db, organization.id, customer.id)
                assert replace(owner, id=before.id) == before

    asyncio.run(story())
