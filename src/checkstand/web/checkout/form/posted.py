"""The form as it was posted: what it changes in the session, and what is wrong with it, field by field.

Checks here are about typing (an amount, an address, a date on a card); rules of the purchase are the flows', and their problems come
back to fields in `problems.py`. Nothing is judged that is still empty: what is missing is said when the buyer pays, not before.

Card fields (`card_...`) are read by the payment step alone. They are never stored, never echoed, and a script never sends them with
an update.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from checkstand.domain.address import COUNTRIES, EMBARGOED, Address, InvalidState, normalize_state
from checkstand.domain.checkout import Checkout
from checkstand.domain.payment import Declined, decline
from checkstand.flows import tax_ids
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.gateways.testbank.cards import CardDetails, cvc_flaw, expiry_flaw, number_flaw
from checkstand.providers import postal_codes
from checkstand.web.checkout.form.email_typos import meant
from checkstand.web.checkout.form.goods import read_goods
from checkstand.web.checkout.form.questions import read_answers
from checkstand.web.checkout.form.reader import Complaint, Reader, complaint

SHORTEST_PHONE: Final = 5
LONGEST_FLAW: Final = 200
USE_SUGGESTION: Final = "use_email"
# The postal code that the page warned of.
ODD_CODE: Final = "odd_code"
# Where the gateway's own form is on the page.
FRAME: Final = "payment-frame"
_EXPIRY = re.compile(r"^(\d{1,2})\s*[/.\-\s]\s*(\d{2}|\d{4})$|^(\d{2})(\d{2}|\d{4})$")
_TOKEN = re.compile(r"^ctoken_[A-Za-z0-9_]{4,200}$")
_CARD_FIELDS = ("card_number", "card_exp", "card_cvc")
_ADDRESS_PARTS = ("line1", "line2", "city", "state", "postal_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenized:
    """A payment method that the gateway's script asked for in its own frame: all that we get is what stands for it."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A posted form, understood: the fields as typed, the changes they ask for, the complaints."""

    typed: Mapping[str, str]
    changes: CheckoutChanges
    complaints: tuple[Complaint, ...]


def read_changes(checkout: Checkout, typed: Mapping[str, str]) -> Reading:
    """What a posted form asks for. `do` names the button: `update`, `apply`, `remove_{id}`, `more_0`, `less_seats`."""
    reader = Reader(checkout, typed)
    read_goods(reader)
    _read_contact(reader)
    _read_address(reader)
    _read_business(reader)
    read_answers(reader)
    return Reading(typed=typed, changes=reader.changes, complaints=tuple(reader.complaints))


def _read_contact(reader: Reader) -> None:
    typed = reader.typed
    if "email" in typed and not reader.checkout.is_email_locked:
        email = typed["email"]
        if typed.get("do") == USE_SUGGESTION:
            email = meant(email) or email
        if not email:
            reader.change("email", None)
        elif (known := _email(email)) is not None:
            reader.change("email", known)
        else:
            reader.complain("email", "problem.email.invalid")
    if "name" in typed:
        reader.change("name", typed["name"][:256] or None)
    if "phone" in typed:
        _read_phone(reader, typed["phone"])


