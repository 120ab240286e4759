"""Dodo's error bodies: always `{code, message}` (dodo.md 1.7). One table from problem codes, one from exceptions.

There is no list of fields in the body, so the message names the field and what is wrong with it. Official clients repeat a 409 twice
by themselves: one that will not go away is sent with `x-should-retry: false`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from uuid import UUID

from pydantic import ValidationError
from starlette.responses import Response

from checkstand.dialects.dodo import refund_errors
from checkstand.dialects.dodo.answers.common import Error
from checkstand.dialects.dodo.wire import shown
from checkstand.domain.errors import (
    CheckstandError,
    CustomerDeleted,
    Expired,
    ExternalIdTaken,
    Invalid,
    Locked,
    NotFound,
    NotOpen,
    NotPermitted,
    PaymentDeclined,
    PaymentNotReady,
    Problem,
)
from checkstand.domain.ids import DodoPrefix
from checkstand.http import BadBody, json_response
from checkstand.ops.bounds import LARGEST_ECHO, LONGEST_TEXT, MOST_MEMBERS, MOST_VALUES
from checkstand.store.unavailable import RETRY_AFTER_S

BODY, PARAMETERS, QUERY = "INVALID_REQUEST_BODY", "INVALID_REQUEST_PARAMETERS", "INVALID_QUERY_PARAMS"
NO_RETRY = {"x-should-retry": "false"}

# problem code -> (status, CODE, message). {where}, {given} and the problem's parameters are filled in.
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "cart_empty": (422, "PRODUCT_CART_EMTPY", "{where}: the cart is empty. Add at least one product."),
    "product_unknown": (422, "NOT_FOUND", "{where}: product {given} does not exist"),
    "product_archived": (422, "PRODUCT_IS_DELETED", "{where}: product {given} is archived"),
    "product_draft": (422, "MISSING_PRODUCT_INFORMATION", "{where}: product {given} is a draft"),
    "product_not_offered": (422, "NOT_FOUND", "{where}: product {given} is not part of this session"),
    "collection_unknown": (422, "NOT_FOUND", "{where}: product collection {given} does not exist"),
    "price_unknown": (422, "MISSING_PRODUCT_INFORMATION", "{where}: the price does not exist"),
    "price_archived": (422, "MISSING_PRODUCT_INFORMATION", "{where}: the price is no longer offered"),
    "price_not_offered": (422, "MISSING_PRODUCT_INFORMATION", "{where}: the price is not part of this session"),
    "price_missing": (422, "MISSING_PRODUCT_INFORMATION", "{where}: product {given} has no price"),
    "currency_unavailable": (
        422,
        "EXCHANGE_RATE_NOT_FOUND",
        "{where}: {given} has no price in the currency that the rest of the cart is priced in",
    ),
    "currency_not_chargeable": (422, "UNSUPPORTED_CURRENCY", "{where}: {given} cannot be charged"),
    "quantity_not_one": (422, "INVALID_QUANTITY", "{where}: a usage-based product is sold once, with quantity 1"),
    "quantity_zero": (422, "INVALID_QUANTITY", "{where}: with confirm: true the quantity must be at least 1"),
    "quantity_required": (422, "INVALID_QUANTITY", "{where}: the quantity must be at least 1"),
    "quantity_out_of_range": (422, "INVALID_QUANTITY", "{where}: the quantity must be between 0 and 2147483647"),
    "amount_missing": (
        422,
        "PAY_AS_YOU_WANT_AMOUNT_REQUIRED",
        "{where}: with confirm: true a pay-what-you-want product needs an amount",
    ),
    "amount_below_minimum": (
        422,
        "REQUEST_AMOUNT_BELOW_MINIMUM",
        "{where}: {given} is below the product's minimum, {minimum}",
    ),
    "amount_below_processor_minimum": (
        422,
        "REQUEST_AMOUNT_BELOW_MINIMUM",
        "{where}: the amount must be 0 or at least {smallest}",
    ),
    "amount_off_step": (422, PARAMETERS, "{where}: an amount of {currency} must be a multiple of {step}"),
    "amount_above_maximum": (422, PARAMETERS, "{where}: the amount must be at most {maximum}"),
    "amount_above_currency_maximum": (422, PARAMETERS, "{where}: the amount must be at most {largest}"),
    "total_too_large": (422, PARAMETERS, "The total is more than {maximum}. Please choose a smaller quantity."),
    "renewal_too_large": (
        422,
        PARAMETERS,
        "The total once the discount has ended is more than {maximum}. Please choose a smaller quantity.",
    ),
    "subtotal_too_large": (
        422,
        PARAMETERS,
        "The subtotal, before discounts, is more than {maximum}. Please choose a smaller quantity.",
    ),
    "total_below_floor": (
        422,
        "TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT",
        "Minimum amount of {minimum} is required to process payment",
    ),
    "total_changed": (
        422,
        PARAMETERS,
        "The total is {total} now. Nothing was charged: send the request again to pay it.",
    ),
    "file_unnamed": (422, PARAMETERS, "{where}: a file's name, such as guide.pdf, is required"),
    "too_many_files": (422, PARAMETERS, "{where}: a product has at most {given} files"),
    "addon_on_one_time": (
        422,
        PARAMETERS,
        "{where}: add-ons are only valid when the product is a subscription, and {given} is not one",
    ),
    "addon_unknown": (422, "MISSING_ADDON_IDS", "{where}: One or more product IDs do not exist: {given}"),
    "addon_twice": (422, "DUPLICATE_ADDON_IDS_IN_REQUEST", "{where}: add-on {given} is there twice"),
    "addon_on_metered": (
        422,
        "ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED",
        "{where}: add-ons cannot come with a usage-based price, and {given} has one",
    ),
    "brands_differ": (422, "BRAND_MISMATCH", "{where}: all products of a cart must be of one brand"),
    "on_demand_disabled": (
        422,
        "ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED",
        "{where}: on-demand subscriptions are not enabled for this business",
    ),
    "paid_trial_disabled": (422, PARAMETERS, "{where}: a paid trial is not enabled for this business"),
    "span_too_long": (422, PARAMETERS, "{where}: {given} is too long. At most 100 years are possible."),
    "fraction_of_percent": (422, PARAMETERS, "{where}: a discount must be a whole percent (a multiple of 100)"),
    "suggested_below_minimum": (
        422,
        "INVALID_SUGGESTED_PRICE",
        "{where}: the suggested price is below the minimum, price",
    ),
    "brand_unknown": (422, "NOT_FOUND", "{where}: brand {given} does not exist"),
    "image_unknown": (422, "NOT_FOUND", "{where}: image {given} does not exist. Upload it first."),
    "meter_unknown": (422, "NOT_FOUND", "{where}: meter {given} does not exist, or is archived"),
    "meter_twice": (422, PARAMETERS, "{where}: meter {given} is there twice"),
    "unit_price_missing": (422, PARAMETERS, "{where}: a meter needs a price per unit above zero"),
    "credit_entitlement_unknown": (422, "NOT_FOUND", "{where}: credit entitlement {given} does not exist"),
    "payment_method_unknown": (422, "NOT_FOUND", "{where}: payment method {given} does not exist"),
    "no_method": (
        422,
        "NO_ELIGIBLE_PAYMENT_METHODS",
        "{where}: none of these payment methods can pay this order here. Add credit and debit.",
    ),
    "country_unsupported": (422, "UNSUPPORTED_COUNTRY", "{where}: Country {given} currently not supported"),
    "confirm_incomplete": (422, BODY, "confirm: true needs {given}"),
    "discount_unknown": (422, "INVALID_DISCOUNT_CODE", "{where}: discount code {given} does not exist"),
    "discount_not_started": (422, "DISCOUNT_NOT_YET_ACTIVE", "{where}: discount code {given} is not active yet"),
    "discount_ended": (422, "DISCOUNT_CODE_EXPIRED", "Discount code expired"),
    "discount_used_up": (
        422,
        "DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED",
        "{where}: discount code {given} has been used as often as allowed",
    ),
    "discount_other_product": (
        422,
        "DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT",
        "{where}: discount code {given} is not for any product of the cart",
    ),
    "discount_other_currency": (
        422,
        "INVALID_DISCOUNT_CODE",
        "{where}: discount code {given} has no amount in the session's currency",
    ),
    "discount_on_free_product": (422, "INVALID_DISCOUNT_CODE", "{where}: there is nothing to take a discount from"),
    "discount_twice": (422, PARAMETERS, "{where}: discount code {given} is there twice"),
    "discount_no_longer_redeemable": (
        503,
        "DISCOUNT_CONCURRENT_REDEMPTION",
        "The discount code was used by somebody else at the same moment. Please try again.",
    ),
    "tax_id_needs_country": (422, BODY, "tax_id: a tax id needs billing_address.country"),
    "tax_id_invalid": (422, "INVALID_TAX_ID", "{where}: {given} is not a valid tax id of that country"),
    "customer_unknown": (422, "NOT_FOUND", "{where}: customer {given} does not exist"),
    "subscription_unknown": (422, "NOT_FOUND", "{where}: subscription {given} does not exist"),
    "seats_not_applicable": (422, PARAMETERS, "{where}: no product here is sold by seat"),
    "units_not_applicable": (422, PARAMETERS, "{where}: no product here is sold by unit"),
    "bounds_need_seats": (422, PARAMETERS, "{where}: no product here is sold by seat"),
    "bounds_need_units": (422, PARAMETERS, "{where}: no product here is sold by unit"),
    "ad_hoc_product_not_offered": (422, PARAMETERS, "{where}: the product is not part of this session"),
    "field_required": (422, BODY, "{where}: is required"),
    "field_missing": (422, BODY, "{where}: is required"),
    "token_required": (422, BODY, "{where}: is required"),
    "price_required": (422, BODY, "price: is required"),
    "one_fixed_price_only": (422, PARAMETERS, "price: there is a price in this currency already"),
    "one_custom_price_only": (422, PARAMETERS, "price: there is a price in this currency already"),
    "custom_price_stands_alone": (422, PARAMETERS, "price: pay what you want cannot be combined with other prices"),
    "one_tax_behavior_per_currency": (422, PARAMETERS, "price: tax_inclusive must be the same for one currency"),
    "same_price_types_per_currency": (422, PARAMETERS, "price: the type must be the same in every currency"),
    "default_currency_required": (
        422,
        PARAMETERS,
        "price: this product was made with prices in several currencies and needs one in the business's own",
    ),
    "wallet_short": (
        400,
        "INSUFFICIENT_WALLET_FUNDS",
        "{where}: the wallet holds {balance}, which is less than {given}",
    ),
    "wallet_full": (422, PARAMETERS, "{where}: the balance would be larger than can be counted"),
    "wallet_key_reused": (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "{where}: it was used for another entry. Use a new key for a new entry.",
    ),
    "webhook_url_not_https": (422, BODY, "{where}: must be a public https address in live mode"),
    "webhook_url_odd": (
        422,
        BODY,
        "{where}: must be a plain web address, without a user in it, such as https://example.com/webhooks",
    ),
    "webhook_url_not_public": (
        422,
        BODY,
        "{where}: must be public, not localhost or private. CHECKSTAND_PRIVATE_WEBHOOKS lets test organizations have local ones",
    ),
    "webhook_url_reserved": (
        422,
        BODY,
        "{where}: must be public, or of this machine or its private network. This is {kind}",
    ),
    "too_many_headers": (422, BODY, "{where}: would be {given} in all; an endpoint has at most {most}"),
    "discount_minimum_subtotal": (
        422,
        "DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET",
        "{where}: the cart is too small for discount code {given}",
    ),
    "discount_customer_limit": (
        422,
        "DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED",
        "{where}: this customer has used discount code {given} as often as one customer may",
    ),
    "discount_not_eligible": (
        422,
        "DISCOUNT_CUSTOMER_NOT_ELIGIBLE",
        "{where}: discount code {given} is not for this customer",
    ),
    "discount_code_taken": (
        422,
        "DISCOUNT_CODE_ALREADY_EXISTS",
        "code: discount code {given} exists already. Choose another one, or delete the old discount.",
    ),
    "discount_product_unknown": (422, "NOT_FOUND", "{where}: product {given} does not exist"),
    "discount_customer_unknown": (422, "NOT_FOUND", "{where}: customer {given} does not exist"),
    "discount_type_unsupported": (
        422,
        "UNSUPPORTED_DISCOUNT_TYPE",
        "type: {given} is not supported. Use percentage or flat.",
    ),
    "discount_percentage_invalid": (
        422,
        "INVALID_PERCENTAGE",
        "amount: a percentage is given in basis points, from 1 to 10000 (10000 is 100%)",
    ),
    "discount_dates_order": (422, PARAMETERS, "starts_at: must be before expires_at"),
    "discount_limits_order": (422, PARAMETERS, "per_customer_usage_limit: must not be more than usage_limit"),
    "discount_options_missing": (
        422,
        PARAMETERS,
        "currency_options: a flat discount needs at least one, and each with max_amount_possible: the amount it takes off",
    ),
    "discount_default_missing": (
        422,
        PARAMETERS,
        "currency_options: one must be the default (is_default: true) that other currencies are converted from",
    ),
    **refund_errors.PROBLEMS,
}
_UNNAMED = (422, PARAMETERS, "{where}: not possible")
# How flows name a field, where the wire names it differently.
_FIELDS = {
    "customer_id": "customer.customer_id",
    "customer_tax_id": "tax_id",
    "customer_billing_address": "billing_address",
    "customer_phone": "customer.phone_number",
    "customer_name": "customer.name",
    "customer_email": "customer.email",
}
_SHOWN_AS = {
    "product": DodoPrefix.PRODUCT,
    "currency": DodoPrefix.PRODUCT,
    "customer": DodoPrefix.CUSTOMER,
    "addon": DodoPrefix.ADDON,
}
# Pydantic's own words for a union's branch, which no caller wrote.
TAGS = frozenset({"attach", "new", "one_time_price", "recurring_price", "usage_based_price", "condition", "group"})
# Errors of a validator that have a code of their own.
_VALIDATOR_CODES = {"maximum_keys": "MAXIMUM_KEYS_REACHED"}
_SHOWN_AT_MOST = 5


class _Words(dict[str, object]):
    """Values for a message; one that is missing is left out rather than failing the answer."""

    def __missing__(self, key: str) -> str:
        return ""


def answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error body."""
    body: Error = {"code": code, "message": message}
    return json_response(body, status=status, headers=headers)


