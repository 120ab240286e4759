"""Tax: what is known of a sale's place, what is decided about it, and how a rate becomes an amount.

Rule (polar.md 8, dodo.md 2.3.8): the tax of a group of lines is worked out once and rounded half away from zero; an exclusive tax is
added, an inclusive one is contained. Who decides the rate is behind a port (`providers/taxes.py`): a decision names its reason.

    >>> rate = TaxDecision(reason="standard_rated", country="DE", components=(TaxComponent(name="MwSt.", rate_ppm=190_000),))
    >>> rate.tax_on(1000, inclusive=False), rate.tax_on(1000, inclusive=True)
    (190, 160)

Rates are in millionths (19 % is 190,000), since Québec's 9.975 % has no basis points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkstand.domain.money import divide_half_away

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

    def tax_on(self, amount_minor: int, *, inclusive: bool) -> int:
        """The tax on an amount, or the tax contained in it."""
        rate = self.rate_ppm
        if inclusive:
            return amount_minor - divide_half_away(amount_minor * MILLION, MILLION + rate)
        return divide_half_away(amount_minor * rate, MILLION)
