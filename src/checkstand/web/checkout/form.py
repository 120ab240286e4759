"""The form as it was posted: what it changes in the session, and what is wrong with it, field by field.

Checks here are about typing (an amount, an address, a date on a card); rules of the purchase are the flows', and their problems come
back to fields in `problems.py`. Nothing is judged that is still empty: what is missing is said when the buyer pays, not before.

Card fields (`card_...`) are read by the payment step alone. They are never stored, never echoed, and a script never sends them with
an update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from checkstand.domain.address import COUNTRIES, EMBARGOED, Address, InvalidState, normalize_state
from checkstand.domain.catalog import Custom, check_custom_amount
from checkstand.domain.checkout import Checkout
from checkstand.domain.money import parse_amount
from checkstand.flows.update_checkout import CheckoutChanges
from checkstand.gateways.test_cards import CardDetails
from checkstand.web.checkout import places

LARGEST_QUANTITY: Final = 1_000_000
SHORTEST_PHONE: Final = 5
_QUANTITY = re.compile(r"^\d{1,7}$")
_EXPIRY = re.compile(r"^(\d{1,2})\s*[/.\-\s]\s*(\d{2}|\d{4})$|^(\d{2})(\d{2}|\d{4})$")
_ADDRESS_PARTS = ("line1", "line2", "city", "state", "postal_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong with one field: the field's name, the key of the text, what fills its gaps."""

    field: str
    key: str
    values: Mapping[str, object] = made(default_factory=dict)