def unauthorized() -> Response:
    return answer(401, "UNAUTHORIZED", "You are not authorised to perform this action")


def forbidden(scopes: Sequence[str]) -> Response:
    """A valid key that may not do this: a read-only one, for instance."""
    return answer(403, "FORBIDDEN", f"This API key may not do this: it lacks the permission {' or '.join(scopes)}")


def key_too_long(_key: str) -> Response:
    """An Idempotency-Key beyond its bound (dodo.md 10.3: ours, as are the next two)."""
    return answer(422, PARAMETERS, "Idempotency-Key: at most 255 characters")


def key_reused() -> Response:
    """An Idempotency-Key that came with another request before."""
    message = "Idempotency-Key: it was used for another request. Use a new key for a new request."
    return answer(422, "IDEMPOTENCY_KEY_REUSED", message)


def key_busy() -> Response:
    """An Idempotency-Key whose first request has not ended."""
    message = "Idempotency-Key: a request with this key is at work. Ask again in a moment."
    return answer(409, "IDEMPOTENCY_KEY_BUSY", message, {"retry-after": "1"})


def unrouted(status: int, detail: str, hint: str) -> Response:
    """No route answers this."""
    if status in (404, 405):
        return answer(status, "NOT_SERVED", hint)
    return answer(status, PARAMETERS, detail)


