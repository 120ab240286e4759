"""One of everything that Stripe tells of, left for its webhooks to tell; and what must have become of it, however they came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from checkstand.flows.recovery.audit import audit_books
from tests.gateways.stripe_server import StripeShop

PRICE, FEE = 1000, 59
STATE = """
    SELECT json_object_agg(c.id, json_build_object(
        'status', c.status,
        'orders', (SELECT count(*) FROM orders o WHERE o.checkout_id = c.id),
        'refunds', (
            SELECT coalesce(json_agg(json_build_array(r.status, r.net_minor + r.tax_minor)), '[]')
            FROM refunds r WHERE r.checkout_id = c.id
        ),
        'disputes', (
            SELECT coalesce(json_agg(json_build_array(d.status, d.amount_minor)), '[]')
            FROM disputes d WHERE d.checkout_id = c.id
        ),
        'books', (
            SELECT coalesce(json_object_agg(account, total), '{}') FROM (
                SELECT e.account, sum(e.amount_minor) AS total
                FROM ledger_entries e JOIN orders o ON o.id = e.order_id
                WHERE o.checkout_id = c.id
                GROUP BY e.account
                HAVING sum(e.amount_minor) <> 0
            ) AS booked
        ),
        'told', (
            SELECT coalesce(json_object_agg(type, times), '{}') FROM (
                SELECT type, count(*) AS times
                FROM facts f
                WHERE f.checkout_id = c.id
                  AND type IN ('order.paid', 'refund.created', 'refund.succeeded', 'refund.failed', 'dispute.opened',
                               'dispute.won', 'dispute.lost')
                GROUP BY type
            ) AS told
        )
    ))::text
    FROM checkouts c
    WHERE c.id = ANY($1::text[]::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Story:
    """One purchase: what it was, and its final state."""

    name: str
    session: dict[str, Any]
    pays: bool = True
    refund: tuple[str, int] | None = None
    dispute: str | None = None
    told: tuple[str, ...] = field(default=())

    @property
    def expected(self) -> dict[str, Any]:
        """The final state as `STATE` shows it."""
        returned = self.refund[1] if self.refund and self.refund[0] == "succeeded" else 0
        held = PRICE if self.dispute == "lost" else 0
        books = {"gateway": PRICE - FEE - returned - held, "revenue": -PRICE, "fee": FEE}
        books |= {"refunds": returned, "disputes": held}
        told = ("order.paid", *self.told) if self.pays else ()
        return {
            "status": "succeeded" if self.pays else "open",
            "orders": int(self.pays),
            "refunds": [list(self.refund)] if self.refund else [],
            "disputes": [[self.dispute, PRICE]] if self.dispute else [],
            "books": {name: amount for name, amount in books.items() if amount} if self.pays else {},
            "told": dict.fromkeys(told, 1),
        }


def trade(selling: StripeShop, *, fees_later: bool = False) -> list[Story]:
    """Purchases of every kind, to the point where Stripe has told all of them and none was received here."""
    selling.fake.switch(fees_later=fees_later)
    made = [*_payments(selling), *_refunds(selling), *_disputes(selling)]
    selling.fake.switch(fees_later=False)
    selling.fake.book_fees()
    return made


def _bought(selling: StripeShop, kind: str) -> dict[str, Any]:
    session = selling.session()
    assert selling.confirm(session, kind).status_code in (200, 400)
    return session


def _intent(selling: StripeShop, session: dict[str, Any]) -> str:
    return selling.attempt(session, "gateway_reference")


def _payments(selling: StripeShop) -> list[Story]:
    made = [Story("paid", _bought(selling, "visa")), Story("declined", _bought(selling, "declined"), pays=False)]
    for name, answer in (("approved", "approve"), ("not approved", "fail")):
        session = _bought(selling, "3ds")
        selling.fake.answer(selling.attempt(session, "action_url"), answer)
        made.append(Story(name, session, pays=answer == "approve"))
    session = _bought(selling, "processing")
    selling.fake.finish(_intent(selling, session))
    return [*made, Story("paid later", session)]


def _refunds(selling: StripeShop) -> list[Story]:
    told = ("refund.created", "refund.succeeded")
    made = []
    for name, kind, amount, outcome, facts in (
        ("refunded", "visa", 400, None, told),
        ("refunded later", "refund_pends", 300, "succeeded", told),
        ("refunded in vain", "refund_fails", PRICE, "failed", (*told, "refund.failed")),
    ):
        session = _bought(selling, kind)
        body = {"order_id": selling.attempt(session, "order_id"), "reason": "other", "amount": amount}
        assert selling.client.post("/v1/refunds/", json=body).status_code == 201
        if outcome:
            selling.fake.finish_refund(str(selling.fake.books()["refunds"][0]["id"]), outcome)
        made.append(Story(name, session, refund=(outcome or "succeeded", amount), told=facts))
    session = _bought(selling, "visa")
    selling.fake.refund_by_hand(_intent(selling, session), 250)
    return [*made, Story("refunded by hand", session, refund=("succeeded", 250), told=told)]


def _disputes(selling: StripeShop) -> list[Story]:
    made = []
    for end in ("won", "lost"):
        session = _bought(selling, "disputed")
        dispute = str(selling.fake.books()["disputes"][0]["id"])
        selling.fake.move_dispute(dispute, "under_review")
        selling.fake.move_dispute(dispute, end)
        made.append(Story(f"disputed and {end}", session, dispute=end, told=("dispute.opened", f"dispute.{end}")))
    session = _bought(selling, "inquired")
    selling.fake.move_dispute(str(selling.fake.books()["disputes"][0]["id"]), "warning_closed")
    return [*made, Story("asked about", session)]


def deliver(selling: StripeShop, seed: int) -> int:
    """Let Stripe tell everything three times, shuffled; how many deliveries were made, all of them heard."""
    selling.fake.switch(webhooks={"hold": True, "copies": 3, "seed": seed})
    deliveries = selling.fake.deliver()
    selling.fake.switch(webhooks={"hold": True})
    assert {status for _, status in deliveries} == {200}, deliveries
    return len(deliveries)


def check(selling: StripeShop, made: list[Story]) -> None:
    """Each story has its one final state, and all books agree: ours with each other and with Stripe's."""
    found = json.loads(selling.server.value(STATE, [story.session["id"] for story in made]))
    assert {story.session["id"]: found[story.session["id"]] for story in made} == {
        story.session["id"]: story.expected for story in made
    }
    paid = selling.paid_in_all([story.session for story in made])
    assert paid == {story.session["id"]: int(story.pays) for story in made}
    checks = selling.server.run(audit_books(selling.server.services.ports, selling.shop.organization))
    assert [problem for one in checks for problem in one.problems] == []
