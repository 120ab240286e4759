"""Inputs as they are drawn: label, value, what browsers and phones should know about them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input. `choices` makes it a select; `attributes` are further ones (autocomplete, inputmode, ...).

    `also`: what else some of the choices are called, between bars. `kind`: the input's type, or `select`, `textarea`, `checkbox`.
    Label and hint may be markup. `is_locked`: shown, not asked.
    `suggestion`: what was probably meant.
    """

    name: str
    label: str
    value: str = ""
    error: str = ""
    hint: str = ""
    kind: str = "text"
    is_required: bool = True
    is_locked: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    empty_choice: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suggestion: str = ""
    width: str = "full"
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def described_by(self) -> str:
        """Ids of the texts that belong to the input: what is wrong first, then the hint."""
        ids = [f"{self.name}-error"] if self.error else []
        return " ".join([*ids, f"{self.name}-hint"] if self.hint else ids)


def go_from_last(parts: Sequence[Sequence[Field]]) -> list[tuple[Field, ...]]:
    """The parts of a form in the order of the page; a phone's Enter key says "go" in the last text that is asked for, which pays."""
    texts = [
        one.name for part in parts for one in part if one.is_required and not one.choices and one.kind != "checkbox"
    ]
    last = texts[-1] if texts else ""
    return [
        tuple(
            replace(one, attributes={**one.attributes, "enterkeyhint": "go"}) if one.name == last else one
            for one in part
        )
        for part in parts
    ]


TYPING: Mapping[str, Mapping[str, str]] = {
    "email": {
        "autocomplete": "email",
        "inputmode": "email",
        "spellcheck": "false",
        "autocapitalize": "off",
        "maxlength": "254",
        "enterkeyhint": "next",
    },
    "name": {"autocomplete": "name", "autocapitalize": "words", "maxlength": "256", "enterkeyhint": "next"},
    "name_card": {"autocomplete": "cc-name", "autocapitalize": "words", "maxlength": "256", "enterkeyhint": "next"},
    "phone": {"autocomplete": "tel", "inputmode": "tel", "maxlength": "40", "enterkeyhint": "next"},
    "card_number": {
        "autocomplete": "cc-number",
        "inputmode": "numeric",
        "spellcheck": "false",
        "maxlength": "25",
        "placeholder": "1234 1234 1234 1234",
        "enterkeyhint": "next",
    },
    "card_exp": {
        "autocomplete": "cc-exp",
        "inputmode": "numeric",
        "spellcheck": "false",
        "maxlength": "9",
        "placeholder": "MM/YY",
        "enterkeyhint": "next",
    },
    "card_cvc": {
        "autocomplete": "cc-csc",
        "inputmode": "numeric",
        "spellcheck": "false",
        "maxlength": "4",
        "placeholder": "123",
        "enterkeyhint": "next",
    },
    "upi_id": {
        "autocomplete": "off",
        "inputmode": "email",
        "spellcheck": "false",
        "autocapitalize": "off",
        "maxlength": "320",
    },
    "bank_iban": {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": "42"},
    "bank_routing": {"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false", "maxlength": "9"},
    "bank_account": {"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false", "maxlength": "17"},
    "country": {"autocomplete": "billing country"},
    "line1": {"autocomplete": "billing address-line1", "maxlength": "256", "enterkeyhint": "next"},
    "line2": {"autocomplete": "billing address-line2", "maxlength": "256", "enterkeyhint": "next"},
    "city": {"autocomplete": "billing address-level2", "maxlength": "256", "enterkeyhint": "next"},
    "state": {"autocomplete": "billing address-level1", "maxlength": "256"},
    "postal_code": {
        "autocomplete": "billing postal-code",
        "autocapitalize": "characters",
        "spellcheck": "false",
        "maxlength": "16",
        "enterkeyhint": "next",
    },
    "company": {"autocomplete": "billing organization", "maxlength": "256", "enterkeyhint": "next"},
    "tax_id": {
        "autocomplete": "off",
        "autocapitalize": "characters",
        "spellcheck": "false",
        "maxlength": "64",
        "enterkeyhint": "next",
    },
    "discount_code": {
        "autocomplete": "off",
        "autocapitalize": "characters",
        "spellcheck": "false",
        "maxlength": "256",
        "enterkeyhint": "go",
    },
    "currency": {"autocomplete": "off"},
    "amount": {"autocomplete": "off", "inputmode": "decimal", "maxlength": "40", "enterkeyhint": "done"},
    "quantity": {"autocomplete": "off", "inputmode": "numeric", "maxlength": "40", "enterkeyhint": "done"},
}
