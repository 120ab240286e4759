"""The product form as data: what was typed, and what it means or why it cannot be understood.

Amounts are typed in major units, in whatever way the person's country writes them. A row of the price table counts when an amount
was typed in it; the first always counts. Nothing typed is ever lost: a form that is refused comes back as it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from checkstand.domain.catalog import (
    LONGEST_PRODUCT_NAME,
    SHORTEST_PRODUCT_NAME,
    Custom,
    Fixed,
    Interval,
    Price,
    PriceDefinition,
    Product,
    Span,
    Terms,
    Visibility,
)
from checkstand.domain.currency import CURRENCIES, UnknownCurrency, currency
from checkstand.domain.image import ImageRef
from checkstand.domain.money import parse_amount, step_missed
from checkstand.formats import format_money
from checkstand.web.dashboard.forms import Form

LONGEST_DESCRIPTION = 5_000
MOST_ROWS = 20
MODELS = {"fixed": "Fixed price", "custom": "Pay what you want", "free": "Free"}
MOST_INTERVALS = 999
LONGEST_TRIAL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPrice:
    """One row of the price table, as typed."""

    currency: str = ""
    amount: str = ""
    minimum: str = ""
    preset: str = ""
    maximum: str = ""

    def says_something(self, model: str) -> bool:
        """Whether anything was typed that this model reads."""
        typed = {"fixed": self.amount, "custom": self.minimum + self.preset + self.maximum, "free": self.currency}
        return bool(typed[model])


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedProduct:
    """The whole form, as typed. `image` is the one it shows: the product's, or one that was sent with it; `image_problem` says why
    a file that was sent is none."""

    name: str = ""
    description: str = ""
    image: ImageRef | None = None
    image_problem: str = ""
    billing: str = "once"
    count: str = "1"
    interval: str = "month"
    model: str = "fixed"
    rows: tuple[TypedPrice, ...] = (TypedPrice(),)
    trial_count: str = ""
    trial_interval: str = "day"
    visibility: str = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the form means."""

    name: str
    description: str | None
    visibility: Visibility
    recurrence: Span | None
    trial: Span | None
    definitions: tuple[PriceDefinition, ...]


@dataclass(slots=True)
class Reading:
    """Problems found so far, by the id of the field that they belong to, in the order of the form."""

    problems: dict[str, str] = field(default_factory=dict)

    def wrong(self, name: str, message: str) -> None:
        self.problems.setdefault(name, message)


def typed_from(form: Form) -> TypedProduct:
    """What a browser sent."""
    columns = [form.every(f"price_{name}") for name in ("currency", "amount", "minimum", "preset", "maximum")]
    longest = min(max((len(column) for column in columns), default=0), MOST_ROWS)

    def cell(column: list[str], index: int) -> str:
        return column[index][:60] if index < len(column) else ""

    rows = tuple(
        TypedPrice(
            currency=cell(columns[0], index).upper(),
            amount=cell(columns[1], index),
            minimum=cell(columns[2], index),
            preset=cell(columns[3], index),
            maximum=cell(columns[4], index),
        )
        for index in range(longest)
    )
    model = form.text("model")
    return TypedProduct(
        name=form.text("name"),
        description=form.text("description"),
        billing="repeats" if form.text("billing") == "repeats" else "once",
        count=form.text("count")[:20],
        interval=form.text("interval"),
        model=model if model in MODELS else "fixed",
        rows=rows or (TypedPrice(),),
        trial_count=form.text("trial_count")[:20],
        trial_interval=form.text("trial_interval"),
        visibility=form.text("visibility"),
    )


def typed_of(product: Product) -> TypedProduct:
    """An existing product, as it would have been typed."""
    prices = product.active_prices
    recurrence, trial = product.recurrence, product.trial
    return TypedProduct(
        name=product.name,
        description=product.description or "",
        image=product.images[0] if product.images else None,
        billing="repeats" if recurrence else "once",
        count=str(recurrence.count) if recurrence else "1",
        interval=str(recurrence.interval) if recurrence else "month",
        model=_model_of(prices),
        rows=tuple(_typed_price(price) for price in prices) or (TypedPrice(),),
        trial_count=str(trial.count) if trial and trial.count else "",
        trial_interval=str(trial.interval) if trial else "day",
        visibility=str(product.visibility),
    )


