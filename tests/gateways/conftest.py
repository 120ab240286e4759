"""A stand-in for Stripe for each module that wants one: its books and faults are its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.gateways.banks import Story, Tell, built_in_bank, stripe_bank
from tests.gateways.fake_stripe import FakeStripe, running_fake
from tests.gateways.stripe_server import StripeShop, stripe_shop


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeStripe]:
    """A stand-in of the module's own."""
    with running_fake() as running:
        yield running


@pytest.fixture(scope="module")
def selling(quiet_database_url: str, fake: FakeStripe) -> Iterator[StripeShop]:
    """A shop that sells through the stand-in, with its server on a database where no other worker looks for lost payments."""
    with stripe_shop(quiet_database_url, fake) as shop:
        fake.send_webhooks_to(f"{shop.server.url}/gateway/stripe/webhook")
        yield shop


@pytest.fixture(params=["test", "stripe"])
def tell(request: pytest.FixtureRequest, database_url: str, fake: FakeStripe) -> Tell:
    """Runs a story against one of the gateways."""

    def run(story: Story) -> None:
        async def main() -> None:
            opened = built_in_bank(database_url) if request.param == "test" else stripe_bank(fake)
            async with opened as bank:
                await story(bank)

        asyncio.run(main())

    return run
