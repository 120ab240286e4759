"""What a discount takes off and for how long, given in parts: how the parts that were given lie over the ones there are.

    >>> now = datetime(2026, 3, 1)
    >>> takes = AmountOff(amounts={"USD": 500, "EUR": 400})
    >>> one = Discount(id=UUID(int=1), organization_id=UUID(int=2), name="A", code=None, takes=takes, created_at=now)
    >>> WorthParts(amount=600).over(one, DiscountRules(), own_currency="USD").takes.amounts
    {'USD': 600, 'EUR': 400}

Where currencies are listed (`DiscountRules.lists_currencies`), an option says the most that is taken off in its currency, which for an
amount off is the amount itself, and the least that the cart must come to.

Source: docs/behaviour/polar.md#discounts and docs/behaviour/dodo.md#discounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime  # noqa: F401  # the example above
from typing import Literal
from uuid import UUID  # noqa: F401  # the example above

from checkstand.domain.discount import AmountOff, Discount, Duration, Percentage
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import DiscountRules

WorthKind = Literal["percentage", "fixed"]
WHOLE_BASIS_POINTS = 10_000
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyOption:
    """What holds in one currency (upper case): the most that is taken off, None for no limit, and the least subtotal."""

    currency: str
    most_minor: int | None = None
    minimum_subtotal_minor: int = 0
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthParts:
    """The parts that were given; None is what was not. Those that belong to the other kind of discount say nothing.

    `basis_points` and `amount`: of a percentage and of an amount off; whoever has one number for both gives it as both.
    `currency`: whose amount is meant; the discount's own one where it is not given. `amounts`, `options`: all of them.
    """

    kind: WorthKind | None = None
    basis_points: int | None = None
    amount: int | None = None
    currency: str | None = None
    amounts: Mapping[str, int] | None = None
    options: tuple[CurrencyOption, ...] | None = None
    duration: Duration | None = None
    months: int | None = None

    def over(self, present: Discount, rules: DiscountRules, *, own_currency: str) -> Discount:
        """The discount with these parts. Raises Invalid for a share, or options, that make no discount."""
        lasting = self._lasting(present)
        return self._listed(lasting, own_currency) if rules.lists_currencies else self._single(lasting, own_currency)

    def refused(self, present: Discount, *, own_currency: str) -> list[Problem]:
        """What may not change where a worth is kept: kind and duration ever, the rest once it was redeemed."""
        problems = []
        if self.duration is not None and self.duration != present.duration:
            problems.append(Problem(ProblemCode.DISCOUNT_DURATION_FIXED, ("duration",), self.duration))
        if self.kind is not None and self.kind != present.takes.kind:
            problems.append(Problem(ProblemCode.DISCOUNT_TYPE_FIXED, ("type",), self.kind))
        if present.redemptions_count == 0:
            return problems
        pairs: list[tuple[str, object, object]] = []
        if isinstance(present.takes, Percentage):
            pairs.append(("basis_points", self.basis_points, present.takes.basis_points))
        else:
            amounts = present.takes.amounts
            currency = single_currency(present.takes, own_currency)
            if self.amount is not None and self.currency is not None and self.currency in amounts:
                currency = self.currency
            pairs += [("amount", self.amount, amounts[currency]), ("amounts", self.amounts, amounts)]
            pairs.append(("currency", self.currency, currency))
        if present.duration == "repeating":
            pairs.append(("duration_in_months", self.months, present.duration_months))
        return problems + [
            Problem(ProblemCode.DISCOUNT_ALREADY_REDEEMED, (name,), kept)
            for name, given, kept in pairs
            if given is not None and given != kept
        ]

    def _lasting(self, present: Discount) -> Discount:
        duration = self.duration or present.duration
        months = present.duration_months
        if duration == "repeating" and self.months is not None:
            months = self.months
        # Months that were set count from now on, and no longer the billings that another API had set.
        cycles = present.cycles if months == present.duration_months else None
        return replace(present, duration=duration, duration_months=months, cycles=cycles)

    def _single(self, present: Discount, own_currency: str) -> Discount:
        """Each part by itself: one amount leaves the other currencies alone."""
        takes, kind = present.takes, self.kind or present.takes.kind
        if kind == "percentage":
            before = takes if isinstance(takes, Percentage) else Percentage(basis_points=WHOLE_BASIS_POINTS)
            share = before.basis_points if self.basis_points is None else self.basis_points
            return replace(present, takes=replace(before, basis_points=share))
        if self.amounts is not None:
            return _taking(present, self.amounts)
        if (self.amount is None and self.currency is None) or not isinstance(takes, AmountOff):
            return present
        amounts = dict(takes.amounts)
        currency = single_currency(takes, own_currency)
        amount = amounts[currency]
        if self.currency is not None and self.currency not in amounts:
            del amounts[currency]
        named = self.currency or currency
        amounts[named] = self.amount if self.amount is not None else amounts.get(named, amount)
        return _taking(present, amounts)

    def _listed(self, present: Discount, own_currency: str) -> Discount:
        """Kind, number and options together: what was not given of them is as it was."""
        number = self.amount if self.amount is not None else self.basis_points
        if self.kind is None and number is None and self.options is None:
            return present
        kind = self.kind or present.takes.kind
        number = number_of(present, own_currency) if number is None else number
        options = options_of(present, own_currency) if self.options is None else self.options
        if (problem := _unlistable(kind, number, options, own_currency)) is not None:
            raise Invalid([problem])
        most = {each.currency: each.most_minor for each in options if each.most_minor is not None}
        default = next((each.currency for each in options if each.is_default), None)
        extras = {key: value for key, value in present.extras.items() if key not in ("amount", "default_currency")}
        extras |= {"default_currency": default} if default else {}
        takes: Percentage | AmountOff = Percentage(basis_points=number, caps=most)
        if kind == "fixed":
            takes, extras = AmountOff(amounts=most), {**extras, "amount": number}
        minimums = {each.currency: each.minimum_subtotal_minor for each in options}
        return replace(present, takes=takes, minimum_subtotals=minimums, extras=extras)


def _taking(present: Discount, amounts: Mapping[str, int]) -> Discount:
    """The discount with these amounts off. The one number that another API had given beside others no longer tells them."""
    takes = AmountOff(amounts=amounts)
    kept = present.extras if takes == present.takes else {k: v for k, v in present.extras.items() if k != "amount"}
    return replace(present, takes=takes, extras=kept)


def single_currency(takes: AmountOff, own_currency: str) -> str:
    """The currency that is meant where only one can be told: the organization's own if there is an amount in it, else the first."""
    return own_currency if own_currency in takes.amounts else next(iter(takes.amounts))


