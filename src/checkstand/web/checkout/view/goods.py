"""What is sold, as the page's form shows it: plans, named amounts, seats and units, quantities, add-ons, the currency.

Every number is a field with a button on either side; which numbers are taken is `form/goods.py`'s word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from babel import Locale
from markupsafe import Markup

from checkstand.domain.catalog import Custom, Price, takes
from checkstand.domain.checkout import Checkout, Line, active_trial
from checkstand.domain.terms import Counted, SeatBased
from checkstand.web.checkout.form.goods import LARGEST_QUANTITY, counted, offered_currencies, range_of
from checkstand.web.checkout.view.fields import TYPING, Field
from checkstand.web.checkout.view.messages import Input, Messages
from checkstand.web.checkout.view.wording import Wording, reduced, typed_amount
from checkstand.web.prose import prose_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One product the buyer may choose."""

    id: UUID
    name: str
    price: str
    description: Markup
    badge: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step of a price that falls with the number; `is_current`: the one that the chosen number is in."""

    text: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepper:
    """A number with a button on either side. `step` names the buttons; `locked` is there instead where nothing can be chosen."""

    field: Field
    step: str
    less: str
    more: str
    is_least: bool = False
    is_most: bool = False
    locked: str = ""
    tiers_heading: str = ""
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """Something to add to a line: a box to tick, and how many once it is ticked."""

    name: str
    label: str
    description: Markup
    price: str
    is_chosen: bool
    stepper: Stepper


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonGroup:
    """The add-ons of one line."""

    legend: str
    addons: tuple[Addon, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """All of it, in the order of the page."""

    plans: tuple[Plan, ...]
    plan_error: str
    amounts: tuple[Field, ...]
    steppers: tuple[Stepper, ...]
    addons: tuple[AddonGroup, ...]
    currency: Field | None

    @property
    def is_changeable(self) -> bool:
        """Whether there is anything that a buyer without a script needs the button for."""
        steps = any(not one.locked for one in self.steppers)
        return bool(self.plans or self.amounts or steps or self.addons or self.currency)


class Counter:
    """Draws the goods of one page."""

    def __init__(self, checkout: Checkout, words: Wording, given: Input, messages: Messages) -> None:
        self.checkout = checkout
        self.words = words
        self.t = words.texts
        self.typed = given.typed
        self.messages = messages
        self.roots = [position for position, line in enumerate(checkout.lines) if line.part_of is None]

    def goods(self, country: str, *, is_adaptive: bool) -> Goods:
        """Everything that can be chosen. `is_adaptive`: the merchant takes other currencies than the price's."""
        return Goods(
            plans=self._plans(),
            plan_error=self.messages.error("product"),
            amounts=tuple(self._amounts()),
            steppers=(*self._counts(), *self._quantities()),
            addons=tuple(self._addons()),
            currency=self._currency(country, is_adaptive=is_adaptive),
        )

    def _plans(self) -> tuple[Plan, ...]:
        checkout = self.checkout
        if len(checkout.offers) < 2:
            return ()
        chosen = self.typed.get("product") or str(checkout.selected.id)
        return tuple(self._plan(offer, is_chosen=str(offer) == chosen) for offer in checkout.offers)

    def _plan(self, offer: UUID, *, is_chosen: bool) -> Plan:
        product = self.checkout.product(offer)
        prices = self.checkout.prices_of(product) or product.active_prices
        span = active_trial(product, self.checkout.trial)
        return Plan(
            id=offer,
            name=product.name,
            price=self.words.prices(product, prices) if prices else "",
            description=prose_line(product.description or ""),
            badge=self.t("trial.badge", span=self.words.length(span)) if span else "",
            is_chosen=is_chosen,
        )

    def _amounts(self) -> Iterator[Field]:
        for position, line in enumerate(self.checkout.lines):
            terms = self.checkout.price_of(line).terms
            if isinstance(terms, Custom):
                yield self._amount(position, line, terms)

    def _amount(self, position: int, line: Line, terms: Custom) -> Field:
        code, name = self.checkout.price_currency, f"amount_{position}"
        low = self.words.money(terms.minimum_minor, code)
        if terms.maximum_minor is None:
            hint = self.t("amount.hint_min", min=low) if terms.minimum_minor else ""
        else:
            hint = self.t("amount.hint_range", min=low, max=self.words.money(terms.maximum_minor, code))
        product = self.checkout.product(line.product_id).name
        return Field(
            name=name,
            label=self.t("amount.label") if self._is_single else self.t("amount.label_of", product=product),
            value=self.typed.get(name, typed_amount(takes(terms, chosen_minor=line.chosen_minor), code)),
            error=self.messages.error(name),
            hint=hint,
            prefix=code,
            attributes=TYPING["amount"],
        )

    @property
    def _is_single(self) -> bool:
        return len(self.roots) == 1

    # ------------------------------------------------------------ numbers

    def _counts(self) -> Iterator[Stepper]:
        for position, noun, terms in counted(self.checkout):
            line = self.checkout.lines[position]
            least, most = range_of(self.checkout, terms)
            is_open = most >= LARGEST_QUANTITY
            hint = ""
            if is_open and least > 1:
                hint = self.t("counts.from", counted=self.words.counted(terms, least))
            elif not is_open:
                hint = self.t("counts.range", min=self.words.number(least), counted=self.words.counted(terms, most))
            field = Field(
                name=noun,
                label=self._noun_label(terms),
                value=self._number_in(noun, line),
                error=self.messages.error(noun),
                hint=hint,
                attributes=TYPING["quantity"],
            )
            heading, tiers = self._tiers(self.checkout.price_of(line), terms, line.quantity)
            yield Stepper(
                field=field,
                step=noun,
                less=self.t(f"{noun}.less"),
                more=self.t(f"{noun}.more"),
                is_least=line.quantity <= least,
                is_most=line.quantity >= most,
                locked=self.words.counted(terms, line.quantity) if least >= most else "",
                tiers_heading=heading,
                tiers=tiers,
            )

    def _noun_label(self, terms: Counted) -> str:
        """`Seats`, or the merchant's own word for what is counted."""
        if isinstance(terms, SeatBased):
            return self.t("seats.label")
        noun = self.words.noun(terms, 2)
        return noun[:1].upper() + noun[1:] if noun else self.t("units.label")

    def _tiers(self, price: Price, terms: Counted, count: int) -> tuple[str, tuple[Tier, ...]]:
        """What each range costs; nothing where all cost the same, which the order's line says already."""
        if len(terms.tiers) == 1:
            return "", ()
        tiers, low = [], terms.minimum
        for tier in terms.tiers:
            high = tier.maximum if isinstance(terms, SeatBased) else tier.bound  # type: ignore[union-attr]
            amount = self.words.money(reduced(tier.unit_minor, price), price.currency)
            if high is None:
                text = self.t("tier.from", counted=self.words.counted(terms, low), amount=amount)
            else:
                text = self.t("tier.range", min=self.words.number(low), max=self.words.number(high), amount=amount)
            is_in = low <= count and (high is None or count <= high)
            tiers.append(Tier(text=text, is_current=is_in and terms.model == "volume"))
            low = (high or low) + 1
        heading = "tier.graduated" if terms.model == "graduated" else "tier.volume"
        return self.t(heading), tuple(tiers)

    def _quantities(self) -> Iterator[Stepper]:
        for position in self.roots:
            line = self.checkout.lines[position]
            if line.buyer_sets_quantity:
                product = self.checkout.product(line.product_id).name
                label = self.t("quantity.label" if self._is_single else "quantity.label_of", product=product)
                yield self._quantity(position, line, label, least=1)

    def _quantity(self, position: int, line: Line, label: str, *, least: int) -> Stepper:
        name, product = f"quantity_{position}", self.checkout.product(line.product_id).name
        return Stepper(
            field=Field(
                name=name,
                label=label,
                value=self._number_in(name, line),
                error=self.messages.error(name),
                attributes=TYPING["quantity"],
            ),
            step=str(position),
            less=self.t("quantity.less", product=product),
            more=self.t("quantity.more", product=product),
            is_least=line.quantity <= least,
        )

    def _number_in(self, name: str, line: Line) -> str:
        """What stays in the field: a number that was refused, else the session's."""
        if name in self.typed and (self.messages.error(name) or not self.typed[name]):
            return self.typed[name]
        return str(line.quantity) if line.quantity else ""

    def _addons(self) -> Iterator[AddonGroup]:
        if not self.checkout.options.edit_addons:
            return
        for root in self.roots:
            offered = [
                self._addon(position, line)
                for position, line in enumerate(self.checkout.lines)
                if line.part_of == root and line.buyer_sets_quantity
            ]
            if offered:
                name = self.checkout.product(self.checkout.lines[root].product_id).name
                yield AddonGroup(legend=self.t("addons.legend", product=name), addons=tuple(offered))

    def _addon(self, position: int, line: Line) -> Addon:
        checkout = self.checkout
        product, root = checkout.product(line.product_id), checkout.lines[line.part_of or 0]
        each = self.words.each(checkout.quote.lines[position], checkout.currency)
        each = self.words.repeating(each, checkout.product(root.product_id).recurrence)
        label = self.t("addons.quantity", product=product.name)
        return Addon(
            name=f"addon_{position}",
            label=product.name,
            description=prose_line(product.description or ""),
            price=self.t("addons.price", amount=each),
            is_chosen=line.quantity > 0,
            stepper=self._quantity(position, line, label, least=0),
        )

    # ------------------------------------------------------------ the currency

    def _currency(self, country: str, *, is_adaptive: bool) -> Field | None:
        """A choice between the price's currency and the buyer's own, where the merchant allows it."""
        if not self.checkout.options.allow_currency_selection:
            return None
        codes = offered_currencies(self.checkout, country or None, is_adaptive=is_adaptive)
        if not codes:
            return None
        names = Locale.parse(self.t.language).currencies
        choices = tuple((code, self.t("currency.choice", name=names.get(code, code), code=code)) for code in codes)
        return Field(
            name="currency",
            label=self.t("currency.label"),
            value=self.typed.get("currency", self.checkout.currency),
            error=self.messages.error("currency"),
            choices=choices,
            attributes=TYPING["currency"],
        )
