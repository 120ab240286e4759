"""Money that Stripe keeps, gives back or loses to a bank: heard through its webhooks, once each, and in the books to the cent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkstand.flows.recovery.audit import audit_books
from tests.gateways.stripe_server import StripeShop, another_shop

DISPUTE_NEWS = {"charge.dispute.created", "charge.dispute.funds_withdrawn"}


@pytest.fixture(autouse=True)
def _calm(selling: StripeShop) -> None:
    selling.calm()


def bought(selling: StripeShop, kind: str = "visa") -> dict[str, Any]:
    """A paid session with what Stripe has told of it heard."""
    session = selling.session()
    assert selling.confirm(session, kind).status_code == 200
    assert selling.now(session)["status"] == "succeeded"
    return session


def heard(selling: StripeShop, copies: int = 1, seed: int | None = None) -> list[str]:
    """All events that are due, each so many times; their types."""
    selling.fake.switch(webhooks={"hold": True, "copies": copies, "seed": seed})
    deliveries = selling.fake.deliver()
    selling.fake.switch(webhooks={"hold": True})
    assert {status for _, status in deliveries} <= {200}, deliveries
    return [kind for kind, _ in deliveries]


def intent(selling: StripeShop, session: dict[str, Any]) -> str:
    return selling.attempt(session, "gateway_reference")


def order_id(selling: StripeShop, session: dict[str, Any]) -> str:
    return selling.attempt(session, "order_id")


def refund(selling: StripeShop, session: dict[str, Any], amount: int) -> dict[str, Any]:
    body = {"order_id": order_id(selling, session), "reason": "customer_request", "amount": amount}
    answer = selling.client.post("/v1/refunds/", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refunds(selling: StripeShop, session: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Status, net and tax of a session's refunds, oldest first."""
    listed = selling.client.get(
        "/v1/refunds/", params={"order_id": order_id(selling, session), "sorting": "created_at"}
    )
    return [(one["status"], one["amount"], one["tax_amount"]) for one in listed.json()["items"]]


def disputes(selling: StripeShop, session: dict[str, Any]) -> list[tuple[str, int]]:
    query = """
        SELECT coalesce(json_agg(json_build_array(status, amount_minor) ORDER BY created_at), '[]')::text
        FROM disputes WHERE checkout_id = $1::text::uuid
    """
    return [tuple(one) for one in json.loads(selling.server.value(query, session["id"]))]


def facts(selling: StripeShop, session: dict[str, Any], prefix: str) -> list[str]:
    query = """
        SELECT coalesce(string_agg(type, ' ' ORDER BY sequence), '')
        FROM facts WHERE checkout_id = $1::text::uuid AND starts_with(type, $2)
    """
    return str(selling.server.value(query, session["id"], prefix)).split()


def account(selling: StripeShop, session: dict[str, Any], name: str) -> int:
    query = """
        SELECT coalesce(sum(e.amount_minor), 0)::bigint
        FROM ledger_entries e JOIN orders o ON o.id = e.order_id
        WHERE o.checkout_id = $1::text::uuid AND e.account = $2
    """
    return int(selling.server.value(query, session["id"], name))


def problems(selling: StripeShop) -> list[str]:
    """What an audit finds."""
    services = selling.server.services
    checks = selling.server.run(audit_books(services.ports, selling.shop.organization))
    assert {"captured = stripe gateway's books", "refunds = stripe gateway's books"} <= {check.name for check in checks}
    return [problem for check in checks for problem in check.problems]


# ---------------------------------------------------------------- refunds


def test_a_refund_whose_answer_was_lost_is_settled_by_its_webhook(selling: StripeShop) -> None:
    session = bought(selling)
    heard(selling)
    selling.fake.fault("drop", times=3, match="POST /v1/refunds")
    assert refund(selling, session, 400)["status"] == "pending"
    selling.fake.recover()
    assert "refund.created" in heard(selling, copies=3)
    assert refunds(selling, session) == [("succeeded", 400, 0)]
    assert facts(selling, session, "refund.") == ["refund.created", "refund.succeeded"]
    assert account(selling, session, "refunds") == 400
    assert problems(selling) == []


