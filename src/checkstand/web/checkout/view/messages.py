"""What is wrong, in sentences: beside each field, and together at the top of the form with links to the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from checkstand.domain.address import fields_for
from checkstand.domain.catalog import Custom
from checkstand.domain.consent import total_of
from checkstand.domain.currency import currency as find_currency
from checkstand.domain.money import to_step
from checkstand.providers import postal_codes
from checkstand.providers.country_names import in_sentence
from checkstand.web.checkout.form.problems import Refusal
from checkstand.web.checkout.form.reader import Complaint
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view import places
from checkstand.web.checkout.view.totals import Changed
from checkstand.web.checkout.view.wording import Wording, typed_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What the page is drawn for besides the session: what was typed, what is wrong, what the bank said.

    `is_quiet`: a field was left, no button pressed: what is wrong is said beside it, without a list above the form.
    `was_pressed`: the button was pressed, and did not pay; `changed`: what to say of the total.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    complaints: Sequence[Complaint] = ()
    refusal: Refusal | None = None
    was_pressed: bool = False
    changed: Changed | None = None
    dropped_code: str = ""
    wait_s: int = 0
    is_card_gone: bool = False
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """The box above the form. `tone` is `error` or `notice`; each item is a text and the field it leads to ('' for none).

    `advice` is what to do besides mending the items.
    """

    tone: str = ""
    heading: str = ""
    text: str = ""
    advice: str = ""
    items: tuple[tuple[str, str], ...] = ()


class Messages:
    """Sentences for one drawing of the page."""

    def __init__(self, visit: CheckoutVisit, words: Wording, given: Input, country: str) -> None:
        self._visit = visit
        self._words = words
        self._given = given
        self._country = country
        self._by_field: dict[str, str] = {}
        for one in given.complaints:
            self._by_field.setdefault(one.field, self._sentence(one))
        refusal = given.refusal
        if refusal is not None and not refusal.was_stopped:
            self._by_field.setdefault(refusal.field, f"{refusal.message} {refusal.advice}")

    def error(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        return self._by_field.get(name, "")

    @property
    def by_field(self) -> Mapping[str, str]:
        """All of it, by the field's name."""
        return self._by_field

    def noted(self) -> Noted:
        """The box above the form; without a heading when there is nothing to say."""
        noted = self._noted()
        if self._given.changed is not None and noted.heading and noted.heading != self._words.texts("changed.heading"):
            noted = replace(noted, text=f"{noted.text} {self.changed_total()}".strip())
        is_card_gone = self._given.is_card_gone and bool(noted.heading)
        return replace(noted, advice=self._words.texts("card.again")) if is_card_gone else noted

    def _noted(self) -> Noted:
        t, refusal = self._words.texts, self._given.refusal
        if self._given.wait_s:
            minutes = -(-self._given.wait_s // 60)
            return Noted(tone="error", heading=t("limited.heading"), text=t.count("limited.text", minutes))
        if refusal is not None and refusal.was_stopped:
            return Noted(tone="notice", heading=t("stopped.heading"), text=t("stopped.text"))
        if refusal is not None:
            link = (f"{refusal.message} {refusal.advice}", refusal.field)
            others = tuple((text, name) for name, text in self._by_field.items() if name != refusal.field)
            return Noted(
                tone="error",
                heading=t("declined.heading"),
                text=t("declined.not_charged"),
                items=(link, *others),
            )
        if self._by_field and not (self._given.is_quiet and "form" not in self._by_field):
            items = tuple((text, "" if name == "form" else name) for name, text in self._by_field.items())
            return Noted(tone="error", heading=t.count("problems", len(items)), items=items)
        if self._given.dropped_code:
            product = self._visit.checkout.selected.name
            text = t("discount.dropped", code=self._given.dropped_code, product=product)
            return Noted(tone="notice", heading=text)
        if self._given.changed is not None and not self._given.is_quiet:
            text = f"{self.changed_total()} {t('changed.check')}"
            return Noted(tone="notice", heading=t("changed.heading"), text=text)
        return Noted()

    def changed_total(self) -> str:
        """From what to what the total changed, and why; empty when it did not."""
        changed, now = self._given.changed, total_of(self._visit.checkout.quote)
        if changed is None:
            return ""
        before = changed.before
        # What is due today says most, unless that is the same: a trial's nothing.
        is_due = (before.currency, before.due_minor) != (now.currency, now.due_minor)
        was, amount = (before.due_minor, now.due_minor) if is_due else (before.total_minor, now.total_minor)
        return self._words.texts(
            f"changed.{changed.why}",
            before=self._words.money(was, before.currency),
            amount=self._words.money(amount, now.currency),
        )

    def _sentence(self, one: Complaint) -> str:
        t, checkout = self._words.texts, self._visit.checkout
        key = one.key
        uses_card = self._given.typed.get("method", "card") == "card"
        if one.field == "name" and key == "problem.name.required" and checkout.is_payment_form_required and uses_card:
            key = "problem.name_card.required"
        if one.field == "country" and key == "problem.field.required":
            key = "problem.country.required"
        values: dict[str, object] = {
            "merchant": self._visit.organization.name,
            "product": checkout.selected.name,
            "currency": checkout.currency,
            "code": self._given.typed.get("discount_code", ""),
            "country": in_sentence(self._country, language=t.language),
        }
        if one.field.startswith(("amount_", "quantity_")):
            values |= self._about_line(int(one.field.rpartition("_")[2]))
        if one.field == "tax_id":
            values["label"] = t(places.tax_id_label(self._country))
            values["example"] = places.tax_id_example(self._country)
            if key == "problem.tax_id.invalid" and not values["example"]:
                key = "problem.tax_id.invalid_there"
        is_of_address = one.field in ("line1", "city", "state", "postal_code")
        if is_of_address and not self._country:
            key = "problem.country.required"  # which says what else there is to fill in
        elif is_of_address:
            word, has_choices = self._part(one.field)
            values |= {"field": word, "example": postal_codes.example(self._country)}
            if key == "problem.field.required" and has_choices:
                key = "problem.choice.required"
        return t(key, **{**values, **one.values})

    def _part(self, name: str) -> tuple[str, bool]:
        """What this country calls a part of its addresses, inside a sentence; and whether it is chosen from a list."""
        parts = places.parts_of(self._country, fields_for(self._country, full=True))
        part = next((part for part in parts if part.name == name), None)
        label = self._words.texts(part.label_key) if part else name
        inside = label if label[1:2].isupper() else label[0].lower() + label[1:]
        return inside, bool(part and part.choices)

    def _about_line(self, position: int) -> dict[str, object]:
        checkout = self._visit.checkout
        if position >= len(checkout.lines):
            return {}
        line, code = checkout.lines[position], checkout.price_currency
        product, terms = checkout.product(line.product_id), checkout.price_of(line).terms
        known = find_currency(code)
        low, high = known.smallest_charge_minor, known.largest_charge_minor
        if isinstance(terms, Custom):
            low = max(terms.minimum_minor, low)
            high = high if terms.maximum_minor is None else terms.maximum_minor
        return {
            "product": product.name,
            "min": self._words.money(low, code),
            "max": self._words.money(high, code),
            "zero": self._words.money(0, code),
            "example": typed_amount(to_step(low + 250 * 10**known.exponent // 100, known.step_minor), code),
        }