def texts_of(typed: TypedProduct) -> dict[str, str]:
    """The form's parts as they are compared: what belongs together is one. The period of a product cannot change, so it is none."""
    rows = [row for index, row in enumerate(typed.rows) if index == 0 or row.says_something(typed.model)]
    prices = [(row.currency, row.amount, row.minimum, row.preset, row.maximum) for row in rows]
    return {
        "name": typed.name,
        "description": typed.description,
        "image": str(typed.image.id) if typed.image else "",
        "pricing": "\n".join([typed.model, *(" | ".join(price) for price in prices)]),
        "trial": f"{typed.trial_count} {typed.trial_interval}" if typed.trial_count else "",
        "visibility": typed.visibility,
    }


def merged(typed: TypedProduct, present: TypedProduct, own: Set[str]) -> TypedProduct:
    """The parts in `own` as they were typed, the others as they are stored."""
    parts = {"pricing": ("model", "rows"), "trial": ("trial_count", "trial_interval")}
    kept = {name for part in texts_of(typed).keys() - own for name in parts.get(part, (part,))}
    return replace(typed, **{name: getattr(present, name) for name in kept})


def _model_of(prices: tuple[Price, ...]) -> str:
    if prices and isinstance(prices[0].terms, Custom):
        return "custom"
    return "free" if prices and all(price.terms == Fixed(amount_minor=0) for price in prices) else "fixed"


def _typed_price(price: Price) -> TypedPrice:
    def shown(amount_minor: int | None) -> str:
        return "" if amount_minor is None else major_text(amount_minor, price.currency)

    if isinstance(price.terms, Fixed):
        return TypedPrice(currency=price.currency, amount=shown(price.terms.amount_minor))
    terms = price.terms
    if not isinstance(terms, Custom):
        return TypedPrice(currency=price.currency)
    return TypedPrice(
        currency=price.currency,
        minimum=shown(terms.minimum_minor),
        preset=shown(terms.preset_minor),
        maximum=shown(terms.maximum_minor),
    )


def major_text(amount_minor: int, code: str) -> str:
    """An amount in major units as a field shows it.

    >>> major_text(123450, "USD"), major_text(80, "JPY"), major_text(799_900, "ISK")
    ('1234.50', '80', '7999')
    """
    known = currency(code)
    whole, fraction = divmod(amount_minor, 10**known.exponent)
    return f"{whole}.{fraction:0{known.exponent}d}" if known.decimals_of(amount_minor) else str(whole)


def understand(
    typed: TypedProduct,
    *,
    fixed_recurrence: Span | None = None,
    is_new: bool = True,
    with_prices: bool = True,
    with_name: bool = True,
) -> Understood | Mapping[str, str]:
    """What was meant, or the problems by field. A product keeps the period that it was made with: `fixed_recurrence`.

    Without `with_prices` the prices were not changed, and none are understood; without `with_name` the name stays what it is.
    """
    reading = Reading()
    if with_name:
        _read_name(reading, typed.name)
    if len(typed.description) > LONGEST_DESCRIPTION:
        reading.wrong(
            "description", f"Use at most {LONGEST_DESCRIPTION} characters; these are {len(typed.description)}."
        )
    if typed.image_problem:
        reading.wrong("image", typed.image_problem)
    recurrence = fixed_recurrence
    if is_new and typed.billing == "repeats":
        recurrence = _span(reading, "count", typed.count, typed.interval, MOST_INTERVALS, "a period")
    definitions = tuple(_definitions(reading, typed)) if with_prices else ()
    trial = None
    if recurrence and typed.trial_count:
        trial = _span(reading, "trial_count", typed.trial_count, typed.trial_interval, LONGEST_TRIAL, "a trial")
    if typed.visibility not in [str(item) for item in Visibility]:
        reading.wrong("visibility", "Select who can see the product.")
    if reading.problems:
        return reading.problems
    return Understood(
        name=typed.name,
        description=typed.description or None,
        visibility=Visibility(typed.visibility),
        recurrence=recurrence,
        trial=trial,
        definitions=definitions,
    )


