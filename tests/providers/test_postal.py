"""Addresses read as their countries write them, complete or not, and nothing that was typed is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from checkstand.domain.address import COUNTRIES, Address
from checkstand.providers.postal import address_lines


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            Address(
                country="US", line1="1 Main St", line2="Apt 2", city="San Francisco", state="US-CA", postal_code="94103"
            ),
            ["1 Main St", "Apt 2", "San Francisco, CA 94103", "United States"],
        ),
        (Address(country="US", city="San Francisco", postal_code="94103"), ["San Francisco 94103", "United States"]),
        (Address(country="US", state="US-CA", postal_code="94103"), ["CA 94103", "United States"]),
        (
            Address(country="CA", line1="1 Rue Peel", city="Montréal", state="CA-QC", postal_code="H3Z 2Y7"),
            ["1 Rue Peel", "Montréal QC H3Z 2Y7", "Canada"],
        ),
        (
            Address(country="GB", line1="10 Downing St", city="London", postal_code="SW1A 2AA"),
            ["10 Downing St", "London", "SW1A 2AA", "United Kingdom"],
        ),
        (
            Address(country="DE", line1="Markt 4", city="Jena", postal_code="07743"),
            ["Markt 4", "07743 Jena", "Germany"],
        ),
        (
            Address(country="HU", line1="Fő utca 1", city="Budapest", postal_code="1014"),
            ["Budapest", "Fő utca 1", "1014", "Hungary"],
        ),
        (
            Address(country="LU", line1="1 rue Aldringen", city="Luxembourg", postal_code="L-1118"),
            ["1 rue Aldringen", "L-1118 Luxembourg", "Luxembourg"],
        ),
        (
            Address(country="JP", line1="神宮前1-2-3", city="渋谷区", state="東京都", postal_code="150-0001"),
            ["〒150-0001", "東京都渋谷区", "神宮前1-2-3", "Japan"],
        ),
        (
            Address(country="JP", line1="1-2-3 Jingumae", city="Shibuya-ku", state="東京都", postal_code="150-0001"),
            ["1-2-3 Jingumae", "Shibuya-ku, Tokyo", "150-0001", "Japan"],
        ),
        (
            Address(country="BR", line1="Rua 1", line2="Centro", city="São Paulo", state="SP", postal_code="01310-100"),
            ["Rua 1", "Centro", "São Paulo-SP", "01310-100", "Brazil"],
        ),
        (
            Address(country="IN", line1="5 MG Road", city="Bengaluru", state="Karnataka", postal_code="560001"),
            ["5 MG Road", "Bengaluru 560001", "Karnataka", "India"],
        ),
        (
            Address(country="SG", line1="1 Raffles Place", city="Singapore", postal_code="048616"),
            ["1 Raffles Place", "SINGAPORE 048616", "Singapore"],
        ),
        (Address(country="AE", line1="Zayed Rd 1", city="Dubai"), ["Zayed Rd 1", "Dubai", "United Arab Emirates"]),
        (
            Address(country="FR", line1="1 rue", city="Rennes", state="Bretagne", postal_code="35000"),
            ["1 rue", "35000 Rennes", "Bretagne", "France"],
        ),
    ],
)
def test_an_address_reads_as_its_country_writes_it(address: Address, lines: list[str]) -> None:
    assert address_lines(address) == lines


def test_a_country_alone_is_one_line_and_no_part_of_an_address_is_lost() -> None:
    for country in sorted(COUNTRIES):
        assert len(address_lines(Address(country=country))) == 1
        whole = Address(
            country=country, line1="Lane 1", line2="Floor 2", city="Middle", state="North", postal_code="12345"
        )
        shown = " ".join(address_lines(whole))
        assert [part for part in ("Lane 1", "Floor 2", "Middle", "North", "12345") if part not in shown] == [], shown


@settings(deadline=None, max_examples=100)
@given(
    country=some.sampled_from(sorted(COUNTRIES)),
    parts=some.lists(some.none() | some.text(max_size=12), min_size=5, max_size=5),
)
def test_any_text_makes_lines_without_separators_that_separate_nothing(country: str, parts: list[str | None]) -> None:
    line1, line2, city, state, code = parts
    lines = address_lines(Address(country=country, line1=line1, line2=line2, city=city, state=state, postal_code=code))
    assert lines
    assert all(line.strip() and "\n" not in line for line in lines)


def test_the_country_is_named_in_the_readers_language() -> None:
    assert address_lines(Address(country="DE", city="Jena"), language="fr") == ["Jena", "Allemagne"]
