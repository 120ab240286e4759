"""One tree of errors with stable codes. The domain never knows HTTP: each dialect maps a code to its body in one table.

    >>> Invalid.single(ProblemCode.AMOUNT_BELOW_MINIMUM, "amount", given=10, minimum="$0.50").problems[0].where
    ('amount',)

A `Problem` names what is wrong with one field of a request; `Invalid` carries all that were found together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from checkstand.domain.problem_codes import ProblemCode

Scalar = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: a stable code, the field's path, what was given, numbers for the message."""

    code: ProblemCode
    where: tuple[str | int, ...]
    given: object = None
    params: Mapping[str, Scalar] = field(default_factory=dict)


class CheckstandError(Exception):
    """Base of every error that a rule or a flow raises on purpose. `code` is stable and public."""

    code = "error"


class Invalid(CheckstandError):
    """The request breaks business rules; nothing was stored."""

    code = "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{'.'.join(map(str, p.where))}: {p.code}" for p in problems))
        self.problems = tuple(problems)

    @classmethod
    def single(cls, code: ProblemCode, *where: str | int, given: object = None, **params: Scalar) -> Invalid:
        """An `Invalid` with exactly one problem."""
        return cls([Problem(code, where, given, params)])


class NotFound(CheckstandError):
    """No such object in this organization (or it belongs to another one, which looks the same)."""

    code = "not_found"


class NotPermitted(CheckstandError):
    """The organization's state or the token's scopes forbid it."""

    code = "not_permitted"


class NotOpen(CheckstandError):
    """The session is past the point where it can be edited or paid. Carries its status."""

    code = "checkout_not_open"

    def __init__(self, checkout_id: UUID, status: str) -> None:
        super().__init__(f"Checkout {checkout_id} is not open: {status}")
        self.checkout_id = checkout_id
        self.status = status


class Expired(CheckstandError):
    """The session's time is over."""

    code = "checkout_expired"


class Locked(CheckstandError):
    """Another request is changing the same session right now; trying again is safe."""

    code = "checkout_locked"


class CustomerDeleted(CheckstandError):
    """The customer a session was made for has been deleted."""

    code = "customer_deleted"


class PaymentNotReady(CheckstandError):
    """The organization cannot take real payments: it is live, and only the test gateway is there to charge through."""

    code = "payment_not_ready"


class ExternalIdTaken(CheckstandError):
    """The session's external customer id belongs to a customer with another e-mail address."""

    code = "customer_external_id_mismatch"


class PaymentDeclined(CheckstandError):
    """The gateway said no. Nothing was charged; the session is open again."""

    code = "payment_declined"

    def __init__(self, decline_code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.decline_code = decline_code
        self.message = message
        self.advice = advice


class DiscountLimitReached(Invalid):
    """This customer has used the discount as often as one customer may. `discount` is its code, else its name."""

    code = "discount_redemption_limit_reached"

    def __init__(self, field_name: str, given: str | None, discount: str) -> None:
        super().__init__([Problem(ProblemCode.DISCOUNT_CUSTOMER_LIMIT, (field_name,), given)])
        self.discount = discount


class TotalChanged(Invalid):
    """What would be charged is not what was shown: nothing is, until the payer has agreed to the new total."""

    code = "total_changed"

    def __init__(self, total_minor: int, total: str) -> None:
        super().__init__([Problem(ProblemCode.TOTAL_CHANGED, ("total_amount",), total_minor, {"total": total})])


class TooManyCodes(CheckstandError):
    """So many wrong discount codes were tried that no further one is looked at for a while. `wait_s`: seconds until one is."""

    code = "too_many_codes"

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many discount codes were tried. Try again in {wait_s} seconds, or go on without a code.")
        self.wait_s = wait_s


class EmbedNotAllowed(CheckstandError):
    """A site that the organization does not list wants to show a checkout in a frame. Carries its origin."""

    code = "embed_host_not_allowed"

    def __init__(self, origin: str) -> None:
        super().__init__(f"{origin} is not allowed to embed this checkout.")
        self.origin = origin


class IllegalMove(CheckstandError):
    """A status change that the state machine does not know: a fault of ours, never of a caller."""

    code = "illegal_move"
