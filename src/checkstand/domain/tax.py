"""Tax: what is known of a sale's place, what is decided about it, and how a rate becomes an amount.

Rule: each tax of a group of lines is worked out once and rounded half away from zero; an exclusive tax is
added, an inclusive one is contained. Where a place has two taxes (GST and QST) each is worked out by itself on the same amount. Who
decides the rates is behind a port (`providers/taxes.py`): a decision names its reason.

    >>> taxes_on(1000, [190_000], inclusive=False), taxes_on(1000, [190_000], inclusive=True)
    ((190,), (160,))
    >>> taxes_on(1000, [50_000, 99_750], inclusive=False)
    (50, 100)

Rates are in millionths (19 % is 190,000), since Québec's 9.975 % has no basis points.

Source: docs/behaviour/polar.md#taxes and docs/behaviour/dodo.md#currency-and-rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checkstand.domain.money import divide_half_away, split_within

TaxReason = Literal[
    "standard_rated",
    "reduced_rated",
    "zero_rated",
    "not_collecting",
    "product_exempt",
    "reverse_charge",
    "not_subject_to_tax",
    "not_supported",
]
MILLION = 1_000_000
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_VAT_AREA = {"MC": "FR"}
_VAT_PREFIXES = {"EL": "GR"}
EVERYWHERE = "*"
ONE_STOP_SHOP = "EU"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxComponent:
    """One tax of a place: `VAT` at 20 %, or one of the two that Québec has."""

    name: str
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxQuestion:
    """What a decision needs. `state` is written with its country (`US-CA`); `tax_id` is one that was found valid.

    `registrations` say where the seller collects: a country (`DE`), a region (`US-CA`, `CA-QC`), `EU` for the one-stop shop, or `*`.
    """

    seller_country: str | None
    registrations: frozenset[str]
    country: str
    state: str | None
    postal_code: str | None
    tax_id: str | None
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDecision:
    """How a category of goods is taxed for one buyer. No components: nothing is collected, for the reason given."""

    reason: TaxReason
    country: str
    state: str | None = None
    components: tuple[TaxComponent, ...] = ()
    source: str | None = None

    @property
    def rate_ppm(self) -> int:
        """All components together."""
        return sum(component.rate_ppm for component in self.components)

    @property
    def name(self) -> str | None:
        """The names of all components, as an invoice has them."""
        return " + ".join(component.name for component in self.components) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxShare:
    """One of the taxes in an amount: its name and rate, and what it comes to in minor units."""

    name: str
    rate_ppm: int
    amount_minor: int


def supplied_in(country: str, *, tax_id: str | None, seller_country: str | None) -> str:
    """The country whose tax a sale has: that of the address, but the seller's own for a business that buys under a number from there.

    Within the EU a business says by its number which of its establishments buys (Article 44, Directive 2006/112/EC; Article 22 (1),
    Implementing Regulation 282/2011).

    >>> supplied_in("FR", tax_id="DE136695976", seller_country="DE"), supplied_in("FR", tax_id="DE136695976", seller_country="AT")
    ('DE', 'FR')
    """
    home, there = (_VAT_AREA.get(code or "", code) for code in (seller_country, country))
    given = _VAT_PREFIXES.get((tax_id or "")[:2], (tax_id or "")[:2])
    is_at_home = home != there and {home, there} <= EU and given == home
    return seller_country if is_at_home and seller_country else country


def reverse_charge_note(country: str | None) -> str:
    """The sentence that a sale bears whose tax the buyer accounts for; `country` is the buyer's.

    >>> reverse_charge_note("CA"), reverse_charge_note("FR")[51:]
    ('Reverse charge: the recipient accounts for the tax.', '(Article 196, Council Directive 2006/112/EC).')
    """
    sentence = "Reverse charge: the recipient accounts for the tax"
    return f"{sentence} (Article 196, Council Directive 2006/112/EC)." if country in EU else f"{sentence}."


def taxes_on(amount_minor: int, rates_ppm: Sequence[int], *, inclusive: bool) -> tuple[int, ...]:
    """Each rate's tax on an amount, or the taxes contained in it; each is rounded by itself.

    What is contained is what is left of the amount when the rounded rest is taken away.
    """
    if not inclusive:
        return tuple(divide_half_away(amount_minor * rate, MILLION) for rate in rates_ppm)
    whole = MILLION + sum(rates_ppm)
    return tuple(amount_minor - divide_half_away(amount_minor * (whole - rate), whole) for rate in rates_ppm)


def spread_taxes(taxes: Sequence[int], weights: Sequence[int], most: Sequence[int]) -> list[tuple[int, ...]]:
    """What of each tax falls on each line: every tax is spread whole, and the taxes of a line stay within its bound in `most`.

    >>> spread_taxes([50, 100], [600, 400], [600, 400])
    [(30, 60), (20, 40)]
    """
    if not taxes:
        return [()] * len(weights)
    room = split_within(sum(taxes), weights, most)
    columns = []
    for tax in taxes[:-1]:
        columns.append(split_within(tax, weights, room))
        room = [left - part for left, part in zip(room, columns[-1], strict=True)]
    return list(zip(*columns, room, strict=True))