@pytest.mark.parametrize(("outcome", "booked"), [("succeeded", 400), ("failed", 0)])
def test_a_refund_that_waits_is_decided_by_its_webhook(selling: StripeShop, outcome: str, booked: int) -> None:
    session = bought(selling, "refund_pends")
    assert refund(selling, session, 400)["status"] == "pending"
    made = str(selling.fake.books()["refunds"][0]["id"])
    selling.fake.finish_refund(made, outcome)
    heard(selling, copies=3, seed=5)
    assert refunds(selling, session) == [(outcome, 400, 0)]
    assert account(selling, session, "refunds") == booked
    assert problems(selling) == []


def test_a_refund_that_comes_back_after_it_succeeded_can_be_made_again(selling: StripeShop) -> None:
    session = bought(selling, "refund_fails")
    assert refund(selling, session, 1000)["status"] == "succeeded"
    assert account(selling, session, "gateway") + account(selling, session, "fee") == 0
    selling.fake.finish_refund(str(selling.fake.books()["refunds"][0]["id"]), "failed")
    assert "refund.failed" in heard(selling, copies=3, seed=6)
    assert refunds(selling, session) == [("failed", 1000, 0)]
    assert account(selling, session, "gateway") + account(selling, session, "fee") == 1000
    assert refund(selling, session, 1000)["status"] == "succeeded"
    assert problems(selling) == []


@pytest.mark.parametrize("amount", [None, 333])
def test_a_refund_made_in_stripes_dashboard_is_a_refund_of_the_order_once(
    selling: StripeShop, amount: int | None
) -> None:
    session = bought(selling)
    selling.fake.refund_by_hand(intent(selling, session), amount, reason="requested_by_customer")
    heard(selling, copies=3, seed=7)
    assert refunds(selling, session) == [("succeeded", amount or 1000, 0)]
    order = selling.client.get(f"/v1/orders/{order_id(selling, session)}").json()
    assert order["status"] == ("partially_refunded" if amount else "refunded")
    assert facts(selling, session, "refund.") == ["refund.created", "refund.succeeded"]
    assert account(selling, session, "refunds") == (amount or 1000)
    assert problems(selling) == []


def test_a_refund_made_by_hand_that_comes_back_gives_the_order_its_money_back(selling: StripeShop) -> None:
    session = bought(selling, "refund_fails")
    made = selling.fake.refund_by_hand(intent(selling, session), 500)
    heard(selling)
    selling.fake.finish_refund(made, "failed")
    heard(selling, copies=2)
    assert refunds(selling, session) == [("failed", 500, 0)]
    assert account(selling, session, "refunds") == 0
    assert problems(selling) == []


def test_a_refund_by_hand_that_waits_is_never_sent_again_by_the_reconciler(selling: StripeShop) -> None:
    session = bought(selling, "refund_pends")
    selling.fake.refund_by_hand(intent(selling, session), 500)
    heard(selling)
    assert refunds(selling, session) == [("pending", 500, 0)]
    before = len(selling.fake.books()["refunds"])
    selling.later("PT2H")
    assert len(selling.fake.books()["refunds"]) == before
    selling.fake.finish_refund(str(selling.fake.books()["refunds"][0]["id"]))
    selling.later("PT2H")
    assert refunds(selling, session) == [("succeeded", 500, 0)]
    assert problems(selling) == []


def test_stripe_is_asked_to_tell_again_when_a_refund_cannot_be_asked_for(selling: StripeShop) -> None:
    session = bought(selling)
    heard(selling)
    selling.fake.refund_by_hand(intent(selling, session), 100)
    selling.fake.fault("429", match="GET /v1/refunds")
    assert [status for kind, status in selling.fake.deliver() if kind == "refund.created"] == [503, 200]
    assert refunds(selling, session) == [("succeeded", 100, 0)]


