"""Amounts, dates and intervals as a buyer reads them: texts of the page's language, numbers and dates of the session's locale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checkstand.domain.catalog import Custom, Price, Product, Span, is_free, unit_amount
from checkstand.domain.money import format_money as plain_money
from checkstand.web.checkout.session import Visit
from checkstand.web.checkout.texts import Texts
from checkstand.web.templating import format_day, format_money


@dataclass(frozen=True, slots=True)
class Wording:
    """How one page speaks. `locale` is a language tag or None."""

    texts: Texts
    locale: str | None

    def money(self, amount_minor: int, currency: str) -> str:
        """`$1,234.50`"""
        return format_money(amount_minor, currency, self.locale)

    def day(self, moment: datetime) -> str:
        """`December 5, 2026`"""
        return format_day(moment, self.locale)

    def per(self, span: Span) -> str:
        """`per month`, `every 3 months`: after an amount."""
        return self.texts.count(f"interval.per.{span.interval}", span.count)

    def every(self, span: Span) -> str:
        """`every month`, `every 3 months`."""
        return self.texts.count(f"interval.every.{span.interval}", span.count)

    def length(self, span: Span) -> str:
        """`14 days`."""
        return self.texts.count(f"span.{span.interval}", span.count)

    def price(self, product: Product, price: Price) -> str:
        """`$20.00 per month`, `Free`, `from $5.00`."""
        if is_free(price):
            return self.texts("price.free")
        if isinstance(price.terms, Custom):
            amount = self.texts("price.from", amount=self.money(price.terms.minimum_minor, price.currency))
            if price.terms.minimum_minor == 0:
                amount = self.texts("price.choose")
        else:
            amount = self.money(unit_amount(price, chosen_minor=None), price.currency)
        return self.repeating(amount, product.recurrence)

    def repeating(self, amount: str, span: Span | None) -> str:
        """An amount with its interval behind it, when there is one."""
        return self.texts("price.per", amount=amount, interval=self.per(span)) if span else amount


def wording_for(visit: Visit) -> Wording:
    """The page's language, and the locale that the session asks for."""
    return Wording(visit.texts, visit.checkout.buyer.locale)


def typed_amount(amount_minor: int, currency: str) -> str:
    """An amount as a person would type it: digits and a decimal point, nothing that a keyboard lacks."""
    text = plain_money(amount_minor, currency).replace(",", "")
    return "".join(character for character in text if character.isdigit() or character == ".")
