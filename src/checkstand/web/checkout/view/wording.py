"""Amounts, dates and intervals as a buyer reads them: texts of the page's language, numbers and dates of the session's locale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context

from babel.numbers import format_decimal
from markupsafe import Markup

from checkstand.domain.catalog import Custom, Price, Product, Span, is_free, is_static, unit_amount
from checkstand.domain.money import divide_half_away, price_of_one
from checkstand.domain.money import format_money as plain_money
from checkstand.domain.quote import QuoteLine
from checkstand.domain.terms import Counted, Metered, SeatBased, UnitBased
from checkstand.formats import format_count, format_day, format_money, format_percent, format_rate, locale_of
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.words.texts import Texts

# Networks as people know them.
BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "rupay": "RuPay",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """How one page speaks. `locale` is a language tag or None."""

    texts: Texts
    locale: str | None

    def money(self, amount_minor: int, currency: str) -> str:
        """`$1,234.50`"""
        return format_money(amount_minor, currency, self.locale)

    def percent(self, ppm: int) -> str:
        """Millionths as a percentage: `20%`, `8.875%`."""
        return format_percent(ppm, self.locale)

    def number(self, count: int) -> str:
        """`100,000`"""
        return format_count(count, self.locale)

    def moment(self, moment: datetime) -> Markup:
        """Day and time: `December 5, 2026, 16:30 UTC`, and by script in the buyer's own zone."""
        return self._time(moment, f"{format_day(moment, self.locale)}, {moment:%H:%M} UTC", "moment")

    def day(self, moment: datetime) -> Markup:
        """The day of a moment: `December 5, 2026 (UTC)`, and by script the day that it is where the buyer is."""
        return self._time(moment, f"{format_day(moment, self.locale)} (UTC)", "day")

    def _time(self, moment: datetime, text: str, form: str) -> Markup:
        tag = str(locale_of(self.locale)).replace("_", "-")
        element = Markup('<time datetime="{}" lang="{}" data-zoned="{}">{}</time>')
        return element.format(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), tag, form, text)

    def per(self, span: Span) -> str:
        """`per month`, `every 3 months`: after an amount."""
        return self.texts.count(f"interval.per.{span.interval}", span.count)

    def every(self, span: Span) -> str:
        """`every month`, `every 3 months`."""
        return self.texts.count(f"interval.every.{span.interval}", span.count)

    def length(self, span: Span) -> str:
        """`14 days`."""
        return self.texts.count(f"span.{span.interval}", span.count)

    def rate(self, amount: str, currency: str) -> str:
        """A price per unit of use: `$0.0025`."""
        return format_rate(amount, currency, self.locale)

    def each(self, priced: QuoteLine, currency: str) -> str:
        """What one of a line costs, as its paper tells it: with more decimals where so many of it would not make the line's amount."""
        if not priced.quantity:
            return self.money(priced.unit_minor, currency)
        return self.rate(price_of_one(priced.subtotal_minor, priced.quantity), currency)

    def plain_rate(self, rate: str) -> str:
        """An exchange rate with five digits that count: `0.89509`, `151.62`."""
        value = Context(prec=5).create_decimal(rate)
        text: str = format_decimal(value, format="#,##0.########", locale=locale_of(self.locale))
        return text

    def counted(self, terms: Counted, count: int) -> str:
        """`5 seats`, `1 unit`, or in the merchant's own word for units: `20 credits`."""
        noun = self.noun(terms, count)
        if noun:
            return self.texts("counts.named", count=self.number(count), noun=noun)
        return self.texts.count("seats" if isinstance(terms, SeatBased) else "units", count)

    def noun(self, terms: Counted, count: int) -> str:
        """The merchant's own word for so many units; empty where there is none."""
        labels = terms.unit_label if isinstance(terms, UnitBased) else None
        if not labels:
            return ""
        tag = (self.locale or self.texts.language).replace("_", "-")
        found = next(
            (tag for tag in (tag, tag.split("-")[0], self.texts.language) if tag in labels), next(iter(labels))
        )
        forms = labels[found]
        plural: str = locale_of(found).plural_form(count)
        return forms.get(plural) or forms.get("other") or next(iter(forms.values()), "")

    def price(self, product: Product, price: Price) -> str:
        """`$20.00 per month`, `Free`, `from $5.00`."""
        return self.prices(product, [price])

    def prices(self, product: Product, prices: Sequence[Price]) -> str:
        """What a product costs, all its prices of one currency together: `$20.00 + $8.00 per seat per month`."""
        static = [price for price in prices if is_static(price)] or list(prices)
        if all(is_free(price) for price in static):
            return self.texts("price.free")
        amount = self._one(static[0])
        for price in static[1:]:
            amount = self.texts("price.and", first=amount, second=self._one(price))
        return self.repeating(amount, product.recurrence)

    def _one(self, price: Price) -> str:
        terms = price.terms
        if isinstance(terms, Custom):
            if terms.minimum_minor == 0:
                return self.texts("price.choose")
            return self.texts("price.from", amount=self.money(terms.minimum_minor, price.currency))
        if isinstance(terms, Metered):
            unit = terms.unit or self.texts("price.unit")
            return self.texts("price.metered", amount=self.rate(terms.unit_amount, price.currency), unit=unit)
        if not isinstance(terms, SeatBased | UnitBased):
            return self.money(unit_amount(price, chosen_minor=None), price.currency)
        rates = [tier.unit_minor for tier in terms.tiers]
        lowest = self.money(reduced(min(rates), price), price.currency)
        if isinstance(terms, SeatBased):
            each = self.texts("price.per_seat", amount=lowest)
        else:
            each = self.texts("price.per_unit", amount=lowest, unit=self.noun(terms, 1) or self.texts("price.unit"))
        return each if len(set(rates)) == 1 else self.texts("price.from", amount=each)

    def repeating(self, amount: str, span: Span | None) -> str:
        """An amount with its interval behind it, when there is one."""
        return self.texts("price.per", amount=amount, interval=self.per(span)) if span else amount


def reduced(unit_minor: int, price: Price) -> int:
    """A tier's rate after the price's own percentage."""
    return divide_half_away(unit_minor * (100 - price.discount_percent), 100)


def wording_for(visit: CheckoutVisit) -> Wording:
    """The page's language, and the locale that the session asks for."""
    return Wording(visit.texts, visit.checkout.buyer.locale)


def typed_amount(amount_minor: int, currency: str) -> str:
    """An amount as a person would type it: digits and a decimal point, nothing that a keyboard lacks."""
    text = plain_money(amount_minor, currency).replace(",", "")
    return "".join(character for character in text if character.isdigit() or character == ".")
