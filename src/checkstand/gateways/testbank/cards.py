"""What the test gateway's cards and tokens do: Stripe's well-known numbers, and tokens for API use.

    >>> behaviour_of("4000 0000 0000 9995")
    'decline:insufficient_funds'
    >>> behaviour_of("4111 1111 1111 1111") is None
    True

A behaviour is `succeed` (with `:refund_fails` or `:refund_pends`: what giving it back comes to), `decline:CODE`, `challenge`
(3-D Secure, then it succeeds), `challenge:CODE` (then it is declined) or `process` (accepted, decided later).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checkstand.domain.payment import Instrument


@dataclass(frozen=True, slots=True)
class TestCard:
    """One well-known number and what a page may say of it."""

    __test__ = False

    number: str
    behaviour: str
    label: str
    country: str = "US"


CARDS: tuple[TestCard, ...] = (
    TestCard("4242424242424242", "succeed", "Succeeds (Visa)"),
    TestCard("5555555555554444", "succeed", "Succeeds (Mastercard)"),
    TestCard("378282246310005", "succeed", "Succeeds (Amex, 4-digit code)"),
    TestCard("4000056655665556", "succeed", "Succeeds (Visa debit)"),
    TestCard("4000002760003184", "challenge", "Always asks for 3-D Secure"),
    TestCard("4000000000003220", "challenge", "3-D Secure required, then succeeds"),
    TestCard("4000008400001629", "challenge:generic_decline", "3-D Secure, then declined"),
    TestCard("4000002500003155", "challenge", "3-D Secure now, later charges pass"),
    TestCard("4000008260003178", "challenge:insufficient_funds", "3-D Secure, then insufficient funds"),
    TestCard("4000000000000002", "decline:generic_decline", "Declined"),
    TestCard("4000000000009995", "decline:insufficient_funds", "Insufficient funds"),
    TestCard("4000000000000069", "decline:expired_card", "Expired card"),
    TestCard("4000000000000127", "decline:incorrect_cvc", "Wrong CVC"),
    TestCard("4000000000000119", "decline:processing_error", "Processing error"),
    TestCard("4000000000009987", "decline:lost_card", "Declined as lost"),
    TestCard("4000000000009979", "decline:stolen_card", "Declined as stolen"),
    TestCard("4000000000006975", "decline:card_velocity_exceeded", "Too many tries"),
    TestCard("4000000000000341", "succeed", "Saves, but later charges fail"),
    TestCard("4576238912771450", "succeed", "Succeeds (Visa, India)", "IN"),
    TestCard("5409162669381034", "succeed", "Succeeds (Mastercard, India)", "IN"),
    TestCard("6074825972083818", "succeed", "Succeeds (RuPay, India)", "IN"),
    TestCard("4706131211212123", "decline:generic_decline", "Declined (India)", "IN"),
    TestCard("5105105105105100", "decline:generic_decline", "Declined (India)", "IN"),
    TestCard("4000000000005126", "succeed:refund_fails", "Succeeds, but a refund fails"),
    TestCard("4000000000007726", "succeed:refund_pends", "Succeeds, a refund is decided later"),
)
_BY_NUMBER = {card.number: card for card in CARDS}
_DEBIT = frozenset({"4000056655665556"})
# What changes when a saved card is charged again, by its last digits: 3-D Secure was for saving alone, or charges fail from then on.
_LATER = {"3155": "succeed", "0341": "decline:generic_decline"}

# Tokens stand for one and the same Visa card, but for one, and say themselves what the bank answers.
_VISA = "4242424242424242"
TOKENS = {
    "ctoken_visa": ("succeed", _VISA),
    "ctoken_mastercard": ("succeed", "5555555555554444"),
    "ctoken_3ds": ("challenge", _VISA),
    "ctoken_declined": ("decline:generic_decline", _VISA),
    "ctoken_insufficient_funds": ("decline:insufficient_funds", _VISA),
    "ctoken_expired": ("decline:expired_card", _VISA),
    "ctoken_processing": ("process", _VISA),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetails:
    """What the test gateway's own form asks for. Lives for one request; only brand and last four digits are kept."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str
    holder: str | None = None


def digits_of(text: str) -> str:
    """The digits of a typed card number."""
    return "".join(character for character in text if character.isascii() and character.isdigit())


def passes_luhn(digits: str) -> bool:
    """The check digit rule of ISO/IEC 7812.

    >>> passes_luhn("4242424242424242"), passes_luhn("4242424242424241")
    (True, False)
    """
    total = 0
    for position, character in enumerate(reversed(digits)):
        value = int(character) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def behaviour_of(number: str) -> str | None:
    """What a card number does; None when it is not on the list."""
    card = _BY_NUMBER.get(digits_of(number))
    return card.behaviour if card else None


def number_flaw(number: str) -> str | None:
    """Why a number cannot be used (the code of a refusal); None where nothing is wrong with it.

    >>> number_flaw("4242 4242 4242 4241"), number_flaw("4111 1111 1111 1111"), number_flaw("4242 4242 4242 4242")
    ('incorrect_number', 'live_in_test', None)
    """
    digits = digits_of(number)
    if not 12 <= len(digits) <= 19 or not passes_luhn(digits):
        return "incorrect_number"
    return None if behaviour_of(digits) else "live_in_test"


def expiry_flaw(month: int, year: int, *, now: datetime) -> str | None:
    """Why an expiry month cannot be used (the code of a refusal), or None. A card is good until the end of it."""
    if not 1 <= month <= 12:
        return "invalid_expiry"
    return "expired_card" if (year, month) < (now.year, now.month) else None


def cvc_flaw(cvc: str, number: str) -> str | None:
    """Why a security code cannot be used (the code of a refusal), or None. It is longer on one network's cards."""
    length = 4 if brand_of(digits_of(number)) == "amex" else 3
    return None if cvc.isdigit() and len(cvc) == length else "incorrect_cvc"


def later_behaviour(behaviour: str, instrument: Instrument) -> str:
    """What a saved method does when it is charged again: the same, but for two of the cards.

    >>> [later_behaviour("challenge", instrument_of(number)) for number in ("4000002760003184", "4000002500003155")]
    ['challenge', 'succeed']
    """
    return _LATER.get(instrument.last_four or "", behaviour) if instrument.method == "card" else behaviour


def brand_of(digits: str) -> str:
    """The network, by the first digits."""
    if digits.startswith(("34", "37")):
        return "amex"
    if digits.startswith("4"):
        return "visa"
    if digits.startswith(("51", "52", "53", "54", "55")):
        return "mastercard"
    return "rupay" if digits.startswith("60") else "unknown"


def instrument_of(number: str, details: CardDetails | None = None) -> Instrument:
    """What may be shown and kept of a listed card."""
    digits = digits_of(number)
    card = _BY_NUMBER[digits]
    funding: Literal["credit", "debit"] = "debit" if digits in _DEBIT else "credit"
    return Instrument(
        method="card",
        brand=brand_of(digits),
        last_four=digits[-4:],
        country=card.country,
        funding=funding,
        holder=details.holder if details else None,
        exp_month=details.exp_month if details else 12,
        exp_year=details.exp_year if details else 2034,
        fingerprint=hashlib.sha256(f"test card {digits}".encode()).hexdigest()[:16],
    )
