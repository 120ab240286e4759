"""The total on the page, and the words for one that changed by itself.

A form carries the total that its page shows. Without what the buyer changes in it, that page would show the same today: where it would
not, somebody else changed the total, and the page says from what to what and why, above the button. The sentence stays while its total
does, so that nobody who types on misses it. A press of the button agrees to the total beside it, never to another (`domain.consent`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from checkstand.domain.address import Address
from checkstand.domain.checkout import Checkout
from checkstand.domain.consent import Total, marked_total, total_of
from checkstand.domain.errors import Invalid
from checkstand.flows.checkout.update_checkout import CheckoutChanges, apply_changes
from checkstand.web.checkout.form.posted import may_be_chosen, shown_total
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view.places import guessed_country

WHYS = ("price", "discount", "tax", "currency", "order", "own")
TODAY = CheckoutChanges(at_current_prices=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A total that is no longer the one that was shown, and why: one of `WHYS`.

    `own` is what the buyer changed just before pressing: a ZIP code that brings a tax.
    """

    before: Total
    why: str

    @property
    def mark(self) -> str:
        """The same as one word, which a form can carry."""
        return f"{self.before.mark}-{self.why}"


async def as_drawn(visit: CheckoutVisit, typed: Mapping[str, str]) -> CheckoutVisit:
    """The visit with the session priced for what the page preselects: a country, one of each. Nothing is stored by looking."""
    checkout, changes = visit.checkout, TODAY
    country = guessed_country(checkout.buyer.locale, visit.accepted_languages)
    if checkout.buyer.address is None and "country" not in typed and country and may_be_chosen(checkout, country):
        changes = replace(changes, address=Address(country=country))
    unchosen = {
        position: 1 for position, line in enumerate(checkout.lines) if line.quantity == 0 and line.part_of is None
    }
    preview = replace(changes, quantities=unchosen)
    try:
        shown = await apply_changes(visit.ports, visit.organization, checkout, preview, now=visit.now, as_shown=True)
    except Invalid:
        return visit
    return visit.after(replace(shown, version=checkout.version))


async def what_changed(
    before: CheckoutVisit, drawn: Checkout, typed: Mapping[str, str], *, was_pressed: bool
) -> Changed | None:
    """What to say of the total that is `drawn` for a form; None where it is as shown, or as the buyer's own changes make it.

    `before`: the visit as the form found it. `was_pressed`: the button was, and did not pay; the next press is of one with another
    amount, so something is said.
    A script that posts before it has drawn the last answer names its form `unseen`: the session's own total counts then.
    """
    shown, now = marked_total(shown_total(typed)), total_of(drawn.quote)
    if shown is None:
        return None
    stored = before.checkout
    told = _told(typed) if now in (shown, total_of(stored.quote)) else None
    told = told if told is not None and told.before != now else None
    if shown == now:
        return told
    is_unseen = "unseen" in typed and stored.buyer.address is not None
    expected = total_of(stored.quote) if is_unseen else shown
    # A page whose country was taken away again is drawn without the one that is guessed.
    drawn_with = {"country": ""} if typed.get("shown_country") == "" else {}
    today = (await as_drawn(before, drawn_with)).checkout
    if total_of(today.quote) != expected:
        is_stored_since = not is_unseen and typed.get("version") != str(stored.version)
        return Changed(before=expected, why=_why(stored, today, expected, is_stored_since=is_stored_since))
    if _lost_discount(stored, drawn, typed):
        return Changed(before=shown, why="discount")
    return told or (Changed(before=shown, why="own") if was_pressed else None)


def _why(stored: Checkout, today: Checkout, expected: Total, *, is_stored_since: bool) -> str:
    """What moved a session that its buyer left alone: its price, currency or taxes, unless another change was stored in it."""
    if [line.price_id for line in stored.lines] != [line.price_id for line in today.lines]:
        return "price"
    if today.currency != expected.currency:
        return "currency"
    return "order" if is_stored_since else "tax"


def _lost_discount(stored: Checkout, drawn: Checkout, typed: Mapping[str, str]) -> bool:
    """Whether a discount is gone that the buyer did not take away: neither by name, nor for another one, nor with another plan."""
    if typed.get("do", "").startswith("remove") or stored.selected.id != drawn.selected.id:
        return False
    return {one.id for one in drawn.discounts} < {one.id for one in stored.discounts}


def _told(typed: Mapping[str, str]) -> Changed | None:
    mark, _, why = typed.get("told", "").rpartition("-")
    before = marked_total(mark)
    return Changed(before=before, why=why) if before is not None and why in WHYS else None