def _read_name(reading: Reading, name: str) -> None:
    if not name:
        reading.wrong("name", "Enter a name. Buyers see it.")
    elif len(name) < SHORTEST_PRODUCT_NAME:
        reading.wrong("name", f"Use at least {SHORTEST_PRODUCT_NAME} characters.")
    elif len(name) > LONGEST_PRODUCT_NAME:
        reading.wrong("name", f"Use at most {LONGEST_PRODUCT_NAME} characters; these are {len(name)}.")


def _span(reading: Reading, name: str, count: str, interval: str, most: int, what: str) -> Span | None:
    if not (count.isascii() and count.isdigit() and 1 <= int(count) <= most):
        reading.wrong(name, f"Enter a whole number from 1 to {most} for {what}.")
        return None
    if interval not in [str(item) for item in Interval]:
        reading.wrong(name, "Choose days, weeks, months or years.")
        return None
    return Span(interval=Interval(interval), count=int(count))


def _definitions(reading: Reading, typed: TypedProduct) -> list[PriceDefinition]:
    found: list[PriceDefinition] = []
    for index, row in enumerate(typed.rows):
        if index > 0 and not row.says_something(typed.model):
            continue
        if row.currency not in CURRENCIES:
            reading.wrong(f"currency-{index}", "Choose a currency.")
            continue
        if any(other.currency == row.currency for other in found):
            reading.wrong(f"currency-{index}", f"{row.currency} has a price already: one price for each currency.")
            continue
        terms = _terms(reading, typed.model, row, index)
        if terms is not None:
            found.append(PriceDefinition(currency=row.currency, terms=terms))
    return found


def _terms(reading: Reading, model: str, row: TypedPrice, index: int) -> Terms | None:
    if model == "free":
        return Fixed(amount_minor=0)
    if model == "fixed":
        amount = _amount(reading, f"amount-{index}", row.amount, row.currency, "Enter the price.")
        return None if amount is None else Fixed(amount_minor=amount)
    minimum = _amount(reading, f"minimum-{index}", row.minimum or "0", row.currency, "")
    preset = _amount(reading, f"preset-{index}", row.preset, row.currency, None)
    maximum = _amount(reading, f"maximum-{index}", row.maximum, row.currency, None)
    if minimum is None:
        return None
    if maximum is not None and maximum < max(minimum, 1):
        reading.wrong(f"maximum-{index}", "The maximum must not be below the minimum.")
    if preset is not None and (preset < minimum or (maximum is not None and preset > maximum)):
        reading.wrong(f"preset-{index}", "The suggested amount must be between the minimum and the maximum.")
    return Custom(minimum_minor=minimum, preset_minor=preset, maximum_minor=maximum)


def _amount(reading: Reading, name: str, text: str, code: str, if_empty: str | None) -> int | None:
    """An amount that can be charged (or 0); `if_empty` None means that the field may stay empty."""
    if not text:
        if if_empty is not None:
            reading.wrong(name, if_empty)
        return None
    known = currency(code)
    try:
        amount = parse_amount(text, code)
    except (ValueError, UnknownCurrency):
        reading.wrong(name, no_amount(text, code))
        return None
    if 0 < amount < known.smallest_charge_minor:
        reading.wrong(name, f"Enter 0 or at least {format_money(known.smallest_charge_minor, code)}.")
        return None
    if amount > known.largest_charge_minor:
        reading.wrong(name, f"Enter at most {format_money(known.largest_charge_minor, code)}.")
        return None
    if step_missed(amount, code):
        reading.wrong(name, no_amount(text, code))
        return None
    return amount


def no_amount(text: str, code: str) -> str:
    """Why a text that is no amount of a currency is refused, with an example of one that is."""
    known = currency(code)
    example = major_text(10 ** (known.exponent + 1) * 2 - (known.step_minor if known.exponent else 0), code)
    return f"“{text}” is not an amount of {code}. Type it like {example}."
