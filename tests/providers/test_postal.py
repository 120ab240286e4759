"""Addresses read as their countries write them, complete or not, and nothing that was typed is lost."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as some

from checkstand.domain.address import COUNTRIES, Address
from checkstand.providers.postal import address_lines
from tests.tables import table


@table(
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
            Address(country="JP", line1="神宮前1-2-3", city="渋谷区", state="Tokyo", postal_code="150-0001"),
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


@table(
    ("address", "lines"),
    [
        (
            Address(country="JP", line1="1-1 Chiyoda", city="Chiyoda-ku", state="JP-13", postal_code="1000001"),
            ["1-1 Chiyoda", "Chiyoda-ku, Tokyo", "100-0001", "Japan"],
        ),
        (
            Address(country="JP", line1="千代田1-1", city="千代田区", state="13", postal_code="１０００００１"),
            ["〒100-0001", "東京都千代田区", "千代田1-1", "Japan"],
        ),
        (
            Address(country="KR", line1="110 Sejong-daero", city="Jung-gu", state="KR-11", postal_code="04524"),
            ["110 Sejong-daero", "Jung-gu", "Seoul", "04524", "South Korea"],
        ),
        (
            Address(country="TH", line1="1 Sukhumvit Rd", city="Khlong Toei", state="TH-10", postal_code="10110"),
            ["1 Sukhumvit Rd", "Khlong Toei", "Bangkok 10110", "Thailand"],
        ),
        (
            Address(country="TR", line1="Halaskargazi 1", city="Şişli", state="TR-34", postal_code="34000"),
            ["Halaskargazi 1", "34000 Şişli/İstanbul", "Türkiye"],
        ),
        (
            Address(country="ES", line1="Gran Vía 1", city="Getafe", state="ES-M", postal_code="28901"),
            ["Gran Vía 1", "28901 Getafe Madrid", "Spain"],
        ),
        (
            Address(country="ES", line1="Gran Vía 1", city="Madrid", state="M", postal_code="28001"),
            ["Gran Vía 1", "28001 Madrid", "Spain"],
        ),
        (
            Address(country="IN", line1="5 MG Road", city="Bengaluru", state="IN-KA", postal_code="560 001"),
            ["5 MG Road", "Bengaluru 560001", "Karnataka", "India"],
        ),
        (
            Address(country="CN", line1="1 Jianguo Rd", city="Chaoyang", state="CN-BJ", postal_code="100000"),
            ["1 Jianguo Rd", "Chaoyang", "Beijing Shi, 100000", "China"],
        ),
        (
            Address(country="CN", line1="建国路1号", city="朝阳区", state="CN-11", postal_code="100000"),
            ["100000", "北京市朝阳区", "建国路1号", "China"],
        ),
        (
            Address(country="MX", line1="Reforma 1", city="Cuauhtémoc", state="MX-CMX", postal_code="06000"),
            ["Reforma 1", "06000 Cuauhtémoc, CDMX", "Mexico"],
        ),
        (
            Address(country="IT", line1="Via Roma 1", city="Tivoli", state="it-rm", postal_code="00019"),
            ["Via Roma 1", "00019 Tivoli RM", "Italy"],
        ),
        (
            Address(country="GB", line1="10 Downing St", city="London", state="GB-ENG", postal_code="SW1A-1AA"),
            ["10 Downing St", "London", "SW1A 1AA", "United Kingdom"],
        ),
        (
            Address(country="PT", line1="Rua 1", city="Lisboa", state="PT-11", postal_code="1000001"),
            ["Rua 1", "1000-001 Lisboa", "Portugal"],
        ),
        (
            Address(country="LU", line1="1 rue Aldringen", city="Luxembourg", postal_code="L-1009"),
            ["1 rue Aldringen", "L-1009 Luxembourg", "Luxembourg"],
        ),
    ],
)
def test_what_a_program_sends_as_codes_reads_as_people_there_write_it(address: Address, lines: list[str]) -> None:
    assert address_lines(address) == lines


def test_every_iso_code_that_the_data_has_is_written_without_the_code_unless_its_post_writes_codes() -> None:
    by_code = {"US", "CA", "AU", "BR", "IT", "SO"}
    for country in sorted(COUNTRIES - by_code):
        for number in range(1, 100):
            lines = address_lines(Address(country=country, line1="Lane", city="Middle", state=f"{country}-{number:02}"))
            assert f"{number:02}" not in " ".join(lines)


def test_a_country_alone_is_one_line_and_no_part_of_an_address_is_lost() -> None:
    for country in sorted(COUNTRIES):
        assert len(address_lines(Address(country=country))) == 1
        whole = Address(
            country=country, line1="Lane 1", line2="Floor 2", city="Middle", state="North", postal_code="12345"
        )
        shown = " ".join(address_lines(whole))
        missing = [part for part in ("Lane 1", "Floor 2", "Middle", "North") if part not in shown]
        assert missing == [], shown
        assert "12345" in re.sub(r"[ -]", "", shown), shown


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
