"""The account of a session's total as plain data: the same for both APIs and the command line (an endpoint of our own)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Minor
from checkstand.domain.checkout import Checkout
from checkstand.domain.explain import ROUNDING, Step, StepKind, explain
from checkstand.domain.money import format_money
from checkstand.domain.organization import Organization


class AccountStep(TypedDict):
    """One step towards a total, in words, and what it came to: as a number, and as people write it. Null is not known yet."""

    kind: StepKind
    text: str
    amount_minor: Minor | None
    currency: str
    amount: str | None


class Account(TypedDict):
    """How a session's total came about: each step in the order it was taken, and how amounts were rounded."""

    checkout: str
    currency: str
    total_minor: Minor
    due_minor: Minor
    rounding: str
    steps: list[AccountStep]


def explain_checkout(checkout: Checkout, organization: Organization, *, shown_id: str) -> Account:
    """The account of this session, which is called `shown_id` in it."""
    quote = checkout.quote
    return {
        "checkout": shown_id,
        "currency": quote.currency,
        "total_minor": quote.total_minor,
        "due_minor": quote.due_minor,
        "rounding": ROUNDING,
        "steps": [_step(step) for step in explain(checkout, seller_country=organization.settings.country)],
    }


def _step(step: Step) -> AccountStep:
    return {
        "kind": step.kind,
        "text": step.text,
        "amount_minor": step.amount_minor,
        "currency": step.currency,
        "amount": None if step.amount_minor is None else format_money(step.amount_minor, step.currency),
    }
