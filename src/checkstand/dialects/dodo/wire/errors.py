"""Dodo's error bodies: always `{code, message}` (docs/behaviour/dodo.md#refusals). One table from problem codes, one from exceptions.

There is no list of fields in the body, so the message names the field and what is wrong with it. Official clients repeat a 409 twice
by themselves: one that will not go away is sent with `x-should-retry: false`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from uuid import UUID

from pydantic import ValidationError
from starlette.responses import Response

from checkstand.dialects.dodo.answers.common import Error
from checkstand.dialects.dodo.wire.problem_words import BODY, PARAMETERS, PROBLEMS
from checkstand.dialects.dodo.wire.words import shown
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

NO_RETRY = {"x-should-retry": "false"}

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
    """An Idempotency-Key beyond its bound (docs/behaviour/dodo.md#keys-and-repeated-requests: ours, as are the next two)."""
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
    """The error of a path or method without a route."""
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
    status, code, _ = PROBLEMS[problems[0].code]
    told = dict.fromkeys(_sentence(problem) for problem in problems)
    headers = {"retry-after": "1"} if status == 503 else None
    return answer(status, code, _joined(told), headers)


def _joined(told: Iterable[str]) -> str:
    """The first errors in one sentence each; what a caller sent may be in it, so each has its end."""
    return "; ".join(sentence[:LARGEST_ECHO] for sentence in islice(told, _SHOWN_AT_MOST))


def _sentence(problem: Problem) -> str:
    template = PROBLEMS[problem.code][2]
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
