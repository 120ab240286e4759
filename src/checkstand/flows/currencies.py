"""Paying in another currency than the price's: the rate is asked for once and kept with the session.

Rule: the buyer pays a fee that falls with the order's value in US dollars. Same currency: nothing to exchange and
no fee, so INR to INR stays as priced. Without a rate the session stays in the price's currency.

The arithmetic is in `domain/exchange.py`, the rates in `providers/rates.py`.

Source: docs/behaviour/dodo.md#currency-and-rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

from checkstand.domain.exchange import Exchange, fee_for
from checkstand.providers.rates import Rate, RateProvider


@dataclass(frozen=True, slots=True)
class KeptRate:
    """Satisfies `RateProvider`: the rate that a session was shown with, and today's for any other pair of currencies."""

    shown: Exchange
    today: RateProvider

    async def rate(self, base: str, currency: str) -> Rate | None:
        """The rate that is kept, else what `today` says."""
        if (base, currency) == (self.shown.base, self.shown.currency):
            return Rate(base=base, currency=currency, rate=self.shown.rate, dated=self.shown.dated)
        return await self.today.rate(base, currency)


async def exchange_to(
    rates: RateProvider, *, base: str, currency: str, amount_minor: int, with_fee: bool
) -> Exchange | None:
    """The exchange for an order of `amount_minor` in `base`, or None: same currency, or no rate. Call outside a transaction."""
    base, currency = base.upper(), currency.upper()
    if base == currency:
        return None
    found = await rates.rate(base, currency)
    if found is None:
        return None
    fee_ppm = 0
    if with_fee:
        usd_minor = await _in_usd(rates, base, amount_minor)
        if usd_minor is None:
            return None  # the fee can't be told: no exchange is better than a wrong fee
        fee_ppm = fee_for(usd_minor)
    return Exchange(base=base, currency=currency, rate=found.rate, fee_ppm=fee_ppm, dated=found.dated)


async def _in_usd(rates: RateProvider, base: str, amount_minor: int) -> int | None:
    if base == "USD":
        return amount_minor
    found = await rates.rate(base, "USD")
    if found is None:
        return None
    return Exchange(base=base, currency="USD", rate=found.rate, fee_ppm=0, dated=found.dated).convert(amount_minor)
