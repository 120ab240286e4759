"""The small model: what a shop must look like after each step, told without a database and without the product's own code.

It knows the moves that sessions, payments, refunds and disputes may make, what is charged, held and given back, what the bank's own
books say, and which calls have to be refused. It never asks the product anything but two things that have tests of their own: which
identifiers it chose, and how a partial refund divides into net and tax (judged here only for its bounds).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.machine.tariff import (
    DISCOUNTS,
    GOODS,
    PAYING,
    REDEMPTIONS,
    accepts,
    bank_starts,
)
from tests.machine.things import Attempt, BankCharge, BankRefund, Dispute, Order, Refund, RefundAsked, Session

LIFETIME, PATIENCE, REFUND_PATIENCE = timedelta(hours=24), timedelta(seconds=30), timedelta(hours=1)
# An undecided payment is asked about when its bank said, else after this long, and again each time.
LATER = timedelta(hours=1)
MOST_DECLINES = 5
SESSION_MOVES = {
    "open": {"confirmed", "expired"},
    "confirmed": {"open", "succeeded", "expired"},  # expired: declined after its time
    "succeeded": set(),
    "expired": set(),
}
ATTEMPT_MOVES = {
    "started": {"requires_action", "processing", "succeeded", "declined"},
    "requires_action": {"processing", "succeeded", "declined"},
    "processing": {"requires_action", "succeeded", "declined"},
    "succeeded": set(),
    "declined": set(),
}
REFUND_MOVES = {"pending": {"succeeded", "failed"}, "succeeded": {"failed"}, "failed": set()}
DISPUTE_ENDS = {"accepted", "cancelled", "expired", "won", "lost"}
DISPUTE_MOVES = {"opened": {"challenged"} | DISPUTE_ENDS, "challenged": DISPUTE_ENDS}


@dataclass(slots=True)
class Model:
    """The whole shop. Each method is one call: it says what must come of it, and, where that is not a refusal, makes it so."""

    now: datetime
    sessions: list[Session] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    # ------------------------------------------------------------ what there is

    @property
    def attempts(self) -> list[Attempt]:
        return [attempt for session in self.sessions for attempt in session.attempts]

    @property
    def orders(self) -> list[Order]:
        return [session.order for session in self.sessions if session.order]

    @property
    def refunds(self) -> list[Refund]:
        return [refund for order in self.orders for refund in order.refunds]

    @property
    def disputes(self) -> list[Dispute]:
        return [dispute for order in self.orders for dispute in order.disputes]

    def used(self, discount: str) -> int:
        return sum(session.holds_redemption == discount for session in self.sessions)

    def is_over(self, session: Session) -> bool:
        return self.now >= session.expires_at

    def is_used_up(self, discount: str) -> bool:
        most = REDEMPTIONS.get(discount)
        return most is not None and self.used(discount) >= most

    # ------------------------------------------------------------ sessions

    def why_not_discount(self, goods: str, discount: str | None) -> str:
        if discount is None:
            return "ok"
        if goods == "free":
            return "Invalid:discount_on_free_product"
        if self.is_used_up(discount):
            return "Invalid:discount_used_up"
        if DISCOUNTS[discount].currency not in (None, GOODS[goods].currency):
            return "Invalid:discount_other_currency"
        return "ok"

    def change(self, session: Session, *, by_merchant: bool, discount: str | None, chosen: int | None) -> str:
        """What must come of an edit; `discount` is one that the edit applies."""
        if not by_merchant and self.is_over(session) and session.status != "succeeded":
            return "Expired"
        if session.status != "open":
            return "NotOpen"
        if chosen is not None and session.goods == "tip" and chosen < GOODS["tip"].minimum:
            return "Invalid:amount_below_minimum"
        return self.why_not_discount(session.goods, discount)

    def changed(self, session: Session) -> None:
        """An edit was stored. A late one, which only the merchant can make, ends the session."""
        session.is_untouched = False
        if self.is_over(session):
            self._move(session, "expired")

    def confirm(self, session: Session, token: str | None, *, old_page: bool = False) -> str:
        """What must come of a confirm before the charge. `old_page`: it knows the session only as it was created."""
        if self.is_over(session) and (old_page or session.status != "succeeded"):
            return "Expired"
        if old_page and not session.is_untouched:
            return "Locked" if session.status == "open" else "NotOpen"
        if session.status != "open":
            return "NotOpen"
        if session.declines >= MOST_DECLINES and session.attempts[-1].status == "declined":
            return "PaymentDeclined:too_many_declines"
        if session.quantity == 0:
            return "Invalid:quantity_required"
        if token is None and session.price.needs_form:
            return "Invalid:token_required"
        if session.discount and self.is_used_up(session.discount):
            return "Invalid:discount_no_longer_redeemable"
        return "ok"

    def claim(self, session: Session, attempt_id: str, token: str | None) -> Attempt:
        """The session is confirmed, its redemption reserved, its attempt stored; the bank has not heard of it."""
        self._move(session, "confirmed")
        session.is_untouched = False
        session.holds_redemption = session.discount
        price = session.price
        attempt = Attempt(attempt_id, session, token or "", price, self.now, is_free=not price.needs_form)
        session.attempts.append(attempt)
        return attempt

    def charge(self, attempt: Attempt, *, arrives: bool = True, heard: bool = True) -> str:
        """The gateway is asked to charge. `arrives`: the bank gets the request; `heard`: we get its answer."""
        if attempt.is_free:
            self.hear(attempt, "succeeded")
            return "ok"
        if not accepts(attempt.token, attempt.session.country, attempt.session.goods):
            self.hear(attempt, "declined", "payment_method_unsupported")
            return "PaymentDeclined:payment_method_unsupported"
        if arrives and attempt.charge is None and attempt.token != "unknown":
            state, code, due_at, due_code = bank_starts(attempt.token, attempt.created_at)
            behaviour = PAYING[attempt.token].behaviour
            attempt.charge = BankCharge(behaviour, state, code, attempt.price.due, due_at, due_code)
        return self.look(attempt, heard=heard and arrives, charging=True)

    def look(self, attempt: Attempt, *, arrives: bool = True, heard: bool = True, charging: bool = False) -> str:
        """The bank is asked how a charge stands."""
        charge = attempt.charge
        if charge is not None and arrives:
            charge.look(self.now)
        if not (arrives and heard):
            return "ok"
        if charge is None:
            if not charging:
                return "ok"
            self.hear(attempt, "declined", "unknown_token")
            return "PaymentDeclined:unknown_token"
        before = attempt.status
        self.hear(attempt, charge.state, charge.code)
        if attempt.status != before:
            attempt.ask_again_at = charge.due_at or self.now + LATER
        return f"PaymentDeclined:{charge.code}" if charge.state == "declined" else "ok"

    def hear(self, attempt: Attempt, state: str, code: str | None = None) -> None:
        """The bank's word, as often as it comes: what is decided stays, and all that follows is done once."""
        if attempt.status in ("succeeded", "declined") or attempt.status == state:
            return
        assert state in ATTEMPT_MOVES[attempt.status], f"{attempt.status} -> {state}"
        attempt.status, attempt.code = state, code
        session = attempt.session
        if state == "declined":
            session.holds_redemption = None
            self._move(session, "expired" if self.is_over(session) else "open")
            self.told["payment.declined"] += 1
        elif state == "succeeded":
            self._move(session, "succeeded")
            due = attempt.price
            session.order = Order("", attempt, due.net if due.due else 0, due.tax if due.due else 0)
            self.told.update(("order.paid", "payment.succeeded", "checkout.succeeded"))

    def expire(self) -> int:
        """The worker's sweep: everything open whose time has passed."""
        late = [session for session in self.sessions if session.status == "open" and self.is_over(session)]
        for session in late:
            self._move(session, "expired")
            session.is_untouched = False
        self.told["checkout.expired"] += len(late)
        return len(late)

    def reconcile(self, *, lost: str | None) -> None:
        """The worker's questions to the bank; of one kind (`lost`) the answers, or the requests, do not arrive."""
        for attempt in self.attempts:
            if attempt.status == "started" and attempt.created_at <= self.now - PATIENCE:
                if attempt.charge is None and not (lost or "").startswith("lookup "):
                    self.charge(attempt, arrives=lost != "charge before", heard=lost != "charge after")
                else:
                    self._asked(attempt, lost)
        for attempt in self.attempts:
            waits = attempt.status in ("requires_action", "processing")
            if waits and attempt.ask_again_at is not None and attempt.ask_again_at <= self.now:
                self._asked(attempt, lost)
                attempt.ask_again_at = self.now + LATER
        for refund in self.refunds:
            if refund.status == "pending" and refund.ask_again_at <= self.now:
                self._finish(refund, lost)

    def _asked(self, attempt: Attempt, lost: str | None) -> None:
        self.look(attempt, arrives=lost != "lookup before", heard=lost != "lookup after")

    def _move(self, session: Session, status: str) -> None:
        assert status in SESSION_MOVES[session.status], f"{session.status} -> {status}"
        session.status = status

    # ------------------------------------------------------------ money that goes back

    def why_not_refund(self, order: Order, asked: RefundAsked) -> str:
        net, tax = order.left
        if order.total == 0:
            return "RefundRefused:nothing_to_refund"
        if order.status == "refunded":
            return "RefundRefused:refunded_already"
        if order.held:
            return "RefundRefused:payment_disputed"
        if net + tax == 0:
            return "RefundRefused:refund_underway"
        if asked.item is not None:
            left = order.item_left(*asked.item)
            if (asked.total or 0) > net + tax:
                return "Invalid:refund_exceeds"
            if left == 0:
                return "Invalid:refund_item_refunded"
            return "Invalid:refund_item_too_high" if (asked.total or 0) > left else "ok"
        beyond = (asked.net or 0) > net or (asked.total or 0) > net + tax
        return "Invalid:refund_exceeds" if beyond else "ok"

    def reserve(self, refund: Refund, asked: RefundAsked) -> None:
        """A refund was stored: it has to be of what was asked for, and of no more than is left."""
        order, (net, tax) = refund.order, refund.order.left
        wanted = asked.total
        if asked.item is not None and wanted is None:
            wanted = order.item_left(*asked.item)
        elif asked.net is None and wanted is None:
            wanted = net + tax
        assert 0 <= refund.net <= net and 0 <= refund.tax <= tax, "no more than what is left"
        assert sum(refund.items.values()) == refund.total > 0
        assert wanted in (None, refund.total) and asked.net in (None, refund.net)
        order.refunds.append(refund)

    def send(self, refund: Refund, *, arrives: bool = True, heard: bool = True) -> None:
        """The bank is asked to give back."""
        if arrives and refund.booked is None:
            behaviour = PAYING[refund.order.attempt.token].behaviour.partition(":")[2]
            state = {"refund_fails": "failed", "refund_pends": "pending"}.get(behaviour, "succeeded")
            refund.booked = BankRefund(state, refund.total)
        if arrives and heard:
            self.handle_refund_event(refund)

    def handle_refund_event(self, refund: Refund) -> None:
        """The bank's word on a refund, as often as it comes."""
        assert refund.booked is not None
        state = refund.booked.state
        if state == "pending":
            refund.ask_again_at = self.now + REFUND_PATIENCE if refund.status == "pending" else refund.ask_again_at
        elif state not in REFUND_MOVES[refund.status]:
            return
        elif state == "succeeded":
            self.told["refund.succeeded"] += 1
        else:
            self.told["refund.failed"] += 1
        if refund.status == state and refund.is_told:
            return
        if not refund.is_told:
            self.told["refund.created"] += 1
        refund.is_told, refund.status = True, state

    def _finish(self, refund: Refund, lost: str | None) -> None:
        """The worker asks about a refund, and sends it if the bank never heard of it."""
        if (lost or "").startswith("lookup_refund "):
            return
        if refund.booked is None:
            self.send(refund, arrives=lost != "refund before", heard=lost != "refund after")
        else:
            self.handle_refund_event(refund)

    # ------------------------------------------------------------ disputes

    def why_not_dispute(self, order: Order, amount: int | None) -> str:
        if any(dispute.is_open for dispute in order.disputes):
            return "open already"
        left = sum(order.left) - order.held
        return "ok" if 0 < (left if amount is None else amount) <= left else "Invalid:dispute_exceeds"

    def move_dispute(self, dispute: Dispute, status: str) -> None:
        if status in DISPUTE_MOVES.get(dispute.status, set()):
            dispute.status = status
            self.told[f"dispute.{status}"] += 1
