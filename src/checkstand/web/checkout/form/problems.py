"""From what the flows refuse to what the page says, and at which field.

A problem's path names a field of the model (`customer_billing_address`, `state`); the buyer sees the field of the form and a sentence
with what to do. A decline of the card belongs to the card field it is about, else to the card as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkstand.domain.catalog import Custom
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Problem
from checkstand.domain.fields import WHERE
from checkstand.domain.payment import Declined, decline
from checkstand.domain.problem_codes import ProblemCode
from checkstand.web.checkout.form.goods import AMOUNT_TEXTS, LARGEST_QUANTITY, counted, range_of
from checkstand.web.checkout.form.questions import PREFIX, complaint_of
from checkstand.web.checkout.form.reader import Complaint, complaint

_DISCOUNT = {
    ProblemCode.DISCOUNT_UNKNOWN: "problem.discount.unknown",
    ProblemCode.DISCOUNT_NOT_STARTED: "problem.discount.expired",
    ProblemCode.DISCOUNT_ENDED: "problem.discount.expired",
    ProblemCode.DISCOUNT_USED_UP: "problem.discount.used",
    ProblemCode.DISCOUNT_OTHER_PRODUCT: "problem.discount.product",
    ProblemCode.DISCOUNT_OTHER_CURRENCY: "problem.discount.currency",
    ProblemCode.DISCOUNT_ON_FREE_PRODUCT: "problem.discount.free",
    ProblemCode.DISCOUNT_NO_LONGER_REDEEMABLE: "problem.discount.gone",
    ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL: "problem.discount.minimum",
    ProblemCode.DISCOUNT_CUSTOMER_LIMIT: "problem.discount.customer_limit",
    ProblemCode.DISCOUNT_NOT_ELIGIBLE: "problem.discount.not_eligible",
    ProblemCode.DISCOUNT_TWICE: "problem.discount.twice",
}
_GONE = frozenset(
    {
        ProblemCode.PRODUCT_NOT_OFFERED,
        ProblemCode.PRODUCT_ARCHIVED,
        ProblemCode.PRICE_NOT_OFFERED,
        ProblemCode.PRICE_ARCHIVED,
        ProblemCode.CURRENCY_UNAVAILABLE,
    }
)
_REQUIRED = {
    "customer_email": ("email", "problem.email.required"),
    "customer_name": ("name", "problem.name.required"),
    "customer_billing_name": ("company", "problem.company.required"),
    "customer_phone": ("phone", "problem.phone.required"),
    "customer_tax_id": ("tax_id", "problem.tax_id.required"),
}
_TOO_LARGE = {
    ProblemCode.TOTAL_TOO_LARGE: "problem.amount.too_large",
    ProblemCode.RENEWAL_TOO_LARGE: "problem.amount.renewal_too_large",
    ProblemCode.SUBTOTAL_TOO_LARGE: "problem.amount.subtotal_too_large",
}
_SIMPLE = {
    ProblemCode.CURRENCY_NOT_CHARGEABLE: ("currency", "problem.currency.unavailable"),
    ProblemCode.TAX_PLACE_MISSING: ("state", "problem.field.required"),
    ProblemCode.TAX_PLACE_UNKNOWN: ("state", "problem.field.required"),
    ProblemCode.TAX_ID_INVALID: ("tax_id", "problem.tax_id.invalid"),
    ProblemCode.TAX_ID_NEEDS_COUNTRY: ("country", "problem.country.required"),
    ProblemCode.PAYMENT_METHOD_UNKNOWN: ("method", "problem.method.gone"),
    **dict.fromkeys(_GONE, ("product", "problem.product.gone")),
}
_CARD_FIELDS = {
    "incorrect_number": "card_number",
    "live_in_test": "card_number",
    "unknown_token": "card_number",
    "invalid_expiry": "card_exp",
    "expired_card": "card_exp",
    "incorrect_cvc": "card_cvc",
}
_OTHER_FIELDS = {
    "upi_collect": "upi_id",
    "sepa": "bank_iban",
    "ach": "bank_account",
}
_ABOUT_ACCOUNT = frozenset({"invalid_upi_id", "invalid_account", "account_not_for_tests", "insufficient_funds"})
STOPPED = "customer_cancelled"


def complaints_of(problems: Iterable[Problem], checkout: Checkout) -> list[Complaint]:
    """The flows' problems as complaints about fields, each field once."""
    found: dict[str, Complaint] = {}
    for problem in problems:
        one = _complaint(problem, checkout)
        if one is not None:
            found.setdefault(one.field, one)
    return list(found.values())