def unavailable(reference: str) -> Response:
    """The database cannot be used right now."""
    message = f"Checkstand cannot answer right now. Try again in {RETRY_AFTER_S} seconds. Reference {reference}."
    return answer(503, "SERVICE_UNAVAILABLE", message)


def fault(reference: str) -> Response:
    """A fault of ours."""
    return answer(500, "INTERNAL_SERVER_ERROR", f"Something went wrong on our side. Reference {reference}.")


def not_found() -> Response:
    return answer(404, "NOT_FOUND", "Item not found")


def path_of(where: Sequence[str | int]) -> str:
    """A field's path as a person writes it.

    >>> path_of(("product_cart", 0, "quantity"))
    'product_cart[0].quantity'
    """
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def invalid(problems: Sequence[Problem]) -> Response:
    """Business rules failed: the first one gives status and code, all are told."""
    status, code, _ = PROBLEMS.get(problems[0].code, _UNNAMED)
    told = dict.fromkeys(_sentence(problem) for problem in problems)
    headers = {"retry-after": "1"} if status == 503 else None
    return answer(status, code, _joined(told), headers)


def _joined(told: Iterable[str]) -> str:
    """The first errors in one sentence each; what a caller sent may be in it, so each has its end."""
    return "; ".join(sentence[:LARGEST_ECHO] for sentence in islice(told, _SHOWN_AT_MOST))


