"""What the customer saved, as the page offers it: first in the list, by brand and last digits.

Nothing is here unless the session proves who its customer is (`domain/saved_method.py`). A choice is named `saved_` and the method's
id; an id that is not among the customer's own names nothing. Taking one away is in `pages/forget.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.methods import MethodKind, kind_of
from checkstand.domain.payment import Instrument
from checkstand.domain.saved_method import SavedMethod, may_pay_again, proves_customer
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view.wording import BRANDS
from checkstand.web.checkout.words.texts import Texts

PREFIX: Final = "saved_"
# What is chosen in place of a saved method where the gateway's script asks which.
ANOTHER: Final = "another"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedChoice:
    """One saved method in the list."""

    id: UUID
    name: str
    kind: str
    mark: str
    label: str
    note: str
    remove: str
    is_chosen: bool


def usable(visit: CheckoutVisit, checkout: Checkout) -> Sequence[SavedMethod]:
    """Those that can pay the session as it stands, the one used last first."""
    gateway = visit.ports.gateway.name
    return [one for one in visit.saved if may_pay_again(one, checkout, gateway=gateway, now=visit.now)]


def saved_choices(visit: CheckoutVisit, typed: Mapping[str, str]) -> tuple[SavedChoice, ...]:
    """The choices, one of them marked: what was marked before, else the one used last until a payment was declined."""
    if not visit.checkout.is_payment_form_required:
        return ()
    found = usable(visit, visit.checkout)
    wanted = typed.get("method")
    if wanted is None and found and visit.checkout.last_decline is None:
        wanted = name_of(found[0])
    return tuple(_choice(visit.texts, one, wanted) for one in found)


def name_of(method: SavedMethod) -> str:
    """What the form sends for it."""
    return f"{PREFIX}{method.id}"


def found_by_name(visit: CheckoutVisit, checkout: Checkout, name: str) -> SavedMethod | None:
    """The saved method that a form names; None when it names none that may pay this."""
    return next((one for one in usable(visit, checkout) if name_of(one) == name), None)


def may_be_kept(checkout: Checkout) -> bool:
    """Whether the buyer is asked to keep a new card: where it is not kept anyway, for a customer who would see it again."""
    return checkout.is_payment_form_required and not checkout.is_recurring and proves_customer(checkout)


def shown_name(t: Texts, instrument: Instrument) -> str:
    """`Visa •••• 4242`; the digits stay with their dots."""
    brand = BRANDS.get(instrument.brand or "", t("method.card"))
    name = brand if instrument.method == "card" else t(f"method.{instrument.method}")
    return f"{name} ••••\N{NO-BREAK SPACE}{instrument.last_four}" if instrument.last_four else name


def _choice(t: Texts, method: SavedMethod, wanted: str | None) -> SavedChoice:
    instrument, name = method.instrument, name_of(method)
    label = shown_name(t, instrument)
    month, year = instrument.exp_month, instrument.exp_year
    return SavedChoice(
        id=method.id,
        name=name,
        kind=kind_of(instrument.method) or MethodKind.CARD,
        mark=(instrument.brand or "") if instrument.method == "card" else instrument.method,
        label=label,
        note=t("saved.expires", date=f"{month:02}/{year % 100:02}") if month and year else "",
        remove=t("saved.remove_named", name=label),
        is_chosen=name == wanted,
    )
