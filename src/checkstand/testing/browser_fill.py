"""What a buyer types into a checkout form, and which button comes next.

What the tester asked for is chosen first, one press at a time, because each changes the page: the product, the country,
the code. Then every field that must be filled and is still empty gets a value of its kind, and the pay button is pressed.
What the page has filled in already stays, unless the tester asked for something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from checkstand.testing.browser_page import Button, Field, Form, Page

_UPDATING: Final = ("update", "apply", "remove", "more", "less")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the tester wants bought, and who buys. None: as the page has it, else made up."""

    card: str = "4242424242424242"
    email: str | None = None
    name: str = "Test Buyer"
    country: str | None = None
    discount: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The form to send, filled in, and the button to press. `complaint`: why the wishes cannot be fulfilled here."""

    form: Form | None = None
    button: Button | None = None
    pays: bool = False
    complaint: str = ""


def next_press(page: Page, wishes: Wishes, *, tried: frozenset[str]) -> Sending:
    """The next press on a checkout page. `tried`: which wishes a press was spent on already."""
    form = max((one for one in page.forms if one.method == "post"), key=lambda one: len(one.buttons + one.fields), default=None)  # type: ignore[operator]
    if form is None:
        return Sending()
    return Sending()
