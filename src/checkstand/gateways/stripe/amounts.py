"""What Stripe takes as an amount. Its minor units are ours (`domain/currency.py` says why); it refuses some of them.

* ISK and UGX have two decimals that must be 00.
* Currencies with three decimals must end in 0.

Prices and totals keep to these steps (`domain/pricing.py`), so what is quoted is what is charged. An amount from before they did is
charged as the nearest one that Stripe takes, half away from zero; the quoted one is kept in the intent's metadata.

    >>> chargeable_minor(138_742, "ISK"), chargeable_minor(5_124, "KWD"), chargeable_minor(1_999, "USD")
    (138700, 5120, 1999)
    >>> chargeable_minor(20, "ISK")
    100
"""

from __future__ import annotations

from checkstand.domain.currency import currency
from checkstand.domain.money import to_step


def step_minor(code: str) -> int:
    """What an amount in this currency has to be a multiple of."""
    return currency(code).step_minor


def chargeable_minor(amount_minor: int, code: str) -> int:
    """The amount to ask Stripe for, in its minor units; never 0 for something that costs."""
    return to_step(amount_minor, step_minor(code))