def complaint(name: str, key: str, **values: object) -> Complaint:
    """A complaint in one call."""
    return Complaint(field=name, key=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A posted form, understood: the fields as typed, the changes they ask for, the complaints."""

    typed: Mapping[str, str]
    changes: CheckoutChanges
    complaints: tuple[Complaint, ...]


@dataclass(slots=True)
class _Reader:
    """Collects changes and complaints while the fields are read in the order of the form."""

    checkout: Checkout
    typed: Mapping[str, str]
    changes: CheckoutChanges = made(default_factory=CheckoutChanges)
    complaints: list[Complaint] = made(default_factory=list)

    def complain(self, name: str, key: str, **values: object) -> None:
        self.complaints.append(complaint(name, key, **values))

    def change(self, name: str, value: object) -> None:
        known = replace(self.changes, **{name: value})  # type: ignore[arg-type]
        self.changes = replace(known, given=known.given | {name})


def read_changes(checkout: Checkout, typed: Mapping[str, str]) -> Reading:
    """What a posted form asks for. `do` names the button: `update`, `apply`, `remove`, `more_0`, `less_0`."""
    reader = _Reader(checkout, typed)
    keeps_product = _read_product(reader)
    if keeps_product:
        _read_quantities(reader)
        _read_amounts(reader)
    _read_discount(reader)
    _read_contact(reader)
    _read_address(reader)
    _read_business(reader)
    return Reading(typed=typed, changes=reader.changes, complaints=tuple(reader.complaints))


def _read_product(reader: _Reader) -> bool:
    """The chosen plan. False when it is another one: amounts on the page were the old one's."""
    text = reader.typed.get("product", "")
    chosen = next((offer for offer in reader.checkout.offers if str(offer) == text), None)
    if chosen is None or chosen == reader.checkout.selected.id:
        return True
    reader.change("product_id", chosen)
    return False


def _read_quantities(reader: _Reader) -> None:
    quantities: dict[int, int] = {}
    button = reader.typed.get("do", "")
    for position, line in enumerate(reader.checkout.lines):
        text = reader.typed.get(f"quantity_{position}")
        if text is None or not line.buyer_sets_quantity:
            continue
        step = {f"more_{position}": 1, f"less_{position}": -1}.get(button, 0)
        if _QUANTITY.match(text):
            quantity = int(text) + step
            if step and quantity < 1:
                quantity = 1
        elif step and not text:
            quantity = 1
        elif not text:
            continue
        else:
            reader.complain(f"quantity_{position}", "problem.quantity.invalid")
            continue
        if not 1 <= quantity <= LARGEST_QUANTITY:
            reader.complain(f"quantity_{position}", "problem.quantity.invalid")
            continue
        quantities[position] = quantity
    if quantities:
        reader.change("quantities", quantities)


def _read_amounts(reader: _Reader) -> None:
    checkout = reader.checkout
    amounts: dict[int, int] = {}
    for position, line in enumerate(checkout.lines):
        price = checkout.product(line.product_id).price(line.price_id)
        text = reader.typed.get(f"amount_{position}", "")
        if price is None or not isinstance(price.terms, Custom) or not text:
            continue
        try:
            amount = parse_amount(text, checkout.currency)
        except ValueError:
            reader.complain(f"amount_{position}", "problem.amount.invalid")
            continue
        wrong = check_custom_amount(price.terms, amount, checkout.currency)
        if wrong:
            reader.complain(f"amount_{position}", AMOUNT_TEXTS[wrong])
        else:
            amounts[position] = amount
    if amounts:
        reader.change("amounts", amounts)


AMOUNT_TEXTS: Final = {
    "amount_below_minimum": "problem.amount.min",
    "amount_below_processor_minimum": "problem.amount.gap",
    "amount_above_maximum": "problem.amount.max",
    "amount_above_currency_maximum": "problem.amount.max",
}


def _read_discount(reader: _Reader) -> None:
    if reader.typed.get("do") == "remove":
        reader.change("discount_code", None)
    elif code := reader.typed.get("discount_code", ""):
        reader.change("discount_code", code[:256])


def _read_contact(reader: _Reader) -> None:
    typed = reader.typed
    if "email" in typed and not reader.checkout.is_email_locked:
        email = typed["email"]
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


def _read_phone(reader: _Reader, text: str) -> None:
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
    return country in COUNTRIES and not (checkout.dialect == "polar" and country in EMBARGOED)


def _read_address(reader: _Reader) -> None:
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
        parts["postal_code"] = places.tidy_postal_code(country, code)
        if not places.looks_right(country, parts["postal_code"]):
            if not has_moved:
                reader.complain("postal_code", "problem.postal.invalid")
            parts["postal_code"] = None
    try:
        parts["state"] = normalize_state(country, parts["state"])
    except InvalidState:
        parts["state"] = None
    reader.change("address", Address(country=country, **parts))


def _read_business(reader: _Reader) -> None:
    typed = reader.typed
    if "business_asked" not in typed:
        return
    is_business = "is_business" in typed
    reader.change("is_business", is_business)
    if is_business:
        reader.change("billing_name", typed.get("company", "")[:256] or None)
        reader.change("tax_id", typed.get("tax_id", "")[:64] or None)


def read_card(typed: Mapping[str, str]) -> CardDetails | Sequence[Complaint]:
    """The card that was typed, or what is missing or unreadable in it. Whether it can pay is the gateway's word."""
    wrong = [
        complaint(name, f"problem.{name}.required")
        for name in ("card_number", "card_exp", "card_cvc")
        if not typed.get(name)
    ]
    expiry = _expiry(typed.get("card_exp", ""))
    if typed.get("card_exp") and expiry is None:
        wrong.append(complaint("card_exp", "problem.card_exp.invalid"))
    if wrong or expiry is None:
        return wrong
    return CardDetails(
        number=typed["card_number"],
        exp_month=expiry[0],
        exp_year=expiry[1],
        cvc=typed["card_cvc"],
        holder=typed.get("name") or None,
    )


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


def total_mark(checkout: Checkout) -> str:
    """What a page says it costs, for comparing: currency, total, what is due today."""
    quote = checkout.quote
    return f"{quote.currency}-{quote.total_minor}-{quote.due_minor}"


__all__ = [
    "AMOUNT_TEXTS",
    "Complaint",
    "Reading",
    "complaint",
    "may_be_chosen",
    "read_card",
    "read_changes",
    "shown_total",
    "total_mark",
]
