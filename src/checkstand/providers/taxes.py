"""Taxes: which tax of which rate a sale has, given where seller and buyer are.

`TaxProvider` is the port; `OfflineTaxes` answers it from a dated table that ships with the server (`data/tax_rates.csv`, whose head
explains its columns). It decides by country, state and category, and by postal code where a territory is taxed otherwise
(`data/tax_territories.csv`). Taxes of counties and cities it does not know: `docs/taxes.md` says what that leaves out, and how to put
another provider in.

How a rate becomes an amount is in `domain/tax.py`, who asks in `flows/checkout/price_checkout.py`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Protocol

from checkstand.domain.tax import (
    EU,
    EVERYWHERE,
    ONE_STOP_SHOP,
    TaxComponent,
    TaxDecision,
    TaxQuestion,
    TaxReason,
    supplied_in,
)

_FEDERAL: Final = ("US", "CA")  # there a country alone does not tell the tax
_PPM_OF_PERCENT: Final = 10_000


class TaxProvider(Protocol):
    """The port that says how a sale is taxed."""

    async def decide(self, question: TaxQuestion) -> TaxDecision | None:
        """The taxes and why, or None when the address does not say enough. May take seconds, so never ask in a transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateRow:
    """One tax of one place on one category (None: on everything without a row of its own).

    `rate_ppm` is None where nothing is collected: the category is exempt, or the place has no such tax at all (`is_absent`).
    """

    place: str
    name: str
    rate_ppm: int | None
    is_absent: bool
    category: str | None
    needs: str
    is_reversed: bool


class OfflineTaxes:
    """The shipped table, loaded at the first question. A zero rate is a component of its own, since an invoice names it."""

    async def decide(self, question: TaxQuestion) -> TaxDecision | None:
        """By the dated table. An unknown place is `not_supported`, one that no registration covers `not_collecting`."""
        supplied = supplied_in(question.country, tax_id=question.tax_id, seller_country=question.seller_country)
        if supplied != question.country:
            question = replace(question, country=supplied, state=None, postal_code=None)
        country, state = question.country, question.state
        place = place_of(country, question.postal_code)
        if country in _FEDERAL and _registered_somewhere_in(country, question.registrations):
            if state is None or not state.startswith(f"{country}-") or state not in _table():
                return None
            place = state
        found = _table().get(place)
        covering = [row for row in found or () if _covers(question.registrations, row)]
        if covering:
            return _decision(question, _of_category(covering, question.category))
        if _is_left_to_the_buyer(question, found or ()):
            return _decision(question, _of_category(found or (), question.category))
        nothing_known = found is None and EVERYWHERE in question.registrations
        return TaxDecision(reason="not_supported" if nothing_known else "not_collecting", country=country, state=state)


def place_of(country: str, postal_code: str | None) -> str:
    """The place whose taxes apply: the country itself, or the territory that the postal code is of.

    >>> place_of("ES", "35001"), place_of("PT", "9500-321"), place_of("FR", "75001"), place_of("FI", None)
    ('ES-CN', 'PT-20', 'FR', 'FI')
    """
    territories = _territories().get(country)
    if territories is None or not postal_code:
        return country
    code = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", postal_code).upper())
    if country != "GB":
        code = re.sub(r"^[A-Z]+(?=\d)", "", code)  # AX-22100, F-97100
    fitting = [beginning for beginning in territories if code.startswith(beginning)]
    return territories[max(fitting, key=len)] if fitting else country


def registration_codes() -> frozenset[str]:
    """Everything that a seller can be registered for here: countries, states, `EU`, and `*`."""
    codes = {row.needs for rows in _table().values() for row in rows if not row.is_absent}
    return frozenset(codes | set(_FEDERAL) | {ONE_STOP_SHOP, EVERYWHERE})


def rows_covered_by(code: str) -> tuple[TaxRateRow, ...]:
    """The rows of the table for which one registration makes a seller collect tax."""
    return tuple(row for row in rows() if not row.is_absent and _covers(frozenset({code}), row))


def rows() -> tuple[TaxRateRow, ...]:
    """The whole table, as shipped."""
    return tuple(row for found in _table().values() for row in found)


def _registered_somewhere_in(country: str, registrations: frozenset[str]) -> bool:
    return any(code in (EVERYWHERE, country) or code.startswith(f"{country}-") for code in registrations)