def _sentence(problem: Problem) -> str:
    template = PROBLEMS.get(problem.code, _UNNAMED)[2]
    where = path_of(problem.where)
    words = _Words(problem.params, where=_FIELDS.get(where, where), given=_given(problem))
    return template.format_map(words)


def _given(problem: Problem) -> object:
    """What the caller wrote: flows name objects by UUID, callers by Dodo's ids."""
    prefix = _SHOWN_AS.get(problem.code.partition("_")[0])
    if prefix is None or not isinstance(problem.given, str):
        return problem.given
    try:
        return shown(prefix, UUID(problem.given))
    except ValueError:
        return problem.given


def from_validation(error: ValidationError) -> Response:
    """The body does not match the schema: each field and what is wrong with it."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    code = _VALIDATOR_CODES.get(found[0]["type"], BODY)
    told = dict.fromkeys(f"{_place(item['loc'])}{_said(item['msg'])}" for item in found)
    return answer(422, code, _joined(told))


def _place(where: Sequence[str | int]) -> str:
    path = path_of([part for part in where if part not in TAGS])
    return f"{path}: " if path else ""


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")


def bad_body(error: BadBody) -> Response:
    """A body that never reached the schema."""
    where = path_of(error.where)[:LARGEST_ECHO]
    texts = {
        "empty": "The request body is empty. Send a JSON object.",
        "not_json": f"The request body is not valid JSON: {error.message} at character {error.position}",
        "not_utf8": f"The request body is not valid UTF-8 at byte {error.position}",
        "too_deep": f"{where}: nested too deeply",
        "too_many": f"{where or 'body'}: too many values, at most {MOST_MEMBERS} in a list or object and {MOST_VALUES} in all",
        "long_text": f"{where}: longer than {LONGEST_TEXT} characters",
        "bad_text": f"{where}: contains a character that text cannot hold",
        "big_number": f"{where}: the number does not fit into 64 bits",
        "not_an_object": "The request body must be a JSON object",
        "content_type": "Send the request body as JSON with the header Content-Type: application/json",
    }
    if error.reason == "too_large":
        return answer(413, "REQUEST_BODY_TOO_LARGE", f"The request body is larger than {error.limit} bytes")
    return answer(422, BODY, texts.get(error.reason, "Your request body is invalid."))


def of(error: CheckstandError) -> Response:
    """The answer to an error that a rule or flow raised on purpose."""
    if isinstance(error, Invalid):
        return invalid(error.problems)
    if isinstance(error, PaymentDeclined):
        return answer(422, error.decline_code.upper(), f"{error.message} {error.advice}")
    for kind, status, code, message, headers in _SIMPLE:
        if isinstance(error, kind):
            return answer(status, code, message or str(error), headers)
    raise error


_SIMPLE: tuple[tuple[type[CheckstandError], int, str, str, Mapping[str, str] | None], ...] = (
    (NotFound, 404, "NOT_FOUND", "Item not found", None),
    (NotPermitted, 403, "FORBIDDEN", "", None),
    (Expired, 409, "CHECKOUT_SESSION_EXPIRED", "This checkout session has expired. Create a new one.", NO_RETRY),
    (NotOpen, 409, "CHECKOUT_SESSION_CONSUMED", "A payment was already created from this session.", NO_RETRY),
    (Locked, 409, "CHECKOUT_SESSION_LOCKED", "The session is being changed right now. Please try again.", None),
    (PaymentNotReady, 403, "MERCHANT_NOT_LIVE", "Merchant is not live", None),
    (CustomerDeleted, 409, "CUSTOMER_DELETED", "The customer of this session has been deleted.", NO_RETRY),
    (ExternalIdTaken, 409, "CUSTOMER_MISMATCH", "The customer's id belongs to another e-mail address.", NO_RETRY),
)
