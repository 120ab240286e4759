"""The currency of each country: all 249 are answered, and CLDR agrees wherever the two can be compared."""

from __future__ import annotations

from datetime import date

from babel.numbers import get_territory_currencies

from checkstand.domain.address import COUNTRIES
from checkstand.domain.country_currency import WITHOUT_CURRENCY, currency_of_country
from checkstand.domain.currency import CURRENCIES
from tests.tables import table

# CLDR 46 is older than Bulgaria's change.
CHANGED_SINCE = {"BG": "EUR"}


@table("country", sorted(COUNTRIES))
def test_every_country_leads_to_a_currency_of_the_table_or_is_named_as_one_without(country: str) -> None:
    found = currency_of_country(country)
    assert (found is None) == (country in WITHOUT_CURRENCY)
    assert found is None or found in CURRENCIES


@table("country", sorted(COUNTRIES - WITHOUT_CURRENCY - set(CHANGED_SINCE)))
def test_a_countrys_currency_is_legal_tender_there(country: str) -> None:
    assert currency_of_country(country) in get_territory_currencies(country, date(2026, 11, 1))


@table("country", sorted(WITHOUT_CURRENCY))
def test_a_country_without_a_currency_has_one_of_its_own_that_the_table_lacks_or_none(country: str) -> None:
    tender = get_territory_currencies(country, date(2026, 11, 1))
    assert not tender or set(tender) - set(CURRENCIES)


@table(
    ("country", "expected"),
    [
        ("HR", "EUR"), ("BG", "EUR"), ("CW", "XCG"), ("SX", "XCG"), ("SL", "SLE"), ("SV", "USD"), ("NA", "NAD"), ("LS", "LSL"),
        ("PA", "PAB"), ("HT", "HTG"), ("PS", "ILS"), ("GB", "GBP"), ("LI", "CHF"), ("AQ", None), ("ZW", None), ("BT", None),
    ],
)  # fmt: skip
def test_where_there_is_a_choice_the_rule_decides(country: str, expected: str | None) -> None:
    assert currency_of_country(country) == expected


def test_currencies_that_have_ended_are_no_countrys() -> None:
    used = {currency_of_country(country) for country in COUNTRIES}
    assert set(CURRENCIES) - used == {"ANG", "BGN", "HRK", "SLL", "SVC"}


@table("text", ["", "XX", "UK", "EU", "USA", "\0"])
def test_what_is_no_country_has_no_currency(text: str) -> None:
    assert currency_of_country(text) is None


def test_the_case_of_the_code_does_not_matter() -> None:
    assert currency_of_country("de") == "EUR"
