"""Documents with the real database: numbers without gaps whatever happens at the same time, and papers that never change."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest

from checkstand.domain.document import Document
from checkstand.domain.errors import NotFound
from checkstand.domain.organization import OrganizationSettings
from checkstand.domain.refund import RefundFailed, RefundSucceeded
from checkstand.flows.orders.issue_documents import (
    change_order,
    issue_invoice,
    read_credit_note,
    read_invoice,
    read_receipt,
)
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.providers.rates import Rate
from checkstand.store import organizations
from checkstand.store.sales import documents
from tests.conftest import Shop, open_shop
from tests.flows.refunding import ProcessDied, buy, give_back, later, order_of
from tests.flows.test_purchase import make, pay


class NoRates:
    """A provider of rates that is out of order."""

    async def rate(self, base: str, currency: str) -> Rate | None:
        raise OSError


async def decided(shop: Shop, **settings: object) -> Shop:
    """The shop after its organization decided something."""
    organization = await shop.ports.cache.organization(shop.demo.organization.id)
    changed: OrganizationSettings = replace(organization.settings, **settings)  # type: ignore[arg-type]
    await organizations.save_settings(shop.ports.db, organization.id, changed, now=shop.ports.real_now())
    shop.ports.cache.forget(organization.id)
    return replace(shop, demo=replace(shop.demo, organization=await shop.ports.cache.organization(organization.id)))


async def numbers(shop: Shop, table: str, column: str) -> list[int]:
    rows = await shop.ports.db.fetch(
        f"SELECT {column} AS number FROM {table} WHERE organization_id = $1 AND {column} IS NOT NULL ORDER BY 1",
        shop.demo.organization.id,
    )
    return [row["number"] for row in rows]


async def invoice_of(shop: Shop, order_id: object) -> Document:
    return await read_invoice(shop.ports, shop.demo.organization, order_id)  # type: ignore[arg-type]


def test_50_concurrent_settlements_and_refunds_are_numbered_without_gaps(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            labels = ["one_time", "free", "one_time", "trial", "one_time"] * 10
            sessions = [await make(shop, label) for label in labels]
            settled = await asyncio.gather(*(pay(shop, session) for session in sessions))
            assert await numbers(shop, "orders", "number") == list(range(1, 51))
            assert await numbers(shop, "orders", "receipt_number") == list(range(1, 31))
            paid = [await order_of(shop, one.settled) for one in settled]
            await asyncio.gather(
                *(give_back(shop, order, amount) for order in paid if order.total_minor for amount in (100, 200))
            )
            assert await numbers(shop, "refunds", "credit_note_number") == list(range(1, 61))

    asyncio.run(story())


def test_what_is_rolled_back_gives_its_numbers_back(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            organization_id = shop.demo.organization.id

            async def dies() -> None:
                async with shop.ports.db.transaction() as tx:
                    await documents.next_sale_numbers(tx, organization_id, with_receipt=True)
                    raise ProcessDied

            async def lives() -> None:
                await pay(shop, await make(shop))

            outcomes = await asyncio.gather(
                *(dies() if one % 3 == 0 else lives() for one in range(15)), return_exceptions=True
            )
            assert sum(isinstance(one, ProcessDied) for one in outcomes) == 5
            assert await numbers(shop, "orders", "number") == list(range(1, 11))
            assert await numbers(shop, "orders", "receipt_number") == list(range(1, 11))
            with suppress(ProcessDied):
                await dies()
            _, order = await buy(shop)
            assert (order.number, order.receipt_number) == (11, 11)

    asyncio.run(story())


def test_an_invoice_keeps_what_was_true_when_it_was_issued(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            shop = await decided(shop, legal_name="Demo Shop GmbH", tax_id="DE136695976", tax_registrations=("DE",))
            _, order = await buy(shop)
            before = await invoice_of(shop, order.id)
            renamed = await decided(shop, legal_name="Other GmbH", tax_id=None)
            assert await invoice_of(renamed, order.id) == before
            assert (before.seller.name, before.seller.tax_id) == ("Demo Shop GmbH", "DE136695976")
            assert (before.net_minor, before.tax_minor, before.total_minor) == (840, 160, 1000)
            assert [(row.rate_ppm, row.net_minor, row.tax_minor) for row in before.taxes] == [(190_000, 840, 160)]

    asyncio.run(story())


def test_the_tax_in_the_sellers_own_currency_is_frozen_with_the_rate_of_the_sale(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            shop = await decided(shop, country="PL", tax_registrations=("EU",))
            _, order = await buy(shop)
            told = await invoice_of(shop, order.id)
            rate = await shop.ports.rates.rate("USD", "PLN")
            assert rate is not None
            assert told.tax_exchange is not None
            assert (told.tax_exchange.rate, told.tax_exchange.dated, told.tax_exchange.fee_ppm) == (
                rate.rate,
                rate.dated,
                0,
            )
            own = Fraction(rate.rate) * 160
            assert told.own_tax_minor == int(own + Fraction(1, 2)), "19 % in $10.00, in grosze"
            refund = await give_back(shop, order, 500)
            moved = await decided(replace(shop, ports=replace(shop.ports, rates=NoRates())), country="DE")
            note = await read_credit_note(moved.ports, moved.demo.organization, refund.id)
            assert (note.tax_exchange, note.tax_minor) == (told.tax_exchange, 80)
            await change_order(moved.ports, moved.demo.organization, order.id, {"billing_name": "Ada Ltd"})
            assert await issue_invoice(moved.ports, moved.demo.organization, order.id)
            again = await invoice_of(moved, order.id)
            assert (again.revision, again.tax_exchange) == (2, told.tax_exchange)

    asyncio.run(story())


def test_a_payment_is_settled_although_nobody_knows_a_rate(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            shop = await decided(shop, country="PL", tax_registrations=("EU",))
            _, order = await buy(replace(shop, ports=replace(shop.ports, rates=NoRates())))
            assert (order.tax_minor, (await invoice_of(shop, order.id)).tax_exchange) == (160, None)

    asyncio.run(story())


def test_partial_refunds_credit_the_invoice_to_the_cent(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            shop = await decided(shop, tax_registrations=("DE",))
            _, order = await buy(shop)
            invoice = await invoice_of(shop, order.id)
            refunds = [await give_back(shop, order, amount) for amount in (333, 1, 57, None)]
            notes = [await read_credit_note(shop.ports, shop.demo.organization, one.id) for one in refunds]
            assert [note.total_minor for note in notes] == [333, 1, 57, 609]
            for note in notes:
                assert note.net_minor + note.tax_minor == note.total_minor
                assert sum(line.net_minor for line in note.lines) == note.net_minor
                assert sum(row.tax_minor for row in note.taxes) == note.tax_minor
                assert (note.invoice_number, note.currency) == (invoice.number, invoice.currency)
            assert sum(note.tax_minor for note in notes) == invoice.tax_minor
            assert sum(note.net_minor for note in notes) == invoice.net_minor
            slug = shop.demo.organization.slug.upper()
            assert [note.number for note in notes] == [f"{slug}-CN-000{number}" for number in (1, 2, 3, 4)]

    asyncio.run(story())


def test_a_refund_that_came_back_keeps_its_number_and_says_that_it_is_cancelled(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, order = await buy(shop)
            refund = await give_back(shop, order, 300)
            gone = await settle_refund(
                shop.ports, refund, RefundFailed(code="account_closed", reference=refund.gateway_reference)
            )
            assert gone.status == "failed"
            note = await read_credit_note(shop.ports, shop.demo.organization, refund.id)
            assert note.cancelled_at == gone.modified_at
            assert note.number.endswith("-CN-0001")
            again = await give_back(shop, order, 300)
            assert again.credit_note_number == 2
            second = await settle_refund(shop.ports, again, RefundSucceeded(reference="another"))
            assert (second.credit_note_number, await numbers(shop, "refunds", "credit_note_number")) == (2, [1, 2])

    asyncio.run(story())


def test_an_edit_issues_the_invoice_anew_under_its_number_and_nothing_else_does(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            organization = shop.demo.organization
            _, order = await buy(shop)
            first = await invoice_of(shop, order.id)
            assert order.has_invoice, "name and address are known"
            assert await issue_invoice(shop.ports, organization, order.id) is False
            await change_order(shop.ports, organization, order.id, {"billing_name": "Ada Byron Ltd"})
            assert await invoice_of(shop, order.id) == first, "an edit alone makes nothing"
            issued = await asyncio.gather(*(issue_invoice(shop.ports, organization, order.id) for _ in range(5)))
            assert sorted(issued) == [False] * 4 + [True]
            second = await invoice_of(shop, order.id)
            assert (second.number, second.revision, second.buyer.name) == (first.number, 2, "Ada Byron Ltd")

    asyncio.run(story())


def test_a_receipt_belongs_to_a_payment_and_what_was_free_has_none(database_url: str) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            organization = shop.demo.organization
            _, paid = await buy(shop)
            free = await order_of(shop, (await pay(shop, await make(shop, "free"))).settled)
            receipt = await read_receipt(shop.ports, organization, paid.id)
            assert (receipt.kind, receipt.number, receipt.total_minor) == ("receipt", "R-000001", 1000)
            assert receipt.invoice_number == (await invoice_of(shop, paid.id)).number
            with pytest.raises(NotFound):
                await read_receipt(shop.ports, organization, free.id)
            assert (await invoice_of(shop, free.id)).total_minor == 0

    asyncio.run(story())


def test_an_order_from_before_documents_gets_its_invoice_when_somebody_asks_and_then_keeps_it(
    database_url: str,
) -> None:
    async def story() -> None:
        async with open_shop(database_url) as shop:
            _, order = await buy(shop)
            refund = await give_back(shop, order, 100)
            db, organization = shop.ports.db, shop.demo.organization
            await db.execute("DELETE FROM documents WHERE organization_id = $1", organization.id)
            made = await asyncio.gather(*(invoice_of(shop, order.id) for _ in range(5)))
            assert [one == made[0] for one in made] == [True] * 5
            note = await read_credit_note(shop.ports, organization, refund.id)
            assert (note.total_minor, note.invoice_number) == (100, made[0].number)
            await decided(shop, legal_name="Renamed")
            assert await invoice_of(later(shop, shop.ports.real_now() - order.created_at), order.id) == made[0]

    asyncio.run(story())
