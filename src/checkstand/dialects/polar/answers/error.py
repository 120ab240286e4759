"""Refusals. The words of each are in `errors.py` and `problem_words.py`; which status has which, in `described.py`.

Source: docs/behaviour/polar.md#refusals.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Error(TypedDict):
    """Why a request was refused: a stable name, and a sentence. `hint` says what to do next, where that is not plain."""

    error: str
    detail: str
    hint: NotRequired[str]


class PaymentError(TypedDict):
    """The payment was declined and nothing was charged; the session is open again. `hint` says what the buyer can do."""

    error: Literal["PaymentError"]
    detail: str
    hint: str
    decline_code: str


class TokenError(TypedDict):
    """An unknown key, or one without permission for this."""

    error: Literal["invalid_token", "insufficient_scope"]
    error_description: str


class Problem(TypedDict):
    """One thing that is wrong with a request: where it is, and what was sent there, shortened if it is long. `ctx` has the numbers
    and names of the message.
    """

    type: str
    loc: list[str | int]
    msg: str
    input: object
    ctx: NotRequired[dict[str, object]]
    hint: NotRequired[str]


ValidationErrorName = Literal[
    "RequestValidationError", "PolarRequestValidationError", "CheckoutCustomerExternalIdMismatch"
]


class ValidationError(TypedDict):
    """Everything that is wrong with a request: `RequestValidationError` for its form, another name for what a rule refused."""

    error: ValidationErrorName
    detail: list[Problem]


class UnknownPath(TypedDict):
    """A path that is not served, or not in this version."""

    detail: Literal["Not Found"]
