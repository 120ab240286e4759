"""Every problem code has its sentence in both APIs, or a reason why that API can never tell it.

A code without a sentence would be answered as a fault of ours (500), where it should be a refusal that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.orders import refunds as dodo_refunds
from checkstand.dialects.dodo.wire import errors as dodo_errors
from checkstand.dialects.dodo.wire import problem_words as dodo_words
from checkstand.dialects.polar.wire import errors as polar_errors
from checkstand.dialects.polar.wire import problem_words as polar_words
from checkstand.domain import errors
from checkstand.domain.errors import CheckstandError
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.refund import RefundRefusal
from tests.dialects.dodo_place import DodoShop, cart
from tests.dialects.test_saved_methods_on_the_wire import buyer_of_a_trial, methods

SOURCES = Path(__file__).parents[2] / "src" / "checkstand"
Code = ProblemCode
Reasons = Mapping[str, frozenset[ProblemCode]]

# What no API tells, since no request of an API can lead to it.
BY_NO_API: Reasons = {
    "the hosts that buyers are sent back to are set in the dashboard and on the command line": frozenset(
        {Code.REDIRECT_HOST_UNREADABLE, Code.REDIRECT_HOSTS_TOO_MANY}
    ),
    "tokens are made in the dashboard and on the command line": frozenset({Code.TOKEN_EXISTS}),
    "a bank disputes a payment, or the test controls do in its place; they answer in words of their own": frozenset(
        {Code.DISPUTE_EXCEEDS, Code.PART_OF_AMOUNT}
    ),
}
NEVER_BY_POLAR: Reasons = {
    **BY_NO_API,
    "a session offers products to choose one from: there is no cart, no brand and no add-on in it": frozenset(
        {
            Code.CART_EMPTY,
            Code.COLLECTION_UNKNOWN,
            Code.BRANDS_DIFFER,
            Code.BRAND_UNKNOWN,
            Code.QUANTITY_NOT_ONE,
            Code.QUANTITY_ZERO,
            Code.ADDON_UNKNOWN,
            Code.ADDON_TWICE,
            Code.ADDON_ON_ONE_TIME,
            Code.ADDON_ON_METERED,
        }
    ),
    "a product without a price cannot be made, and an amount that is missing is the price's own": frozenset(
        {Code.PRICE_MISSING, Code.AMOUNT_MISSING}
    ),
    "a session is never confirmed by the request that makes it, and its methods cannot be narrowed": frozenset(
        {Code.CONFIRM_INCOMPLETE, Code.NO_METHOD, Code.COUNTRY_UNSUPPORTED, Code.ON_DEMAND_DISABLED}
    ),
    "a confirm names a token, never a saved method": frozenset({Code.PAYMENT_METHOD_UNKNOWN}),
    "it is told whole, as 403 DiscountRedemptionLimitReached": frozenset({Code.DISCOUNT_CUSTOMER_LIMIT}),
    "a price has neither a suggestion, a discount nor a paid trial, and a period is checked with the schema": frozenset(
        {
            Code.SUGGESTED_BELOW_MINIMUM,
            Code.FRACTION_OF_PERCENT,
            Code.PAID_TRIAL_DISABLED,
            Code.SPAN_TOO_LONG,
        }
    ),
    "a metered price has one meter, and needs its price by the schema": frozenset(
        {Code.METER_TWICE, Code.UNIT_PRICE_MISSING, Code.CREDIT_ENTITLEMENT_UNKNOWN}
    ),
    "a product's images are its medias, and it has no files": frozenset(
        {Code.IMAGE_UNKNOWN, Code.FILE_UNNAMED, Code.TOO_MANY_FILES}
    ),
    "the kind of a discount, its percentage and its amounts are checked with the schema": frozenset(
        {
            Code.DISCOUNT_TYPE_UNSUPPORTED,
            Code.DISCOUNT_PERCENTAGE_INVALID,
            Code.DISCOUNT_OPTIONS_MISSING,
            Code.DISCOUNT_DEFAULT_MISSING,
        }
    ),
    "a discount is for everybody, as often as there are redemptions": frozenset(
        {Code.DISCOUNT_CUSTOMER_UNKNOWN, Code.DISCOUNT_LIMITS_ORDER}
    ),
    "customers have no wallet": frozenset({Code.WALLET_SHORT, Code.WALLET_FULL, Code.WALLET_KEY_REUSED}),
    "a refund names an order and a net amount: no payment, no currency and no items": frozenset(
        {
            Code.REFUND_PAYMENT_UNKNOWN,
            Code.REFUND_CURRENCY,
            Code.REFUND_ITEM_UNKNOWN,
            Code.REFUND_ITEM_TWICE,
            Code.REFUND_ITEM_REFUNDED,
            Code.REFUND_ITEM_TOO_LOW,
            Code.REFUND_ITEM_TOO_HIGH,
        }
    ),
    "endpoints have no headers of the merchant's": frozenset({Code.TOO_MANY_HEADERS}),
}
NEVER_BY_DODO: Reasons = {
    **BY_NO_API,
    "answers come by the page alone: of a request that charges at once they can only be missing": frozenset(
        code for code in Code if code.startswith("field_") and code not in (Code.FIELD_MISSING, Code.FIELD_REQUIRED)
    ),
    "a session's questions come with it: there are no custom fields to set up": frozenset(
        {Code.CUSTOM_FIELD_UNKNOWN, Code.CUSTOM_FIELD_SLUG_TAKEN, Code.CUSTOM_FIELD_KIND_FIXED}
    ),
    "requests name no seats or units: of Polar's products so many are bought as their prices begin with": frozenset(
        {
            Code.TOO_FEW_SEATS,
            Code.TOO_FEW_UNITS,
            Code.TOO_MANY_SEATS,
            Code.TOO_MANY_UNITS,
            Code.MIN_SEATS_TOO_LOW,
            Code.MIN_UNITS_TOO_LOW,
            Code.MAX_SEATS_TOO_HIGH,
            Code.MAX_UNITS_TOO_HIGH,
        }
    ),
    "no price is by seat or unit, and a product has one price": frozenset(
        {
            Code.ONE_SEAT_PRICE_ONLY,
            Code.ONE_UNIT_PRICE_ONLY,
            Code.SEATS_OR_UNITS,
            Code.SEAT_PRICING_DISABLED,
            Code.UNIT_PRICING_DISABLED,
            Code.UNIT_PRICING_ON_ONE_TIME,
            Code.METER_USED_TWICE,
        }
    ),
    "the type of a price says how it renews, and may be changed": frozenset(
        {Code.RECURRING_INTERVAL_FIXED, Code.TRIAL_ON_ONE_TIME, Code.METERED_ON_ONE_TIME}
    ),
    "images are uploaded to a product, not named by it": frozenset({Code.MEDIA_UNKNOWN}),
    "a discount may be changed after it was redeemed": frozenset(
        {Code.DISCOUNT_TYPE_FIXED, Code.DISCOUNT_DURATION_FIXED, Code.DISCOUNT_ALREADY_REDEEMED}
    ),
    "static links are made from a product's id, and kept nowhere": frozenset(
        {
            Code.LINK_DISCOUNT_UNFIT,
            Code.LINK_WITHOUT_PRODUCTS,
            Code.LINK_SEATS_NOT_EVERYWHERE,
            Code.LINK_UNITS_NOT_EVERYWHERE,
            Code.LINK_SEATS_OUT_OF_BOUNDS,
            Code.LINK_UNITS_OUT_OF_BOUNDS,
        }
    ),
    "of a customer no external id, address, tax id or member is set, and an e-mail may be shared": frozenset(
        {
            Code.CUSTOMER_EMAIL_TAKEN,
            Code.CUSTOMER_EXTERNAL_ID_TAKEN,
            Code.CUSTOMER_EXTERNAL_ID_FIXED,
            Code.CUSTOMER_ADDRESS_FIXED,
            Code.CUSTOMER_KIND_FIXED,
            Code.CUSTOMER_TAX_ID_INVALID,
            Code.MEMBER_EMAIL_TAKEN,
            Code.MEMBER_EXTERNAL_ID_TAKEN,
            Code.OWNER_NEEDED,
        }
    ),
    "each part of an address that is missing is named (profile.names_lacking_address_whole)": frozenset(
        {Code.FULL_ADDRESS_REQUIRED}
    ),
    "a payment is refunded, not an order, and nothing of it can be edited": frozenset(
        {Code.REFUND_ORDER_UNKNOWN, Code.BILLING_COUNTRY_FIXED, Code.BILLING_STATE_FIXED}
    ),
    "no request names an organization": frozenset({Code.ORGANIZATION_WITH_TOKEN}),
}
API_TABLES = (
    ("polar", polar_words.PROBLEMS, NEVER_BY_POLAR),
    ("dodo", dodo_words.PROBLEMS, NEVER_BY_DODO),
)


def test_every_code_has_a_sentence_in_each_api_or_a_reason_why_it_is_never_told_there() -> None:
    for api, sentences, reasons in API_TABLES:
        never = [code for codes in reasons.values() for code in codes]
        assert len(never) == len(set(never)), f"{api}: a code has two reasons"
        assert set(never) & set(sentences) == set(), f"{api}: told, though it can never be"
        assert set(Code) - set(sentences) - set(never) == set(), f"{api}: neither a sentence nor a reason"
        assert all(row[-1].strip() for row in sentences.values())


def test_hints_go_with_sentences() -> None:
    assert set(polar_words.HINTS) <= set(polar_words.PROBLEMS)


def test_every_code_is_found_by_some_rule() -> None:
    """A code that only a table of words knows is dead: nothing can be refused with it."""
    tables = {"problem_codes.py", "problem_words.py"}
    rules = [
        path.read_text()
        for room in ("domain", "flows", "dialects", "testing")
        for path in (SOURCES / room).rglob("*.py")
        if path.name not in tables
    ]
    found = {name for text in rules for name in re.findall(r"\bProblemCode\.([A-Z_]+)", text)}
    assert {code.name for code in Code} - found == set()


def test_no_code_is_written_as_a_text() -> None:
    """A text would escape the type checker, and the two tests above."""
    quoted = re.compile(rf"[\"']({'|'.join(Code)})[\"']")
    allowed = {"problem_codes.py", "errors.py"}  # errors.py: the code of a whole error may be that of its one problem
    written = [
        (path.name, match[1])
        for path in SOURCES.rglob("*.py")
        if path.name not in allowed
        for match in quoted.finditer(path.read_text())
    ]
    assert written == []


ID = UUID(int=1)
EVERY_ERROR: tuple[CheckstandError, ...] = (
    errors.Invalid.single(Code.CUSTOMER_UNKNOWN, "customer_id"),
    errors.NotFound(),
    errors.NotPermitted(),
    errors.NotOpen(ID, "succeeded"),
    errors.Expired(),
    errors.Locked(),
    errors.CustomerDeleted(),
    errors.PaymentNotReady(),
    errors.ExternalIdTaken(),
    errors.PaymentDeclined("generic_decline", "The card was declined.", "Use another card."),
    errors.DiscountLimitReached("discount_code", "TEN", "TEN"),
    errors.TotalChanged(1000, "$10.00"),
    errors.TooManyCodes(60),
    errors.EmbedNotAllowed("https://shop.example"),
    errors.IllegalMove(),
)
# A buyer's own requests, which Dodo's API has not; and a fault of ours, which no caller is told of.
NOT_IN_DODO = (errors.TooManyCodes, errors.EmbedNotAllowed)
OUR_FAULT = (errors.IllegalMove,)


def test_every_error_has_its_answer_in_each_api() -> None:
    declared = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CheckstandError)}
    assert {type(error) for error in EVERY_ERROR} == declared - {CheckstandError}
    for error in EVERY_ERROR:
        if not isinstance(error, OUR_FAULT):
            assert refused(polar_errors.of(error)), error
        if not isinstance(error, OUR_FAULT + NOT_IN_DODO):
            assert refused(dodo_errors.of(error)), error


def refused(answer: Response) -> bool:
    return 400 <= answer.status_code < 500 and len(answer.body) > 2


def test_every_reason_against_a_refund_has_its_answer() -> None:
    # What was refunded meanwhile is asked by the dashboard alone, which shows a form. Polar tells the rest as too large an amount.
    assert set(RefundRefusal) - set(dodo_refunds.REFUSED) == {RefundRefusal.REFUNDED_MEANWHILE}


def test_a_state_that_there_is_not_is_refused_in_words_where_the_tax_depends_on_it(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    (card,) = methods(dodo, customer_id)
    dodo.settle_on(tax_registrations=("US-NY",))
    asked = {
        "product_cart": cart(),
        "confirm": True,
        "customer": {"customer_id": customer_id},
        "payment_method_id": card["payment_method_id"],
    }
    place = {"country": "US", "street": "1 Main St", "city": "Albany", "zipcode": "12207"}
    answer = dodo.create(**asked, billing_address={**place, "state": "Atlantis"})
    assert answer.status_code == 422, answer.text
    assert answer.json() == {
        "code": "INVALID_REQUEST_PARAMETERS",
        "message": "billing_address: the tax depends on the state, and the one that was given is not known",
    }
    assert dodo.create(**asked, billing_address={**place, "state": "NY"}).status_code == 200
