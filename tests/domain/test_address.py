"""Addresses: states of the US and Canada, which fields a form asks, and what is still missing from an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.address import (
    CA_SUBDIVISIONS,
    COUNTRIES,
    EMBARGOED,
    US_STATES,
    Address,
    AddressFields,
    InvalidState,
    customary,
    fields_for,
    missing_fields,
    normalize_state,
)
from tests.shared_folder import contract
from tests.tables import table

ANYWHERE = st.sampled_from([None, *sorted(COUNTRIES)])
TEXTS = st.none() | st.sampled_from(["", "  ", "x"])


def test_there_are_249_countries_and_5_of_them_are_embargoed() -> None:
    assert len(COUNTRIES) == 249
    assert {"CU", "IR", "KP", "SY", "RU"} == EMBARGOED < COUNTRIES
    assert {"US", "CA", "PR", "GU", "GB", "AX", "SS"} < COUNTRIES
    assert not {"UK", "EU", "XK", "AN", "us"} & COUNTRIES


def test_the_countries_are_those_of_the_apis_where_their_contracts_are_at_hand() -> None:
    found = contract("dodo.json")
    if found:  # a fresh clone has none; the count above holds everywhere
        assert set(found["components"]["schemas"]["CountryCodeAlpha2"]["enum"]) == COUNTRIES


def test_the_states_are_the_50_and_dc_and_the_subdivisions_13() -> None:
    assert len(US_STATES) == 51
    assert len(CA_SUBDIVISIONS) == 13
    assert US_STATES["DC"] == "District of Columbia"
    assert not {"PR", "GU", "VI", "AS", "MP", "UM"} & set(US_STATES)


# ---------------------------------------------------------------- states


@table(
    ("country", "state", "stored"),
    [
        ("US", "NY", "US-NY"),
        ("US", "US-NY", "US-NY"),
        ("US", "DC", "US-DC"),
        ("CA", "QC", "CA-QC"),
        ("CA", "CA-YT", "CA-YT"),
        ("FR", "Bretagne", "Bretagne"),
        ("GB", "ny", "ny"),
        ("US", None, None),
        ("US", " ", None),
        ("DE", "", None),
    ],
)
def test_a_state_gets_the_prefix_of_its_country(country: str, state: str | None, stored: str | None) -> None:
    assert normalize_state(country, state) == stored


@table(
    ("country", "state", "text"),
    [
        ("US", "ny", "Invalid US state"),
        ("US", "us-NY", "Invalid US state"),
        ("US", "QC", "Invalid US state"),
        ("US", "PR", "Invalid US state"),
        ("US", "US-US-NY", "Invalid US state"),
        ("US", " NY", "Invalid US state"),
        ("US", "New York", "Invalid US state"),
        ("CA", "NY", "Invalid CA subdivision"),
        ("CA", "US-NY", "Invalid CA subdivision"),
        ("CA", "qc", "Invalid CA subdivision"),
    ],
)
def test_a_state_that_the_country_does_not_have_is_refused(country: str, state: str, text: str) -> None:
    with pytest.raises(InvalidState) as caught:
        normalize_state(country, state)
    assert str(caught.value) == text


@pytest.mark.parametrize("country", ["US", "CA"])
def test_every_state_is_stable_once_it_is_normal(country: str) -> None:
    for code in {"US": US_STATES, "CA": CA_SUBDIVISIONS}[country]:
        stored = normalize_state(country, code)
        assert stored == f"{country}-{code}"
        assert normalize_state(country, stored) == stored


# ---------------------------------------------------------------- fields


def test_the_us_is_asked_for_a_full_address_in_any_case() -> None:
    full_us = AddressFields(
        country="required",
        state="required",
        line1="required",
        line2="optional",
        city="required",
        postal_code="required",
    )
    assert fields_for("US", full=False) == fields_for("US", full=True) == full_us


def test_canada_is_asked_for_its_subdivision_only_unless_a_full_address_is_wanted() -> None:
    asked = {name: mode for name, mode in fields_for("CA", full=False).modes().items() if mode != "disabled"}
    assert asked == {"country": "required", "state": "required"}
    assert fields_for("CA", full=True) == fields_for("US", full=True)


@pytest.mark.parametrize("country", [None, "FR", "PR"])
def test_other_countries_are_asked_for_the_country_alone_or_for_all_with_the_state_optional(
    country: str | None,
) -> None:
    asked = {name: mode for name, mode in fields_for(country, full=False).modes().items() if mode != "disabled"}
    assert asked == {"country": "required"}
    assert fields_for(country, full=True).modes() == {
        "country": "required",
        "line1": "required",
        "line2": "optional",
        "city": "required",
        "state": "optional",
        "postal_code": "required",
    }


@given(ANYWHERE, st.booleans())
def test_the_boolean_form_follows_the_older_rule(country: str | None, full: bool) -> None:
    whole = full or country == "US"
    assert fields_for(country, full=full).required() == {
        "country": True,
        "state": country in {"US", "CA"},
        "line1": whole,
        "line2": False,
        "city": whole,
        "postal_code": whole,
    }


# ---------------------------------------------------------------- what is missing


def test_without_an_address_every_required_field_is_missing() -> None:
    assert missing_fields(None, fields_for(None, full=False)) == ("country",)
    assert missing_fields(None, fields_for("US", full=False)) == ("country", "line1", "city", "state", "postal_code")


def test_blank_text_is_missing() -> None:
    address = Address(country="FR", line1=" ", city="", postal_code="75001")
    assert missing_fields(address, fields_for("FR", full=True)) == ("line1", "city")


def test_a_complete_address_misses_nothing() -> None:
    address = Address(country="US", line1="1 Main St", city="Albany", state="US-NY", postal_code="12207")
    assert missing_fields(address, fields_for("US", full=True)) == ()


@given(
    st.sampled_from(sorted(COUNTRIES)),
    st.booleans(),
    st.fixed_dictionaries(dict.fromkeys(("line1", "line2", "city", "state", "postal_code"), TEXTS)),
)
def test_exactly_the_required_and_blank_fields_are_missing(
    country: str, full: bool, texts: dict[str, str | None]
) -> None:
    fields = fields_for(country, full=full)
    missing = missing_fields(Address(country=country, **texts), fields)
    for name, required in customary(country, fields).required().items():
        blank = name != "country" and texts[name] != "x"
        assert (name in missing) == (required and blank)


@table("country", ["AE", "HK", "QA", "IE", "PA"])
def test_a_country_without_postcodes_is_not_asked_for_one(country: str) -> None:
    fields = fields_for(country, full=True)
    assert fields.postal_code == "required"  # what the API shows
    assert "postal_code" not in missing_fields(Address(country=country, line1="1 Main St", city="X"), fields)


def test_what_a_country_s_addresses_lack_is_optional_or_gone_and_nothing_else_changes() -> None:
    whole = fields_for("DE", full=True)
    assert customary("DE", whole) == customary(None, whole) == whole
    assert customary("HK", whole).postal_code == "disabled"
    assert customary("IE", whole).postal_code == "optional"
    assert customary("SG", whole).city == "disabled"
    assert customary("IE", fields_for("IE", full=False)) == fields_for("IE", full=False)
