"""Identifiers come back as they went out; a mistyped secret is told from a real one without looking it up."""

from __future__ import annotations

import base64
import itertools
import os
import random
import re
import zlib
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.ids import (
    BASE62,
    DodoPrefix,
    SecretPrefix,
    is_well_formed_secret,
    parse_short_id,
    secret,
    short_id,
    uuid4_from,
    webhook_secret,
)
from tests.tables import table

UUIDS = st.binary(min_size=16, max_size=16).map(lambda data: UUID(bytes=data, version=4))
DODO_PREFIXES = st.sampled_from(list(DodoPrefix))
SECRET_PREFIXES = st.sampled_from(list(SecretPrefix))
SEEDS = st.integers(min_value=0, max_value=2**32)


def draw_from(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def base62_value(text: str) -> int:
    return sum(BASE62.index(character) * 62**place for place, character in enumerate(reversed(text)))


# ---------------------------------------------------------------- short ids


@given(UUIDS, DODO_PREFIXES)
def test_a_short_id_comes_back_as_the_same_uuid(value: UUID, prefix: DodoPrefix) -> None:
    text = short_id(prefix, value)
    assert re.fullmatch(f"{prefix.value}_[0-9A-Za-z]{{21}}", text)
    assert parse_short_id(prefix, text) == value


@given(st.text(alphabet=BASE62, min_size=21, max_size=21))
def test_each_uuid_has_exactly_one_short_id(body: str) -> None:
    value = parse_short_id("pdt", f"pdt_{body}")
    if value is not None:
        assert value.version == 4
        assert short_id("pdt", value) == f"pdt_{body}"


def test_the_smallest_and_the_largest_uuid_fit() -> None:
    smallest = UUID("00000000-0000-4000-8000-000000000000")
    largest = UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")
    assert short_id("cks", smallest) == "cks_" + "0" * 21
    assert parse_short_id("cks", short_id("cks", largest)) == largest


def test_a_checkout_session_id_has_the_25_characters_the_embed_script_demands() -> None:
    text = short_id(DodoPrefix.CHECKOUT_SESSION, uuid4_from(os.urandom))
    assert re.fullmatch(r"cks_[A-Za-z0-9_-]{21}", text)
    assert len(text) == 25


@table(
    "text",
    [
        "",
        "pdt_",
        "pdt_" + "0" * 20,
        "pdt_" + "0" * 22,
        "cus_" + "0" * 21,
        "PDT_" + "0" * 21,
        "pdt-" + "0" * 21,
        "0" * 21,
        "pdt_" + "0" * 20 + "-",
        "pdt_" + "0" * 20 + "\n",
        "pdt_" + "0" * 20 + "é",
        "pdt_" + "0" * 20 + "１",
        "pdt_" + "z" * 21,
        "00000000-0000-4000-8000-000000000000",
    ],
)
def test_a_malformed_or_foreign_short_id_is_none(text: str) -> None:
    assert parse_short_id("pdt", text) is None


def test_the_first_number_beyond_122_bits_is_out_of_range() -> None:
    number, characters = 1 << 122, []
    for _ in range(21):
        number, value = divmod(number, 62)
        characters.append(BASE62[value])
    assert parse_short_id("pdt", "pdt_" + "".join(reversed(characters))) is None


@given(st.text(max_size=40))
def test_any_text_is_a_uuid_or_none(text: str) -> None:
    parsed = parse_short_id("pdt", text)
    assert parsed is None or short_id("pdt", parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "00000000-0000-1000-8000-000000000000",
        "00000000-0000-4000-0000-000000000000",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_uuid_of_another_version_has_no_short_id(text: str) -> None:
    with pytest.raises(ValueError, match="version 4"):
        short_id("pdt", UUID(text))


def test_no_two_kinds_of_object_share_a_prefix() -> None:
    assert len({prefix.value for prefix in DodoPrefix}) == len(DodoPrefix.__members__)


def test_a_uuid_is_of_version_4_whatever_the_bytes() -> None:
    assert uuid4_from(lambda n: b"\xff" * n) == UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")
    assert uuid4_from(os.urandom).version == 4


# ---------------------------------------------------------------- secrets


@given(SEEDS, SECRET_PREFIXES)
def test_a_new_secret_is_well_formed(seed: int, prefix: SecretPrefix) -> None:
    text = secret(prefix, random_bytes=draw_from(seed))
    assert re.fullmatch(f"{prefix.value}[0-9A-Za-z]{{43}}", text)
    assert is_well_formed_secret(prefix, text)


def test_the_checksum_is_crc_32_in_base_62_most_significant_first() -> None:
    text = secret("polar_oat_", random_bytes=lambda n: b"\x00" * n)
    assert text == "polar_oat_" + "0" * 37 + "3jnQlY"
    assert base62_value("3jnQlY") == 3_425_114_580 == zlib.crc32(b"0" * 37)


def test_a_small_checksum_is_padded_on_the_left_with_zeros() -> None:
    body = "0" * 35 + "E7"
    assert zlib.crc32(body.encode()) == 721_348
    assert is_well_formed_secret("polar_c_", f"polar_c_{body}0031ee")
    assert base62_value("0031ee") == 721_348


@given(SEEDS, st.integers(min_value=0, max_value=42), st.sampled_from(BASE62))
def test_the_checksum_refuses_any_single_character_change(seed: int, at: int, replacement: str) -> None:
    body = secret("", random_bytes=draw_from(seed))
    changed = body[:at] + replacement + body[at + 1 :]
    assert is_well_formed_secret("", changed) == (changed == body)


@given(SEEDS, st.integers(min_value=0, max_value=41))
def test_the_checksum_refuses_swapped_neighbours(seed: int, at: int) -> None:
    body = secret("", random_bytes=draw_from(seed))
    changed = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
    assert is_well_formed_secret("", changed) == (changed == body)


def test_a_secret_of_another_kind_length_or_alphabet_is_refused() -> None:
    text = secret(SecretPrefix.CHECKOUT, random_bytes=os.urandom)
    assert not is_well_formed_secret(SecretPrefix.CHECKOUT_LINK, text)
    assert not is_well_formed_secret(SecretPrefix.CHECKOUT, text[:-1])
    assert not is_well_formed_secret(SecretPrefix.CHECKOUT, text + "0")
    assert not is_well_formed_secret(SecretPrefix.CHECKOUT, text[:20] + "é" + text[21:])
    assert not is_well_formed_secret(SecretPrefix.CHECKOUT, "")


def test_every_byte_value_leads_to_each_character_equally_often() -> None:
    # All 256 values in turn: without rejection the first eight characters would come up more often than the others.
    stream = itertools.cycle(range(256))
    drawn = "".join(secret("", random_bytes=lambda n: bytes(itertools.islice(stream, n)))[:37] for _ in range(62 * 8))
    assert {drawn.count(character) for character in BASE62} == {37 * 8}


def test_a_source_without_usable_bytes_is_an_error_and_not_an_endless_loop() -> None:
    with pytest.raises(RuntimeError, match="random bytes"):
        secret("polar_c_", random_bytes=lambda n: b"\xff" * n)


def test_a_webhook_secret_is_the_base64_text_of_its_key_and_of_letters_and_digits_alone() -> None:
    drawn = [b"\xff" * 24, bytes(range(100, 124))]  # the first one's text is slashes
    key = drawn[1]
    assert webhook_secret(random_bytes=lambda n: drawn.pop(0)[:n]) == webhook_secret(random_bytes=lambda n: key[:n])
    with pytest.raises(RuntimeError, match="random bytes"):
        webhook_secret(random_bytes=lambda n: b"\xff" * n)
    text = webhook_secret(random_bytes=lambda n: key[:n])
    assert text.startswith("whsec_")
    assert base64.b64decode(text.removeprefix("whsec_"), validate=True) == key
    assert len(text) == len("whsec_") + 32, "no padding, so strict decoders and those that want none agree"
