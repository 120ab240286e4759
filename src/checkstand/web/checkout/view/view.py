"""The checkout page as data: everything that the template `checkout.html` and its parts print. `build.py` works it out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup

from checkstand.web.checkout.view.fields import Field
from checkstand.web.checkout.view.goods import Goods
from checkstand.web.checkout.view.messages import Noted
from checkstand.web.checkout.view.methods import Choices
from checkstand.web.checkout.view.rows import Picture
from checkstand.web.checkout.view.summary import Headline, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A discount that is applied; `id` where the buyer may take it away."""

    name: str
    id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounting:
    """The discounts as the page shows them: applied ones, or a field for a code, or neither."""

    applied: tuple[Applied, ...] = ()
    field: Field | None = None

    @property
    def is_open(self) -> bool:
        """The field is shown at once when there is something in it."""
        return self.field is not None and bool(self.field.value or self.field.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutView:
    """Everything the template prints."""

    heading: str
    headline: Headline
    description: Markup
    is_long: bool
    picture: Picture | None
    goods: Goods
    summary: Summary
    shows_details: bool
    discount: Discounting
    locked_email: str
    contact: tuple[Field, ...]
    card: tuple[Field, ...]
    holder: Field | None
    methods: Choices
    no_method: str
    country: Field | None
    shown_country: str
    address: tuple[Field, ...]
    odd_code: str
    business: tuple[Field, ...]
    is_business: bool
    must_be_business: bool
    questions: tuple[Field, ...]
    takes_payment: bool
    framed: Framed | None
    keeps: bool | None
    noted: Noted
    changed_total: str
    changed_mark: str
    back_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """What the gateway's script has to know for its form. The amount is in the gateway's minor units; 0 only saves a method.

    `without`: the script's names of methods that do not fit this purchase, or that the merchant does not take.
    """

    amount: int
    currency: str
    email: str
    without: tuple[str, ...]
    is_recurring: bool
