"""A page that looked at the session before it charges has it priced once: what it looked at is what is confirmed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from checkstand.domain.consent import total_of
from checkstand.domain.tax import TaxDecision, TaxQuestion
from checkstand.flows.checkout.confirm_checkout import confirm_prepared, prepare_confirmation
from checkstand.flows.organizations.tax_registrations import change_registrations
from checkstand.providers.taxes import OfflineTaxes
from tests.conftest import open_shop
from tests.flows.test_purchase import BUYER, make


@dataclass(slots=True)
class CountedTaxes:
    """The tables that ship with the server, and how often they were asked."""

    tables: OfflineTaxes = field(default_factory=OfflineTaxes)
    asked: int = 0

    async def decide(self, question: TaxQuestion) -> TaxDecision | None:
        self.asked += 1
        return await self.tables.decide(question)


def test_a_session_that_was_looked_at_is_not_priced_again_when_it_is_charged(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            await change_registrations(shop.ports, shop.demo.organization.id, register=("*",))
            organization = await shop.ports.cache.organization(shop.demo.organization.id)
            assert organization is not None
            taxes = CountedTaxes()
            ports = replace(shop.ports, taxes=taxes)
            prepared = await prepare_confirmation(ports, organization, await make(shop), BUYER)
            assert taxes.asked == 1
            total = total_of(prepared.changed.quote)
            paid = await confirm_prepared(
                ports,
                organization,
                prepared,
                confirmation_token="ctoken_visa",
                return_url="http://pay.test/",
                agreed=total.mark,
                by_page=True,
            )
            assert taxes.asked == 1
            assert (paid.attempt.amount_minor, paid.settled.quote.tax_minor) == (total.due_minor, 160)

    asyncio.run(story())
