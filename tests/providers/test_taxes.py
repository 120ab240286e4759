"""The shipped tax table: who collects what, where; and that the table itself is whole."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from checkstand.domain.address import CA_SUBDIVISIONS, COUNTRIES, US_STATES
from checkstand.domain.tax import EU, TaxDecision, TaxQuestion, TaxReason, supplied_in
from checkstand.providers import taxes
from checkstand.providers.taxes import OfflineTaxes, TaxProvider, registration_codes, rows
from tests.tables import table

CATEGORIES = ("digital_products", "saas", "e_book", "edtech", "live_tutoring")
STATES = tuple(f"US-{code}" for code in US_STATES) + tuple(f"CA-{code}" for code in CA_SUBDIVISIONS)
PROVIDER: TaxProvider = OfflineTaxes()
ASKED = TaxQuestion(
    seller_country="US",
    registrations=frozenset({"*"}),
    country="DE",
    state=None,
    postal_code=None,
    tax_id=None,
    category="digital_products",
)


def decide(
    country: str,
    *registrations: str,
    state: str | None = None,
    category: str = "digital_products",
    tax_id: str | None = None,
    seller: str | None = "US",
) -> TaxDecision | None:
    question = replace(
        ASKED,
        country=country,
        registrations=frozenset(registrations),
        state=state,
        category=category,
        tax_id=tax_id,
        seller_country=seller,
    )
    return asyncio.run(PROVIDER.decide(question))


def told(decision: TaxDecision | None) -> tuple[str, list[tuple[str, int]]] | None:
    if decision is None:
        return None
    return decision.reason, [(component.name, component.rate_ppm) for component in decision.components]


@settings(deadline=None, max_examples=300)
@given(
    country=some.sampled_from(sorted(COUNTRIES)),
    state=some.none() | some.sampled_from(STATES) | some.text(max_size=6),
    category=some.sampled_from(CATEGORIES) | some.text(max_size=6),
    registrations=some.frozensets(some.sampled_from(sorted(registration_codes()) + ["XX", ""]), max_size=4),
    seller=some.none() | some.sampled_from(["DE", "US", "CA"]),
    tax_id=some.none() | some.just("DE136695976"),
)
def test_every_question_has_an_answer_that_adds_up(
    country: str,
    state: str | None,
    category: str,
    registrations: frozenset[str],
    seller: str | None,
    tax_id: str | None,
) -> None:
    found = decide(country, *registrations, state=state, category=category, seller=seller, tax_id=tax_id)
    if found is None:
        assert country in ("US", "CA")
        return
    assert found.country == supplied_in(country, tax_id=tax_id, seller_country=seller)
    assert found.reason in get_args(TaxReason)
    assert (found.rate_ppm > 0) == (found.reason in ("standard_rated", "reduced_rated"))
    assert 0 <= found.rate_ppm <= 300_000
    assert registrations or found.reason == "not_collecting"


@table("country", sorted(EU))
def test_every_member_state_has_a_standard_rate_that_the_union_allows(country: str) -> None:
    found = decide(country, "EU")
    assert found is not None
    assert found.reason == "standard_rated"
    assert 150_000 <= found.rate_ppm <= 270_000
    assert len(found.components) == 1


@table("state", STATES)
def test_every_state_and_province_is_known(state: str) -> None:
    for category in CATEGORIES:
        found = decide(state[:2], "*", state=state, category=category)
        assert found is not None, category
        assert found.reason in ("standard_rated", "reduced_rated", "product_exempt", "not_subject_to_tax")
        assert found.state == state


@table(
    ("country", "registrations", "reason"),
    [
        ("FR", ("EU",), "standard_rated"),
        ("FR", ("DE", "EU"), "standard_rated"),
        ("FR", ("DE",), "not_collecting"),
        ("DE", ("DE",), "standard_rated"),
        ("MC", ("EU",), "standard_rated"),
        ("IM", ("GB",), "standard_rated"),
        ("GB", ("EU",), "not_collecting"),
        ("CH", ("EU", "GB"), "not_collecting"),
        ("GP", ("EU", "FR"), "not_collecting"),
        ("US", ("EU",), "not_collecting"),
        ("CA", ("US",), "not_collecting"),
        ("BR", ("*",), "not_supported"),
        ("PR", ("US",), "not_collecting"),
        ("HK", ("*",), "not_subject_to_tax"),
        ("JP", (), "not_collecting"),
    ],
)
def test_the_one_stop_shop_covers_the_union_and_a_domestic_registration_only_its_own_country(
    country: str, registrations: tuple[str, ...], reason: str
) -> None:
    found = decide(country, *registrations)
    assert found is not None
    assert found.reason == reason
    assert bool(found.components) == (reason == "standard_rated")


@table("registration", ["US-CA", "US", "*"])
@table("state", [None, "US-ZZ", "CA-QC", "Texas"])
def test_a_us_buyer_without_a_known_state_cannot_be_decided(registration: str, state: str | None) -> None:
    assert decide("US", registration, state=state) is None


@pytest.mark.parametrize("registration", ["CA-QC", "CA", "*"])
def test_a_canadian_buyer_without_a_province_cannot_be_decided(registration: str) -> None:
    assert decide("CA", registration) is None


def test_a_state_is_covered_by_itself_or_by_the_whole_country() -> None:
    sales_tax = ("standard_rated", [("Sales tax", 40_000)])
    assert told(decide("US", "US-NY", state="US-NY", category="saas")) == sales_tax
    assert told(decide("US", "US", state="US-NY", category="saas")) == sales_tax
    assert told(decide("US", "US-NY", state="US-CA")) == ("not_collecting", [])


@table(
    ("state", "category", "expected"),
    [
        ("US-CA", "saas", ("product_exempt", [])),
        ("US-NY", "e_book", ("product_exempt", [])),
        ("US-WA", "live_tutoring", ("standard_rated", [("Sales tax", 65_000)])),
        ("US-TX", "saas", ("reduced_rated", [("Sales tax", 50_000)])),
        ("US-TX", "digital_products", ("standard_rated", [("Sales tax", 62_500)])),
        ("US-OR", "saas", ("not_subject_to_tax", [])),
        ("US-VT", "saas", ("standard_rated", [("Sales tax", 60_000)])),
    ],
)
def test_states_differ_in_what_they_tax(state: str, category: str, expected: tuple[str, list[tuple[str, int]]]) -> None:
    assert told(decide("US", "US", state=state, category=category)) == expected


def test_quebec_has_two_taxes_and_each_needs_its_registration() -> None:
    gst, qst = ("GST", 50_000), ("QST", 99_750)
    assert told(decide("CA", "*", state="CA-QC")) == ("standard_rated", [gst, qst])
    assert told(decide("CA", "CA", "CA-QC", state="CA-QC")) == ("standard_rated", [gst, qst])
    assert told(decide("CA", "CA", state="CA-QC")) == ("standard_rated", [gst])
    assert told(decide("CA", "CA-QC", state="CA-QC")) == ("standard_rated", [qst])
    assert told(decide("CA", "CA-QC", state="CA-ON")) == ("not_collecting", [])
    assert told(decide("CA", "CA", state="CA-ON")) == ("standard_rated", [("HST", 130_000)])
    assert told(decide("CA", "CA", "CA-BC", state="CA-BC", category="e_book")) == ("standard_rated", [gst])


@table(
    ("country", "seller", "state", "expected"),
    [
        ("DE", "US", None, "reverse_charge"),
        ("DE", "FR", None, "reverse_charge"),
        ("DE", "DE", None, "standard_rated"),
        ("DE", None, None, "standard_rated"),
        ("MC", "FR", None, "standard_rated"),
        ("MC", "DE", None, "reverse_charge"),
        ("MX", "US", None, "standard_rated"),
        ("US", "DE", "US-NY", "standard_rated"),
        ("CA", "DE", "CA-ON", "reverse_charge"),
    ],
)
def test_a_business_abroad_accounts_for_the_tax_itself_where_the_country_says_so(
    country: str, seller: str | None, state: str | None, expected: str
) -> None:
    found = decide(country, "*", seller=seller, state=state, tax_id="a valid one", category="saas")
    assert found is not None
    assert found.reason == expected
    assert bool(found.components) == (expected == "standard_rated")


@table(
    ("seller", "registrations", "country", "tax_id", "expected"),
    [
        ("DE", ("DE",), "FR", "FR61954506077", "reverse_charge"),
        ("DE", ("EU",), "FR", "FR61954506077", "reverse_charge"),
        ("DE", ("DE",), "MC", "FR53000004605", "reverse_charge"),
        ("DE", ("DE",), "FR", None, "not_collecting"),
        ("DE", ("US-NY",), "FR", "FR61954506077", "not_collecting"),
        ("DE", ("DE",), "GB", "GB980780684", "not_collecting"),
        ("DE", ("DE",), "DE", "DE136695976", "standard_rated"),
        ("DE", ("EU",), "DE", "FR61954506077", "standard_rated"),
        ("MC", ("EU",), "FR", "FR61954506077", "standard_rated"),
        (None, ("DE",), "FR", "FR61954506077", "not_collecting"),
    ],
)
def test_a_business_in_another_member_state_accounts_for_the_tax_wherever_the_seller_is_registered(
    seller: str | None, registrations: tuple[str, ...], country: str, tax_id: str | None, expected: str
) -> None:
    found = decide(country, *registrations, seller=seller, tax_id=tax_id)
    assert found is not None
    assert found.reason == expected
    assert bool(found.components) == (expected == "standard_rated")


@table(
    ("seller", "registrations", "country", "tax_id", "expected"),
    [
        ("DE", "EU", "FR", "DE136695976", ("standard_rated", [("USt.", 190_000)])),
        ("DE", "DE", "FR", "DE136695976", ("standard_rated", [("USt.", 190_000)])),
        ("DE", "DE", "MC", "DE136695976", ("standard_rated", [("USt.", 190_000)])),
        ("DE", "FR", "FR", "DE136695976", ("not_collecting", [])),
        ("GR", "EU", "FR", "EL094259216", ("standard_rated", [("ΦΠΑ", 240_000)])),
        ("MC", "EU", "DE", "FR61954506077", ("standard_rated", [("TVA", 200_000)])),
        ("AT", "EU", "FR", "DE136695976", ("reverse_charge", [])),
        ("US", "EU", "FR", "DE136695976", ("reverse_charge", [])),
    ],
)
def test_a_business_that_buys_under_a_number_of_the_sellers_country_pays_that_countrys_tax_whatever_its_address(
    seller: str, registrations: str, country: str, tax_id: str, expected: tuple[str, list[tuple[str, int]]]
) -> None:
    assert told(decide(country, registrations, seller=seller, tax_id=tax_id)) == expected


def test_a_provincial_tax_is_collected_from_businesses_abroad_as_well() -> None:
    found = decide("CA", "*", seller="DE", state="CA-BC", tax_id="a valid one")
    assert told(found) == ("standard_rated", [("PST", 70_000)])


def test_a_tax_id_changes_nothing_where_nothing_is_collected() -> None:
    assert told(decide("DE", "US", tax_id="a valid one")) == ("not_collecting", [])


@table(
    ("country", "expected"),
    [
        ("DE", ("reduced_rated", [("USt.", 70_000)])),
        ("GB", ("zero_rated", [("VAT", 0)])),
        ("FI", ("reduced_rated", [("ALV", 135_000)])),
        ("HU", ("standard_rated", [("ÁFA", 270_000)])),
        ("JP", ("standard_rated", [("JCT", 100_000)])),
    ],
)
def test_electronic_books_have_the_rate_of_books_where_the_country_says_so(
    country: str, expected: tuple[str, list[tuple[str, int]]]
) -> None:
    assert told(decide(country, "*", category="e_book")) == expected


@table(
    ("country", "postal_code", "registrations", "expected"),
    [
        ("ES", "28001", ("EU",), ("standard_rated", [("IVA", 210_000)])),
        ("ES", None, ("EU",), ("standard_rated", [("IVA", 210_000)])),
        ("ES", "35 001", ("EU",), ("not_collecting", [])),
        ("ES", "38001", ("ES",), ("not_collecting", [])),
        ("ES", "51001", ("EU",), ("not_collecting", [])),
        ("ES", "52006", ("EU",), ("not_collecting", [])),
        ("ES", "52006", ("*",), ("not_supported", [])),
        ("IT", "23041", ("EU",), ("not_collecting", [])),
        ("IT", "23030", ("EU",), ("standard_rated", [("IVA", 220_000)])),
        ("IT", "22061", ("IT",), ("not_collecting", [])),
        ("IT", "47891", ("EU",), ("not_collecting", [])),
        ("DE", "78266", ("EU",), ("not_collecting", [])),
        ("DE", "78266", ("EU", "CH"), ("standard_rated", [("MWST", 81_000)])),
        ("DE", "D-27498", ("DE",), ("not_collecting", [])),
        ("GR", "630 86", ("EU",), ("not_collecting", [])),
        ("GR", "63087", ("EU",), ("not_collecting", [])),
        ("FI", "22100", ("EU",), ("not_collecting", [])),
        ("FI", "AX-22100", ("FI",), ("not_collecting", [])),
        ("AX", "22100", ("FI",), ("not_collecting", [])),
        ("FR", "97110", ("EU", "FR"), ("not_collecting", [])),
        ("FR", "97110", ("GP",), ("standard_rated", [("TVA", 85_000)])),
        ("FR", "97133", ("GP",), ("not_collecting", [])),
        ("FR", "97300", ("*",), ("not_subject_to_tax", [])),
        ("FR", "98000", ("EU",), ("standard_rated", [("TVA", 200_000)])),
        ("FR", "20000", ("EU",), ("standard_rated", [("TVA", 200_000)])),
        ("PT", "1000-001", ("EU",), ("standard_rated", [("IVA", 230_000)])),
        ("PT", "9000-064", ("EU",), ("standard_rated", [("IVA", 220_000)])),
        ("PT", "９５００－３２１", ("PT",), ("standard_rated", [("IVA", 160_000)])),
        ("GB", "JE2 3AB", ("GB",), ("not_collecting", [])),
        ("GB", "GY1 1AA", ("*",), ("not_subject_to_tax", [])),
        ("GB", "BT1 5GS", ("GB",), ("standard_rated", [("VAT", 200_000)])),
        ("GB", "IM1 2PX", ("GB",), ("standard_rated", [("VAT", 200_000)])),
        ("JE", "JE2 3AB", ("JE",), ("standard_rated", [("GST", 50_000)])),
        ("NO", "9170", ("NO",), ("not_collecting", [])),
        ("AU", "6798", ("AU",), ("not_collecting", [])),
    ],
)
def test_a_territory_with_taxes_of_its_own_is_told_by_its_postal_code(
    country: str, postal_code: str | None, registrations: tuple[str, ...], expected: tuple[str, list[tuple[str, int]]]
) -> None:
    question = replace(
        ASKED, country=country, postal_code=postal_code, registrations=frozenset(registrations), seller_country="DE"
    )
    assert told(asyncio.run(PROVIDER.decide(question))) == expected


def test_a_business_in_a_territory_outside_of_the_unions_vat_is_no_reverse_charge() -> None:
    for country, postal_code, number in (("ES", "35001", "ESB58378431"), ("FI", "22100", "FI20774740")):
        question = replace(
            ASKED,
            country=country,
            postal_code=postal_code,
            registrations=frozenset({"DE", "EU"}),
            seller_country="DE",
            tax_id=number,
        )
        assert told(asyncio.run(PROVIDER.decide(question))) == ("not_collecting", [])


def test_every_territory_is_a_part_of_a_country_and_no_code_is_listed_twice() -> None:
    listed = list(taxes._lines(taxes._data("tax_territories.csv")))
    assert {line["country"] for line in listed} <= COUNTRIES
    codes = [(line["country"], code) for line in listed for code in line["postcodes"].split()]
    assert len(codes) == len(set(codes))
    known = COUNTRIES | {row.place for row in rows()}
    assert all(line["place"] in known or line["place"].startswith(f"{line['country']}-") for line in listed)


def test_the_rates_that_changed_lately_are_the_new_ones() -> None:
    known = {"SK": 230_000, "EE": 240_000, "FI": 255_000, "RO": 210_000, "KZ": 160_000, "IL": 180_000, "CH": 81_000}
    for country, rate_ppm in known.items():
        found = decide(country, "*")
        assert found is not None
        assert found.rate_ppm == rate_ppm, country


def test_the_table_names_existing_places_once_per_tax_and_category() -> None:
    table = rows()
    places = COUNTRIES | set(STATES)
    assert {row.place for row in table} <= places | {"PT-20", "PT-30"}
    assert {row.needs for row in table} <= places
    assert {row.category for row in table if row.category} <= set(CATEGORIES)
    keys = [(row.place, row.name, row.category) for row in table]
    assert len(keys) == len(set(keys))
    bases = {(row.place, row.name) for row in table if row.category is None}
    assert {(row.place, row.name) for row in table} == bases
    reduced = [row for row in table if row.category and row.rate_ppm]
    standard = {(row.place, row.name): row.rate_ppm or 0 for row in table if row.category is None}
    assert [row for row in reduced if (row.rate_ppm or 0) >= standard[row.place, row.name]] == []


def test_a_decision_names_the_table_and_its_day() -> None:
    found = decide("DE", "DE")
    assert found is not None
    assert found.source == f"offline table of {taxes.dated()}"
    assert date.fromisoformat(taxes.dated()) >= date(2026, 11, 1)


def test_the_codes_to_register_with_are_places_with_a_tax() -> None:
    codes = registration_codes()
    assert {"*", "EU", "DE", "US", "US-CA", "CA", "CA-QC", "CA-BC", "CA-SK", "CA-MB"} <= codes
    assert not {"HK", "US-OR", "CA-ON", "MC", "BR"} & codes


def test_importing_the_provider_reads_no_table() -> None:
    script = "from checkstand.providers import taxes; print(taxes._text.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
