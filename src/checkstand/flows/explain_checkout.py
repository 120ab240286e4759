"""The account of a session's total as plain data: the same for both APIs and the command line (an endpoint of our own)."""

from __future__ import annotations

from dataclasses import asdict

from checkstand.domain.checkout import Checkout
from checkstand.domain.explain import ROUNDING, explain
from checkstand.domain.money import format_money
from checkstand.domain.organization import Organization


def account_of(checkout: Checkout, organization: Organization, *, shown_id: str) -> dict[str, object]:
    """`steps` in the order they were taken, each with words, the amount in minor units and the amount as text."""
    quote = checkout.quote
    steps = []
    for step in explain(checkout, seller_country=organization.settings.country):
        amount = step.amount_minor
        shown = None if amount is None else format_money(amount, step.currency)
        steps.append({**asdict(step), "amount": shown})
    return {
        "checkout": shown_id,
        "currency": quote.currency,
        "total_minor": quote.total_minor,
        "due_minor": quote.due_minor,
        "rounding": ROUNDING,
        "steps": steps,
    }
