"""How the dashboard says what a product costs: each kind of price in a few words, tiers as rows of a small table.

>>> from checkstand.domain.terms import SeatTier
>>> tiers = (SeatTier(minimum=1, maximum=4, unit_minor=1000), SeatTier(minimum=5, maximum=None, unit_minor=800))
>>> [row.range for row in tier_rows(SeatBased(model="volume", tiers=tiers), "USD")]
['1 to 4', '5 and more']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checkstand.domain.catalog import Custom, Fixed, Price, Product
from checkstand.domain.terms import Counted, Metered, SeatBased, SeatTier, UnitBased
from checkstand.formats import format_money, format_rate
from checkstand.web.dashboard.words import span_text

_KINDS: Final[Mapping[str, str]] = {
    "custom": "pay what you want",
    "seat_based": "seats",
    "unit_based": "units",
    "metered_unit": "usage",
}
_MODELS: Final[Mapping[str, str]] = {
    "volume": "All {nouns} at the rate of the tier that their number is in",
    "graduated": "Each tier’s {nouns} at its own rate",
}
_TAX: Final[Mapping[str, str]] = {"inclusive": "tax included", "exclusive": "tax added", "location": "tax by place"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """How many, and what one of so many costs."""

    range: str
    each: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One price of a product; `tiers` where there is more than one, `counted` says of what."""

    id: str
    text: str
    detail: str
    currency: str
    is_archived: bool
    counted: str = ""
    tiers: Sequence[TierRow] = ()


def price_rows(product: Product) -> list[PriceRow]:
    """Prices that can be chosen first, then archived ones: old sessions still name those."""
    return [_price_row(price, product) for price in sorted(product.prices, key=lambda price: price.is_archived)]


def _price_row(price: Price, product: Product) -> PriceRow:
    terms = price.terms
    counted = terms if isinstance(terms, SeatBased | UnitBased) and len(terms.tiers) > 1 else None
    return PriceRow(
        id=str(price.id),
        text=price_text(price, product),
        detail=detail_text(price),
        currency=price.currency,
        is_archived=price.is_archived,
        counted=_nouns(counted).capitalize() if counted else "",
        tiers=tier_rows(counted, price.currency) if counted else (),
    )


def tier_rows(terms: Counted, currency: str) -> list[TierRow]:
    """Every tier with its first and last number."""
    rows, low = [], terms.minimum
    for tier in terms.tiers:
        high = tier.maximum if isinstance(tier, SeatTier) else tier.bound
        counts = f"{low} and more" if high is None else str(low) if low == high else f"{low} to {high}"
        rows.append(TierRow(range=counts, each=format_money(tier.unit_minor, currency)))
        low = (high or 0) + 1
    return rows


def amount_text(price: Price) -> str:
    """What a price asks for, without its period."""
    terms = price.terms
    if isinstance(terms, Fixed):
        return "Free" if terms.amount_minor == 0 else format_money(terms.amount_minor, price.currency)
    if isinstance(terms, Custom):
        return f"From {format_money(terms.minimum_minor, price.currency)}"
    if isinstance(terms, Metered):
        return f"{format_rate(terms.unit_amount, price.currency)} per {terms.unit or f'unit of {terms.meter_name}'}"
    rates = [tier.unit_minor for tier in terms.tiers]
    each = f"{format_money(min(rates), price.currency)} per {_noun(terms)}"
    return each if len(set(rates)) == 1 else f"From {each}"


def price_text(price: Price, product: Product) -> str:
    """One price: '$20.00 / month'. What a meter counts has no period of its own."""
    text = amount_text(price)
    if product.recurrence is None or isinstance(price.terms, Metered):
        return text
    return f"{text} / {span_text(product.recurrence)}"


def list_text(product: Product) -> tuple[str, int]:
    """All prices in the first one's currency together, and in how many other currencies the product is sold."""
    prices = product.active_prices
    if not prices:
        return "No price", 0
    together = [price for price in prices if price.currency == prices[0].currency]
    currencies = {price.currency for price in prices}
    return " + ".join(price_text(price, product) for price in together), len(currencies) - 1


def type_text(product: Product) -> str:
    """What kind of product it is: 'Subscription, seats and usage'."""
    kinds = {price.terms.kind for price in product.active_prices}
    said = [word for kind, word in _KINDS.items() if kind in kinds]
    kind = "Subscription" if product.recurrence else "One-time"
    return f"{kind}, {' and '.join(said)}" if said else kind


def detail_text(price: Price) -> str:
    """What else holds of a price: bounds, how tiers count, what a meter includes, its own percentage, its tax."""
    terms, parts = price.terms, list[str]()
    if isinstance(terms, Custom):
        parts += _bounds(terms, price.currency)
    if isinstance(terms, SeatBased | UnitBased):
        parts += _counts(terms)
    if isinstance(terms, Metered):
        parts.append(f"by usage of {terms.meter_name}, charged later")
        if terms.included_units:
            parts.append(f"the first {terms.included_units} included")
        if terms.cap_minor is not None:
            parts.append(f"at most {format_money(terms.cap_minor, price.currency)} a period")
    if price.discount_percent:
        parts.append(f"less {price.discount_percent}%")
    if price.tax_behavior:
        parts.append(_TAX[price.tax_behavior])
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _bounds(terms: Custom, currency: str) -> list[str]:
    parts = [f"at least {format_money(terms.minimum_minor, currency)}"]
    if terms.preset_minor is not None:
        parts.append(f"suggested {format_money(terms.preset_minor, currency)}")
    if terms.maximum_minor is not None:
        parts.append(f"at most {format_money(terms.maximum_minor, currency)}")
    return parts


def _counts(terms: Counted) -> list[str]:
    parts = [_MODELS[terms.model].format(nouns=_nouns(terms))] if len(terms.tiers) > 1 else []
    if terms.minimum > 1:
        parts.append(f"at least {terms.minimum}")
    if terms.maximum is not None:
        parts.append(f"at most {terms.maximum}")
    return parts


def _noun(terms: Counted) -> str:
    return "seat" if isinstance(terms, SeatBased) else _own_word(terms, "one") or "unit"


def _nouns(terms: Counted) -> str:
    return "seats" if isinstance(terms, SeatBased) else _own_word(terms, "other") or "units"


def _own_word(terms: UnitBased, form: str) -> str:
    """The merchant's word for what is counted: in English, else in the first language that there is."""
    labels = terms.unit_label or {}
    forms = labels.get("en") or next(iter(labels.values()), {})
    return forms.get(form) or forms.get("other") or next(iter(forms.values()), "")


def is_beyond_the_form(product: Product) -> bool:
    """Whether the form, which has one amount per currency and one model for all, cannot show these prices without loss."""
    prices = product.active_prices
    kinds = {price.terms.kind for price in prices}
    per_currency = Counter(price.currency for price in prices)
    return bool(kinds - {"fixed", "custom"}) or len(kinds) > 1 or any(count > 1 for count in per_currency.values())
