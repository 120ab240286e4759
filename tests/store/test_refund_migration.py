"""Orders from before refunds: each item gets its part without tax as its session said, whatever its price contained."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from checkstand.flows.organizations.tax_registrations import change_registrations
from checkstand.store.migrate import shipped
from tests.conftest import open_shop
from tests.flows.refunding import buy, order_of


def test_items_of_old_orders_are_filled_in_from_their_sessions(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            await change_registrations(shop.ports, shop.demo.organization.id, register=("DE",))
            organization = await shop.ports.cache.organization(shop.demo.organization.id)
            shop = replace(shop, demo=replace(shop.demo, organization=organization))
            bought = [await buy(shop, label) for label in ("one_time", "trial", "free")]
            before = [order for _, order in bought]
            assert (before[0].items[0].net_minor, before[0].tax_minor) == (840, 160), "the price contained its tax"
            forget = "UPDATE order_items SET net_minor = 0 WHERE organization_id = $1"
            await shop.ports.db.execute(forget, shop.demo.organization.id)
            text = next(one.sql for one in shipped() if one.name.endswith("refunds"))
            start = text.index("UPDATE order_items\nSET net_minor = said")
            await shop.ports.db.execute(text[start : text.index(";", start)])
            assert [await order_of(shop, checkout) for checkout, _ in bought] == before

    asyncio.run(story())
