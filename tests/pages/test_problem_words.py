"""The checkout page has words for every problem that the flows behind it can find, at the field where something can be done about it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer
from checkstand.domain.errors import Problem
from checkstand.domain.fields import WHERE, AttachedField, inline_field
from checkstand.domain.problem_codes import ProblemCode
from checkstand.testing.demo import DemoShop
from checkstand.web.checkout.form.problems import complaints_of
from checkstand.web.checkout.words.english import ENGLISH
from tests.dialects.polar_http import decide
from tests.pages.buyer import Stand
from tests.pages.over_http import press_pay
from tests.pages.test_checkout_words import NOW, ORGANIZATION, session
from tests.server import RunningServer

SOURCES = Path(__file__).parents[2] / "src" / "checkstand"
# What runs when a buyer changes something or pays.
BEHIND_THE_PAGE = (
    "flows/checkout/update_checkout.py",
    "flows/checkout/confirm_checkout.py",
    "flows/checkout/apply_discounts.py",
    "flows/checkout/check_discounts.py",
    "flows/checkout/choose_method.py",
    "flows/checkout/current_prices.py",
    "flows/checkout/price_checkout.py",
    "domain/discount.py",
    "domain/fields.py",
    "domain/lax.py",
    "domain/lines.py",
)
NEVER_ON_THE_PAGE = {
    # A session's bounds that do not fit the product that is chosen are left out.
    ProblemCode.BOUNDS_NEED_SEATS,
    ProblemCode.BOUNDS_NEED_UNITS,
    ProblemCode.MIN_SEATS_TOO_LOW,
    ProblemCode.MIN_UNITS_TOO_LOW,
    ProblemCode.MAX_SEATS_TOO_HIGH,
    ProblemCode.MAX_UNITS_TOO_HIGH,
    # Of these the fields that are missing are told, one by one; the token is ours to make.
    ProblemCode.FULL_ADDRESS_REQUIRED,
    ProblemCode.TOKEN_REQUIRED,
}
# Where a flow finds a problem, if not at what the code is named after.
PLACES: dict[str, tuple[str | int, ...]] = {
    "AMOUNT_": ("amount",),
    "CURRENCY_": ("currency",),
    "DISCOUNT_": ("discount_code",),
    "FIELD_REQUIRED": ("customer_email",),
    "FIELD_": (WHERE, "size"),
    "PAYMENT_METHOD_": ("payment_method_id",),
    "PRICE_": ("product_price_id",),
    "PRODUCT_": ("product_id",),
    "QUANTITY_": ("quantity", 0),
    "SEATS_": ("seats",),
    "TOO_FEW_SEATS": ("seats",),
    "TOO_MANY_SEATS": ("seats",),
    "UNITS_": ("units",),
    "TOO_FEW_UNITS": ("units",),
    "TOO_MANY_UNITS": ("units",),
    "TAX_": ("customer_billing_address",),
}


def place_of(code: ProblemCode) -> tuple[str | int, ...]:
    return next((place for start, place in PLACES.items() if code.name.startswith(start)), ("amount",))


def codes_behind_the_page() -> set[ProblemCode]:
    texts = [(SOURCES / name).read_text() for name in BEHIND_THE_PAGE]
    amounts = {code for code in ProblemCode if code.name.startswith("AMOUNT_")} - {ProblemCode.AMOUNT_MISSING}
    return amounts | {ProblemCode[name] for text in texts for name in re.findall(r"\bProblemCode\.([A-Z_]+)", text)}


def asked(code: ProblemCode) -> AttachedField:
    """A question whose answer can be wrong in this way."""
    has_bounds = code in (ProblemCode.FIELD_BELOW_MINIMUM, ProblemCode.FIELD_ABOVE_MAXIMUM)
    return inline_field(
        field_id=ORGANIZATION,
        organization_id=ORGANIZATION,
        key="size",
        label="Size",
        field_type="number" if has_bounds else "text",
        required=True,
        placeholder="",
        options=(),
        created_at=NOW,
    )


def test_every_problem_that_a_buyer_can_meet_is_told_in_words_of_its_own() -> None:
    unsaid = []
    for code in codes_behind_the_page() - NEVER_ON_THE_PAGE:
        checkout = replace(session(), questions=(asked(code),))
        told = complaints_of([Problem(code, place_of(code), "given", {"limit": 5})], checkout)
        if not told or any(one.key == "problem.unknown" or one.key not in ENGLISH for one in told):
            unsaid.append(code)
    assert unsaid == []


def test_a_form_that_takes_the_country_back_is_asked_for_one(server: RunningServer, shop: DemoShop) -> None:
    """The session has an address that lacks something: a state that there is, where the tax depends on it, or a street."""
    decide(server, shop, tax_registrations=("US-NY",))
    stand = Stand(server, shop)
    nowhere = Address(country="US", line1="1 Main St", city="Albany", state="Atlantis", postal_code="12207")
    for place in (nowhere, Address(country="US", state="US-NY")):
        cart = stand.cart("one_time", buyer=Buyer(address=place))
        answer = press_pay(stand, cart, country="")
        assert answer.status_code == 422
        assert "Choose a country." in answer.text
        assert stand.charges(cart) == []