def number_of(discount: Discount, own_currency: str) -> int:
    """The one number: basis points; of an amount off the number that was given, else the amount in the default currency."""
    if isinstance(discount.takes, Percentage):
        return discount.takes.basis_points
    given = discount.extras.get("amount")
    if isinstance(given, int):
        return given
    default = _default_currency(discount, own_currency)
    return min(discount.takes.amounts.get(default or "", 0), LARGEST_NUMBER)


def options_of(discount: Discount, own_currency: str) -> list[CurrencyOption]:
    """The options that make this discount, in the order they were given."""
    most = discount.takes.caps if isinstance(discount.takes, Percentage) else discount.takes.amounts
    default = _default_currency(discount, own_currency)
    return [
        CurrencyOption(
            currency=currency,
            is_default=currency == default,
            most_minor=most.get(currency),
            minimum_subtotal_minor=discount.minimum_subtotals.get(currency, 0),
        )
        for currency in dict.fromkeys([*discount.minimum_subtotals, *most])
    ]


def _default_currency(discount: Discount, own_currency: str) -> str | None:
    """The currency that others are converted from: the one that was said, else the organization's own, else the first there is."""
    said = discount.extras.get("default_currency")
    if isinstance(discount.takes, Percentage):
        return said if isinstance(said, str) else None
    amounts = discount.takes.amounts
    wishes = [said, own_currency, next(iter(amounts), None)]
    return next((code for code in wishes if isinstance(code, str) and code in amounts), None)


def _unlistable(kind: WorthKind, number: int, options: Sequence[CurrencyOption], own_currency: str) -> Problem | None:
    """Why these make no discount, or None."""
    if kind == "percentage":
        too_much = number > WHOLE_BASIS_POINTS
        return Problem(ProblemCode.DISCOUNT_PERCENTAGE_INVALID, ("amount",), number) if too_much else None
    if not options or any(each.most_minor is None for each in options):
        return Problem(ProblemCode.DISCOUNT_OPTIONS_MISSING, ("currency_options",))
    if len(options) > 1 and not any(each.is_default or each.currency == own_currency for each in options):
        return Problem(ProblemCode.DISCOUNT_DEFAULT_MISSING, ("currency_options",))
    return None