def _covers(registrations: frozenset[str], row: TaxRateRow) -> bool:
    """`US` covers each state, since there is no federal tax; `CA` covers the federal tax and no provincial one."""
    if EVERYWHERE in registrations or row.needs in registrations:
        return True
    if row.needs in EU:
        return ONE_STOP_SHOP in registrations
    return row.needs.startswith("US-") and "US" in registrations


def _of_category(rows: Iterable[TaxRateRow], category: str) -> list[TaxRateRow]:
    """For each tax the row of the category, else that of everything."""
    chosen: dict[str, TaxRateRow] = {}
    for row in rows:
        if row.category == category or (row.category is None and row.name not in chosen):
            chosen[row.name] = row
    return list(chosen.values())


def _decision(question: TaxQuestion, rows: list[TaxRateRow]) -> TaxDecision:
    def decided(reason: TaxReason, taxes: Iterable[TaxRateRow] = ()) -> TaxDecision:
        components = tuple(TaxComponent(name=row.name, rate_ppm=row.rate_ppm or 0) for row in taxes)
        return TaxDecision(
            reason=reason,
            country=question.country,
            state=question.state,
            components=components,
            source=f"offline table of {dated()}",
        )

    taxed = [row for row in rows if row.rate_ppm is not None]
    if not taxed:
        return decided("not_subject_to_tax" if any(row.is_absent for row in rows) else "product_exempt")
    collected = [row for row in taxed if not _is_reversed(question, row)]
    if not collected:
        return decided("reverse_charge")
    if all(row.rate_ppm == 0 for row in collected):
        return decided("zero_rated", collected)
    return decided("standard_rated" if any(row.category is None for row in collected) else "reduced_rated", collected)


def _is_reversed(question: TaxQuestion, row: TaxRateRow) -> bool:
    """Whether the buyer, a business abroad, accounts for this tax. Monaco is not abroad for a seller in France, nor the reverse."""
    seller = question.seller_country
    if question.tax_id is None or seller is None or not row.is_reversed:
        return False
    home = {seller} | {its.needs for its in _table().get(seller, ())}
    return question.country not in home and row.needs not in home


def _is_left_to_the_buyer(question: TaxQuestion, rows: Iterable[TaxRateRow]) -> bool:
    """Whether a business in one member state buys from a seller who collects in another alone: no registration is needed for that.

    The recipient owes the tax (Articles 44 and 196, Directive 2006/112/EC), and the invoice has to say so.
    """
    collects_in_the_union = ONE_STOP_SHOP in question.registrations or bool(question.registrations & EU)
    return collects_in_the_union and any(row.needs in EU and _is_reversed(question, row) for row in rows)


def dated() -> str:
    """The day (ISO 8601) that the table was right, as far as its sources say."""
    return _text().partition("as of ")[2][:10]


@cache
def _text() -> str:
    return _data("tax_rates.csv")


def _data(name: str) -> str:
    return (resources.files("checkstand.providers") / "data" / name).read_text("utf-8")


def _lines(text: str) -> csv.DictReader[str]:
    return csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _territories() -> Mapping[str, Mapping[str, str]]:
    """For each country that has some: how postal codes begin, and the place that they are of."""
    found: dict[str, dict[str, str]] = {}
    for line in _lines(_data("tax_territories.csv")):
        found.setdefault(line["country"], {}).update(dict.fromkeys(line["postcodes"].split(), line["place"]))
    return MappingProxyType(found)


@cache
def _table() -> Mapping[str, tuple[TaxRateRow, ...]]:
    found: dict[str, list[TaxRateRow]] = {}
    for row in _parsed(_text()):
        found.setdefault(row.place, []).append(row)
    return MappingProxyType({place: tuple(its) for place, its in found.items()})


def _parsed(text: str) -> Iterator[TaxRateRow]:
    for line in _lines(text):
        percent = line["percent"]
        for category in line["category"].split() or (None,):
            yield TaxRateRow(
                place=line["place"],
                name=line["name"],
                rate_ppm=None if percent in ("exempt", "none") else int(Decimal(percent) * _PPM_OF_PERCENT),
                is_absent=percent == "none",
                category=category,
                needs=line["needs"] or line["place"],
                is_reversed=line["b2b"] == "reverse",
            )
