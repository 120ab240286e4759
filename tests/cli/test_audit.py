"""`checkstand audit`: a table where all agrees, sentences and a failure where something does not."""

from __future__ import annotations

import asyncio
import json

from tests.cli.running import Place
from tests.cli.test_organization import settings
from tests.conftest import open_shop
from tests.flows.test_audit import trade


def test_the_command_prints_a_table_and_fails_with_sentences(at: Place, database_url: str) -> None:
    async def open_one() -> str:
        async with open_shop(database_url) as shop:
            await trade(shop)
            return shop.demo.organization.slug

    slug = asyncio.run(open_one())
    done = at.run("audit", "--org", slug, **settings(database_url))
    assert (done.code, "✗" in done.out) == (0, False), done.err
    assert "debits = credits" in done.out

    async def tamper() -> None:
        async with open_shop(database_url) as shop:
            await shop.ports.db.execute(
                "UPDATE discounts SET redemptions_count = 7 "
                "WHERE organization_id = (SELECT id FROM organizations WHERE slug = $1)",
                slug,
            )

    asyncio.run(tamper())
    told = at.run("audit", "--org", slug, **settings(database_url))
    assert told.code == 1
    assert "Discount WELCOME20 counts 7 redemptions, but there are 1." in told.out
    assert "1 difference found" in told.err
    plain = at.run("audit", "--org", slug, "--json", **settings(database_url))
    found = json.loads(plain.out)
    assert (plain.code, found["ok"], list(found["organizations"])) == (1, False, [slug])
    assert sum(len(check["problems"]) for check in found["organizations"][slug]) == 1
