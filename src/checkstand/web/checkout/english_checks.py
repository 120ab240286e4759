"""The English words about what is checked while a form is filled in, and about payments whose end nobody knows yet.

A part of the catalogue in `texts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

CHECKS: Mapping[str, str] = {
    "email.meant": "Did you mean {email}?",
    "email.use": "Use {email}",
    "problem.told": "{text}",
    "problem.amount.required": "Enter an amount.",
    "problem.amount.required_for": "Enter an amount for {product}.",
    "problem.postal.odd": "This does not look like a {field} of {country} (like {example}). Check it; if it is right, go on with it.",
    "unsure.heading": "We do not know yet whether you paid",
    "unsure.text": "The connection was lost while your payment was on its way. Please do not pay again: this page looks again "
    "every {seconds} seconds and goes on by itself.",
    "unsure.reference": "Reference:",
    "unpaid.heading": "The payment was not made",
    "unpaid.text": "The connection was lost, and nothing was charged. What you typed is still here: check it and press again.",
}
