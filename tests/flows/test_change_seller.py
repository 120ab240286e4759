"""Who sells: one country for tax and papers, and what older databases kept of it."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from checkstand.domain.address import Address, LocalAddress
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.organizations.change_seller import (
    LONGEST_SELLER_TEXT,
    SellerField,
    SellerProblem,
    SellerRefused,
    changed_seller,
)
from checkstand.store import organizations
from checkstand.store.migrate import shipped
from tests.conftest import open_shop
from tests.tables import table

UNSAID = OrganizationSettings(country=None)
GERMAN = OrganizationSettings(
    country="DE", legal_address=LocalAddress(line1="Markt 4", city="Jena"), tax_id="DE136695976"
)


def test_only_what_is_given_changes_and_an_empty_value_takes_away() -> None:
    after = changed_seller(GERMAN, {"line1": "", "postal_code": " 07743 "})
    assert after.address == Address(country="DE", city="Jena", postal_code="07743")
    assert changed_seller(after, {"city": None, "postal_code": ""}).legal_address is None
    assert (after.tax_id, changed_seller(after, {"tax_id": ""}).tax_id) == ("DE136695976", None)


def test_a_state_goes_with_its_country() -> None:
    albany = changed_seller(UNSAID, {"country": "us", "city": "Albany", "state": "ny"})
    assert albany.address == Address(country="US", city="Albany", state="US-NY")
    assert changed_seller(albany, {"country": "DE"}).address == Address(country="DE", city="Albany")
    assert changed_seller(albany, {"country": "", "city": "", "state": ""}).address is None


@table(
    ("given", "problem", "field"),
    [
        ({"country": "Germany"}, SellerProblem.COUNTRY_UNKNOWN, "country"),
        ({"country": "XX"}, SellerProblem.COUNTRY_UNKNOWN, "country"),
        ({"city": "Jena"}, SellerProblem.COUNTRY_NEEDED, "country"),
        ({"country": "US", "state": "QC"}, SellerProblem.STATE_UNKNOWN, "state"),
        ({"country": "DE", "line1": "x" * (LONGEST_SELLER_TEXT + 1)}, SellerProblem.TOO_LONG, "line1"),
    ],
)
def test_what_cannot_be_printed_or_decided_by_is_refused(
    given: dict[SellerField, str | None], problem: SellerProblem, field: SellerField
) -> None:
    with pytest.raises(SellerRefused) as refused:
        changed_seller(UNSAID, given)
    assert (refused.value.problem, refused.value.field) == (problem, field)


def test_the_country_that_was_typed_for_invoices_is_taxs_country_after_the_update(database_url: str) -> None:
    kept = {"line1": "Markt 4", "line2": None, "city": "Jena", "state": None, "postal_code": None}
    before_and_after = (
        ({"country": None, "legal_address": {"country": "DE", **kept}}, "DE"),
        ({"country": "US", "legal_address": {"country": "DE", **kept}}, "DE"),
        ({"country": "FR", "legal_address": None}, "FR"),
        ({"country": None, "legal_address": None}, None),
        ({"legal_name": "From before there were addresses"}, "US"),
    )
    sql = next(one.sql for one in shipped() if one.name.endswith("seller_country"))

    async def story() -> None:
        async with open_shop(database_url) as shop:
            for settings, country in before_and_after:
                organization_id = uuid4()
                await shop.ports.db.execute(
                    "INSERT INTO organizations (id, slug, name, mode, settings, created_at) "
                    "VALUES ($1, $2, 'Old', 'test', $3::json, now())",
                    organization_id,
                    f"old-{organization_id.hex[:12]}",
                    json.dumps({"default_currency": "EUR", **settings}),
                )
                for _ in range(2):  # running it again changes nothing
                    await shop.ports.db.execute(sql)
                    found = await organizations.by_id(shop.ports.db, organization_id)
                    assert found is not None
                    assert (found.settings.country, found.settings.default_currency) == (country, "EUR")
                    had = settings.get("legal_address")
                    assert found.settings.legal_address == (LocalAddress(line1="Markt 4", city="Jena") if had else None)

    asyncio.run(story())
