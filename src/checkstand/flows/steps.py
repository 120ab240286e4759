"""The steps of confirming, settling and refunding, by name: each is told to `Ports.reached` when it is done and the next one begins.

Nothing listens in a running server. The tests end the process at each of them and compare all books after a restart, so a new step of
these flows gets a name here.
"""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """In the order in which they are passed. What is done before `..._COMMITTED` is undone by a crash, all of it."""

    CONFIRM_ASKED = "confirm.asked"
    CONFIRM_CHECKED = "confirm.checked"
    SESSION_CLAIMED = "confirm.session_claimed"
    REDEMPTION_RESERVED = "confirm.redemption_reserved"
    ATTEMPT_STORED = "confirm.attempt_stored"
    CLAIM_COMMITTED = "confirm.committed"
    CHARGE_ANSWERED = "confirm.charge_answered"
    SETTLE_ASKED = "settle.asked"
    VERDICT_STORED = "settle.verdict_stored"
    CUSTOMER_STORED = "settle.customer_stored"
    REDEMPTION_GIVEN_BACK = "settle.redemption_given_back"
    ORDER_STORED = "settle.order_stored"
    CHARGE_BOOKED = "settle.charge_booked"
    SESSION_STORED = "settle.session_stored"
    SETTLE_COMMITTED = "settle.committed"
    REFUND_ASKED = "refund.asked"
    REFUND_RESERVED = "refund.reserved"
    REFUND_COMMITTED = "refund.committed"
    REFUND_ANSWERED = "refund.answered"
    REFUND_VERDICT_STORED = "refund.verdict_stored"
    REFUND_BOOKED = "refund.booked"
    REFUND_ORDER_STORED = "refund.order_stored"
    REFUND_SETTLED = "refund.settled"