def _complaint(problem: Problem, checkout: Checkout) -> Complaint | None:
    code, where = problem.code, problem.where
    if where[0] == WHERE:
        return complaint_of(problem, checkout)
    if where[0] in ("seats", "units"):
        return _about_count(str(where[0]), checkout)
    if code is ProblemCode.TOKEN_REQUIRED or (
        where == ("customer_billing_address",)
        and code in (ProblemCode.FIELD_REQUIRED, ProblemCode.FULL_ADDRESS_REQUIRED)
    ):
        return None  # the card fields speak for themselves, and so do the parts of the address
    if code is ProblemCode.FIELD_REQUIRED:
        name, key = _REQUIRED.get(str(where[0]), (str(where[-1]), "problem.field.required"))
        return complaint(name, key)
    if code in AMOUNT_TEXTS:
        return complaint(_first_amount(checkout), AMOUNT_TEXTS[code])
    if code in (ProblemCode.QUANTITY_REQUIRED, ProblemCode.QUANTITY_OUT_OF_RANGE):
        key = "problem.quantity.required" if code is ProblemCode.QUANTITY_REQUIRED else "problem.quantity.range"
        return complaint(f"quantity_{where[-1]}", key, min=1, max=LARGEST_QUANTITY)
    if code is ProblemCode.TOTAL_BELOW_FLOOR:
        return complaint(_first_amount(checkout), "problem.amount.floor", min=problem.params.get("minimum", ""))
    if code in _TOO_LARGE:
        named = "currency" if where == ("billing_currency",) else _first_amount(checkout)
        return complaint(named, _TOO_LARGE[code], max=problem.params.get("maximum", ""))
    if code in _DISCOUNT:
        given = {"code": problem.given} if where[0] == "discount_code" and problem.given else {}
        return complaint("discount_code", _DISCOUNT[code], **given)
    return complaint(*_SIMPLE.get(code, ("form", "problem.unknown")))


def _about_count(noun: str, checkout: Checkout) -> Complaint:
    """A number of seats or units that a flow refuses: the range says what may be chosen."""
    for _, name, terms in counted(checkout):
        if name == noun:
            least, most = range_of(checkout, terms)
            return complaint(noun, f"problem.{noun}.range", min=least, max=most)
    return complaint("product", "problem.product.gone")


_FORM_ORDER = (
    "product",
    "amount",
    "seats",
    "units",
    "addon",
    "quantity",
    "currency",
    "discount_code",
    "email",
    "phone",
    "method",
    "payment-frame",
    "card_number",
    "card_exp",
    "card_cvc",
    "upi_id",
    "bank_iban",
    "bank_routing",
    "bank_account",
    "name",
    "country",
    "line1",
    "line2",
    "city",
    "state",
    "postal_code",
    "company",
    "tax_id",
)


def once(complaints: Sequence[Complaint]) -> tuple[Complaint, ...]:
    """Each field's first complaint, in the order of the form; the merchant's questions come last, in their own order."""
    first: dict[str, Complaint] = {}
    for one in complaints:
        first.setdefault(one.field, one)
    return tuple(sorted(first.values(), key=lambda one: _place(one.field)))


def _place(name: str) -> int:
    group = name.partition("_")[0] if name.startswith(("amount_", "quantity_", "addon_")) else name
    if group in _FORM_ORDER:
        return _FORM_ORDER.index(group)
    return len(_FORM_ORDER) + (1 if name.startswith(PREFIX) else 2)


def _first_amount(checkout: Checkout) -> str:
    """The field that can change the total: the first amount, else seats or units, else a quantity, else none in particular."""
    for position, line in enumerate(checkout.lines):
        if isinstance(checkout.price_of(line).terms, Custom):
            return f"amount_{position}"
    for _, noun, _ in counted(checkout):
        return noun
    for position, line in enumerate(checkout.lines):
        if line.buyer_sets_quantity and line.part_of is None:
            return f"quantity_{position}"
    return "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A card that was refused, in words, and the field it is about. `was_stopped`: the buyer turned back, which is no error."""

    message: str
    advice: str
    field: str
    was_stopped: bool = False


def refusal_of(declined: Declined, *, method: str = "card") -> Refusal:
    """What the page says of a decline of this method."""
    return Refusal(
        message=declined.message,
        advice=declined.advice,
        field=_CARD_FIELDS.get(declined.code, "card_number") if method == "card" else _other_field(declined, method),
        was_stopped=declined.code == STOPPED,
    )


def last_refusal(checkout: Checkout) -> Refusal | None:
    """The decline that this session was reopened with, until the buyer tries again."""
    if checkout.last_decline is None:
        return None
    method = checkout.payment_method or "card"
    return refusal_of(decline(checkout.last_decline, method=method), method=method)


def _other_field(declined: Declined, method: str) -> str:
    """The account's field where the account was wrong; else the choice of the method."""
    return _OTHER_FIELDS.get(method, "method") if declined.code in _ABOUT_ACCOUNT else "method"