def test_a_refund_of_a_payment_of_strangers_is_left_alone(selling: StripeShop) -> None:
    made = selling.fake.client.post(
        "/v1/payment_intents",
        data={"amount": "700", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"},
        headers={"Authorization": "Bearer sk_test_standin0123456789"},
    ).json()
    selling.fake.refund_by_hand(made["id"])
    selling.fake.dispute(made["id"])
    assert {"refund.created", "charge.dispute.created"} <= set(heard(selling))
    assert problems(selling) == []


# ---------------------------------------------------------------- disputes


@pytest.mark.parametrize(
    ("path", "status", "held", "told"),
    [
        ([], "opened", 1000, ["opened"]),
        (["under_review"], "challenged", 1000, ["opened", "challenged"]),
        (["under_review", "won"], "won", 0, ["opened", "challenged", "won"]),
        (["lost"], "lost", 1000, ["opened", "lost"]),
        (["prevented"], "cancelled", 0, ["opened", "cancelled"]),
    ],
)
def test_a_dispute_goes_where_the_bank_takes_it(
    selling: StripeShop, path: list[str], status: str, held: int, told: list[str]
) -> None:
    session = bought(selling)
    dispute = selling.fake.dispute(intent(selling, session))
    assert set(heard(selling, copies=2)) >= DISPUTE_NEWS
    for step in path:
        selling.fake.move_dispute(dispute, step)
        heard(selling, copies=3, seed=8)
    assert disputes(selling, session) == [(status, 1000)]
    assert account(selling, session, "disputes") == held
    assert facts(selling, session, "dispute.") == [f"dispute.{one}" for one in told]
    assert problems(selling) == []


def test_news_of_a_dispute_that_come_late_and_mixed_open_one_dispute(selling: StripeShop) -> None:
    session = bought(selling, "disputed")
    dispute = str(selling.fake.books()["disputes"][0]["id"])
    selling.fake.move_dispute(dispute, "under_review")
    selling.fake.move_dispute(dispute, "lost")
    assert len(heard(selling, copies=3, seed=9)) >= 12
    assert disputes(selling, session) == [("lost", 1000)]
    assert facts(selling, session, "dispute.") == ["dispute.opened", "dispute.lost"]
    assert account(selling, session, "disputes") == 1000
    assert problems(selling) == []


def test_a_dispute_that_is_heard_of_before_its_payment_settles_that_first(selling: StripeShop) -> None:
    session = selling.session()
    selling.fake.fault("drop", times=3)
    selling.confirm(session, "disputed")
    selling.fake.recover()
    assert selling.now(session)["status"] == "confirmed"
    heard(selling, copies=3, seed=10)
    assert selling.now(session)["status"] == "succeeded"
    assert (selling.paid(session), selling.orders(session)) == (1, 1)
    assert disputes(selling, session) == [("opened", 1000)]


def test_a_part_may_be_disputed_and_another_part_later(selling: StripeShop) -> None:
    session = bought(selling)
    for amount in (300, 200):
        selling.fake.dispute(intent(selling, session), amount=amount)
        heard(selling)
    assert disputes(selling, session) == [("opened", 300), ("opened", 200)]
    assert account(selling, session, "disputes") == 500
    assert problems(selling) == []


def test_a_dispute_takes_no_more_than_what_is_left_after_a_refund(selling: StripeShop) -> None:
    session = bought(selling)
    refund(selling, session, 400)
    selling.fake.dispute(intent(selling, session))
    heard(selling)
    assert disputes(selling, session) == [("opened", 600)]
    assert problems(selling) == []


def test_a_dispute_of_what_was_given_back_whole_books_nothing(selling: StripeShop) -> None:
    session = bought(selling)
    refund(selling, session, 1000)
    selling.fake.dispute(intent(selling, session))
    heard(selling)
    assert disputes(selling, session) == []
    assert problems(selling) == []


def test_a_bank_that_only_asks_holds_no_money_until_it_disputes(selling: StripeShop) -> None:
    session = bought(selling, "inquired")
    heard(selling)
    assert disputes(selling, session) == []
    dispute = str(selling.fake.books()["disputes"][0]["id"])
    selling.fake.move_dispute(dispute, "needs_response")
    heard(selling)
    assert disputes(selling, session) == [("opened", 1000)]
    assert problems(selling) == []


def test_a_question_that_is_closed_leaves_no_trace(selling: StripeShop) -> None:
    session = bought(selling, "inquired")
    selling.fake.move_dispute(str(selling.fake.books()["disputes"][0]["id"]), "warning_closed")
    heard(selling, copies=2)
    assert (disputes(selling, session), facts(selling, session, "dispute.")) == ([], [])


def test_a_payment_that_is_disputed_is_not_refunded_as_well(selling: StripeShop) -> None:
    session = bought(selling, "disputed")
    heard(selling)
    body = {"order_id": order_id(selling, session), "reason": "customer_request", "amount": 100}
    assert selling.client.post("/v1/refunds/", json=body).status_code >= 400
    assert refunds(selling, session) == []


# ---------------------------------------------------------------- fees


def test_what_stripe_keeps_is_booked_with_the_payment(selling: StripeShop) -> None:
    session = bought(selling)
    heard(selling, copies=2)
    assert (account(selling, session, "fee"), account(selling, session, "gateway")) == (59, 941)
    assert selling.balance(session) == 0
    assert problems(selling) == []


@pytest.mark.parametrize("by", ["webhook", "reconciler"])
def test_a_fee_that_stripe_knows_later_is_booked_once_when_it_tells_or_is_asked(selling: StripeShop, by: str) -> None:
    selling.fake.switch(fees_later=True)
    session = bought(selling)
    heard(selling, copies=2)
    assert account(selling, session, "fee") == 0
    assert problems(selling) == []
    assert selling.fake.book_fees() >= 1
    if by == "webhook":
        assert set(heard(selling, copies=3)) == {"charge.updated"}
    else:
        selling.later("PT2H")
    assert account(selling, session, "fee") == 59
    heard(selling, copies=2)
    selling.later("PT2H")
    assert account(selling, session, "fee") == 59
    assert problems(selling) == []


def test_an_audit_tells_what_was_kept_in_each_currency_and_a_fee_that_is_not_in_the_ledger(selling: StripeShop) -> None:
    session = bought(selling)
    services, organization = selling.server.services, selling.shop.organization
    before = {one.name: one for one in selling.server.run(audit_books(services.ports, organization))}["fees = ledger"]
    assert before.problems == ()
    assert before.note is not None
    assert before.note.startswith("$")
    change = "UPDATE payment_attempts SET fee_minor = fee_minor + $2 WHERE checkout_id = $1::text::uuid"
    selling.server.run(services.ports.db.execute(change, session["id"], 1))
    found = problems(selling)
    selling.server.run(services.ports.db.execute(change, session["id"], -1))
    assert any("the gateway kept $0.60 of it, but the ledger's fees are $0.59" in one for one in found)
    assert problems(selling) == []


# ---------------------------------------------------------------- Stripe's own list


def test_an_audit_finds_what_only_stripe_knows_what_only_we_know_and_what_differs(selling: StripeShop) -> None:
    with another_shop(selling.server, selling.fake) as shop:
        look_for_differences(shop)


def look_for_differences(selling: StripeShop) -> None:
    assert problems(selling) == []
    missing, other = bought(selling), bought(selling)
    theirs = selling.fake.client.post(
        "/v1/payment_intents",
        data={
            "amount": "700",
            "currency": "usd",
            "confirm": "true",
            "payment_method": "pm_card_visa",
            "metadata[organization]": str(selling.shop.organization.id),
        },
        headers={"Authorization": "Bearer sk_test_standin0123456789"},
    ).json()["id"]
    db = selling.server.services.ports.db
    rename = "UPDATE payment_attempts SET gateway_key = gen_random_uuid() WHERE checkout_id = $1::text::uuid"
    selling.server.run(db.execute(rename, missing["id"]))
    change = "UPDATE payment_attempts SET amount_minor = $2 WHERE checkout_id = $1::text::uuid"
    selling.server.run(db.execute(change, other["id"], 1001))
    found = problems(selling)
    assert f"The gateway's books have a payment {theirs} of $7.00 that is not in ours." in found
    assert f"The gateway's books have no payment {intent(selling, missing)} of $10.00." in found
    assert f"Payment {intent(selling, other)} is $10.01 here and $10.00 at the gateway." in found


def test_an_audit_says_when_stripe_could_not_be_asked(selling: StripeShop) -> None:
    selling.fake.fault("500", times=3, match="GET /v1/payment_intents")
    services, organization = selling.server.services, selling.shop.organization
    found = [one for check in selling.server.run(audit_books(services.ports, organization)) for one in check.problems]
    selling.fake.recover()
    assert any("did not list its books" in problem for problem in found)
