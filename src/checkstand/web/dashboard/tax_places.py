"""Where tax can be collected, by name, and what is charged there: the shipped table in a merchant's words.

>>> name_of("EU"), name_of("US-CA"), name_of("JP")
('European Union, one-stop shop', 'California, US', 'Japan')
>>> charge_of("JP").rate, charge_of("CA-QC").rate
('JCT 10%', 'QST 9.975%')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from babel import Locale

from checkstand.domain.address import CA_SUBDIVISIONS, US_STATES
from checkstand.domain.explain import rate_text
from checkstand.domain.tax import EVERYWHERE, ONE_STOP_SHOP
from checkstand.providers.taxes import TaxRateRow, registration_codes, rows_covered_by

_WIDE: Final[Mapping[str, str]] = {
    ONE_STOP_SHOP: "European Union, one-stop shop",
    "US": "United States, every state",
    "CA": "Canada, GST and HST",
    EVERYWHERE: "Everywhere",
}
_GOODS: Final[Mapping[str, str]] = {
    "digital_products": "digital products",
    "e_book": "e-books",
    "edtech": "education technology",
    "saas": "software in the cloud",
    "live_tutoring": "live tutoring",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a registration makes buyers pay. `but`: goods that are taxed otherwise."""

    rate: str
    but: str


@cache
def name_of(code: str) -> str:
    """A registration's place in English; the code itself where no name is known."""
    country, _, part = code.partition("-")
    if code in _WIDE:
        return _WIDE[code]
    if part:
        states = US_STATES if country == "US" else CA_SUBDIVISIONS
        return f"{states.get(part, part)}, {'US' if country == 'US' else 'Canada'}"
    return str(Locale("en").territories.get(code, code))


@cache
def charge_of(code: str) -> Charge:
    """The rates of a registration: one, or from the lowest to the highest of its places."""
    rows = rows_covered_by(code)
    usual = [row for row in rows if row.category is None]
    rates = sorted({row.rate_ppm or 0 for row in usual})
    names = {row.name for row in usual}
    if not rates:
        return Charge(rate="no rate is known", but="")
    if len(rates) == 1:
        name = names.pop() if len(names) == 1 else "Tax"
        return Charge(rate=f"{name} {rate_text(rates[0])}", but=_exceptions(rows))
    name = f"{names.pop()}, " if len(names) == 1 else ""
    but = "Some goods are taxed at another rate, or not at all" if len(usual) < len(rows) else ""
    return Charge(rate=f"{name}{rate_text(rates[0])} to {rate_text(rates[-1])}, by place", but=but)


def _exceptions(rows: Iterable[TaxRateRow]) -> str:
    """'e-books 7%; not on live tutoring', as a sentence."""
    by_rate: dict[int | None, list[str]] = {}
    for row in rows:
        if row.category is not None:
            said = _GOODS.get(row.category, row.category.replace("_", " "))
            by_rate.setdefault(row.rate_ppm, []).append(said)
    parts = []
    for rate, goods in by_rate.items():
        listed = ", ".join(dict.fromkeys(goods))
        parts.append(f"not on {listed}" if rate is None else f"{listed} {rate_text(rate)}")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def choices(taken: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can still be registered for: groups, each with its codes and their names in order."""
    left = registration_codes() - set(taken)
    groups = (
        ("Many places", [code for code in _WIDE if code in left]),
        ("Countries", _by_name(code for code in left if code not in _WIDE and "-" not in code)),
        ("US states", _by_name(code for code in left if code.startswith("US-"))),
        ("Canadian provinces’ own taxes", _by_name(code for code in left if code.startswith("CA-"))),
    )
    return [(label, [(code, name_of(code)) for code in codes]) for label, codes in groups if codes]


def _by_name(codes: Iterable[str]) -> list[str]:
    return sorted(codes, key=name_of)