def _email(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def _read_phone(reader: Reader, text: str) -> None:
    if not text:
        reader.change("phone", None)
        return
    region = reader.typed.get("country") or None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not _could_ring(number):
        reader.complain("phone", "problem.phone.invalid")
        return
    reader.change("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _could_ring(number: phonenumbers.PhoneNumber) -> bool:
    """Length and prefix fit the country. Whether a range is assigned is not judged: the lists of those are always a little old."""
    fits = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return fits and len(str(number.national_number)) >= SHORTEST_PHONE


def may_be_chosen(checkout: Checkout, country: str) -> bool:
    """Whether a session can be billed to a country."""
    return country in COUNTRIES and not (checkout.profile.refuses_embargoed_countries and country in EMBARGOED)


def _read_address(reader: Reader) -> None:
    """The address as far as it is known: parts that the form did not ask for stay, a changed country drops the state alone."""
    typed, known = reader.typed, reader.checkout.buyer.address
    country = typed.get("country", "")
    if not country or not may_be_chosen(reader.checkout, country):
        return
    has_moved = country != typed.get("shown_country", country)
    parts: dict[str, str | None] = {}
    for name in _ADDRESS_PARTS:
        before = getattr(known, name) if known is not None and known.country == country else None
        parts[name] = (typed[name][:256] or None) if name in typed else before
    if has_moved and "state" in typed:
        parts["state"] = None
    if code := parts["postal_code"]:
        known_form = postal_codes.own_form(country, code)
        is_odd = not postal_codes.fits(country, known_form)
        if is_odd and not has_moved and typed.get(ODD_CODE) != known_form:
            reader.complain("postal_code", "problem.postal.odd")
        # What was warned of once and sent again is the buyer's word: lists of codes are never quite complete.
        is_taken = not is_odd or (typed.get(ODD_CODE) == known_form and not has_moved)
        parts["postal_code"] = known_form if is_taken else None
    try:
        parts["state"] = normalize_state(country, parts["state"])
    except InvalidState:
        parts["state"] = None
    reader.change("address", Address(country=country, **parts))


def _read_business(reader: Reader) -> None:
    typed = reader.typed
    if "business_asked" not in typed:
        return
    is_business = "is_business" in typed
    reader.change("is_business", is_business)
    if not is_business:
        return
    reader.change("billing_name", typed.get("company", "")[:256] or None)
    country = typed.get("country", "")
    number = tax_ids.with_own_mark(typed.get("tax_id", "")[:64], country)
    if number and country and tax_ids.check(number, country) is None:
        # One that was right for another country would keep that country's rules.
        reader.complain("tax_id", "problem.tax_id.invalid")
        number = ""
    reader.change("tax_id", number or None)


def types_a_card(typed: Mapping[str, str]) -> bool:
    """Whether a card was typed into our own form."""
    return typed.get("method", "card") == "card" and any(typed.get(name) for name in _CARD_FIELDS)


def read_token(typed: Mapping[str, str]) -> Tokenized | Sequence[Complaint]:
    """What the gateway's script made of what was typed in its frame, or what it found wrong with it."""
    token = typed.get("confirmation_token", "")
    if _TOKEN.match(token):
        return Tokenized(token=token)
    if flaw := typed.get("frame_problem", ""):
        return [complaint(FRAME, "problem.frame.told", text=flaw[:LONGEST_FLAW])]
    return [complaint(FRAME, "problem.frame.required")]


def read_card(typed: Mapping[str, str], *, now: datetime) -> CardDetails | Sequence[Complaint]:
    """The card that was typed, or all that is missing or wrong in it. Whether it can pay is the gateway's word."""
    # A Japanese keyboard writes full-width digits.
    number, expiry, cvc = (unicodedata.normalize("NFKC", typed.get(name, "")) for name in _CARD_FIELDS)
    missing = [name for name, text in zip(_CARD_FIELDS, (number, expiry, cvc), strict=True) if not text]
    wrong = [complaint(name, f"problem.{name}.required") for name in missing]
    date = _expiry(expiry)
    if expiry and date is None:
        wrong.append(complaint("card_exp", "problem.card_exp.invalid"))
    flaws = {
        "card_number": number_flaw(number) if number else None,
        "card_exp": expiry_flaw(*date, now=now) if date else None,
        "card_cvc": cvc_flaw(cvc, number) if cvc else None,
    }
    wrong += [told(name, decline(code)) for name, code in flaws.items() if code]
    if wrong or date is None:
        return wrong
    return CardDetails(number=number, exp_month=date[0], exp_year=date[1], cvc=cvc, holder=typed.get("name") or None)


def card_checks(now: datetime) -> tuple[dict[str, str], ...]:
    """What a script says of a card field that is left with something wrong in it: for number, date and code."""
    number, date, past, code = (
        f"{one.message} {one.advice}".strip()
        for one in map(decline, ("incorrect_number", "invalid_expiry", "expired_card", "incorrect_cvc"))
    )
    return (
        {"data-wrong": number},
        {"data-wrong": date, "data-past": past, "data-month": f"{now:%Y-%m}"},
        {"data-wrong": code},
    )


def told(name: str, declined: Declined) -> Complaint:
    """A refusal's own words, at a field."""
    return complaint(name, "problem.told", text=f"{declined.message} {declined.advice}".strip())


def _expiry(text: str) -> tuple[int, int] | None:
    """Month and four-digit year of `12/34`, `1234`, `12 / 2034`."""
    match = _EXPIRY.match(text)
    if not match:
        return None
    month = int(match[1] or match[3])
    year = int(match[2] or match[4])
    return month, year + 2000 if year < 100 else year


def shown_total(typed: Mapping[str, str]) -> str:
    """What the page said it would cost when the buyer pressed pay."""
    return typed.get("shown", "")
