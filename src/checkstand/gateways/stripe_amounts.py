"""What Stripe takes as an amount. Its minor units are ours (`domain/currency.py` says why); it refuses some of them.

* ISK and UGX have two decimals that must be 00.
* Currencies with three decimals must end in 0.

An amount that Stripe would refuse is charged as the nearest one that it takes, half away from zero: at most half a krona or half a
hundredth of a dinar beside the quoted amount, which is kept in the intent's metadata.

    >>> chargeable_minor(138_742, "ISK"), chargeable_minor(5_124, "KWD"), chargeable_minor(1_999, "USD")
    (138700, 5120, 1999)
    >>> chargeable_minor(20, "ISK")
    100
"""

from __future__ import annotations

from checkstand.domain.currency import currency
from checkstand.domain.money import to_step

_WHOLE_UNITS = frozenset({"ISK", "UGX"})


def step_minor(code: str) -> int:
    """What an amount in this currency has to be a multiple of."""
    return 100 if code in _WHOLE_UNITS else 10 if currency(code).exponent == 3 else 1


def chargeable_minor(amount_minor: int, code: str) -> int:
    """The amount to ask Stripe for, in its minor units; never 0 for something that costs."""
    return to_step(amount_minor, step_minor(code))
