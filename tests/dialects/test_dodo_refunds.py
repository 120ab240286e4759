"""Refunds and disputes through the Dodo API: whole payments and single items, what is refused, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from dodopayments import DodoPayments

from checkstand.domain import ids
from checkstand.domain.address import Address
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from tests.answers import event_differences
from tests.clients.receiver import receiving
from tests.dialects.dodo_place import BUYER, DodoShop
from tests.dialects.test_dodo_contract import conform

REFUND_FAILS, REFUND_PENDS = "4000000000005126", "4000000000007726"


GERMAN = replace(BUYER, address=Address(country="DE", line1="Markt 4", city="Jena", postal_code="07743"))


def bought(dodo: DodoShop, *names: str, card: str | None = None, buyer: CheckoutChanges = BUYER, **body: Any) -> str:
    """The id of a payment that succeeded."""
    session = dodo.session(*names, **body)
    if card is None:
        dodo.pay(session, buyer=buyer)
    else:
        paid = dodo.http.post(f"/_test/checkouts/{session}/pay", json={"card": card})
        assert paid.json()["outcome"] == "succeeded", paid.text
    return str(dodo.payment_of(session)["payment_id"])


def refund(dodo: DodoShop, payment_id: str, **body: Any) -> httpx2.Response:
    return dodo.http.post("/refunds", json={"payment_id": payment_id, **body})


def payment(dodo: DodoShop, payment_id: str) -> dict[str, Any]:
    return dict(dodo.http.get(f"/payments/{payment_id}").json())


def refundable(dodo: DodoShop, payment_id: str) -> list[int]:
    items = dodo.http.get(f"/payments/{payment_id}/line-items").json()["items"]
    return [item["refundable_amount"] for item in items]


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_without_items_everything_left_goes_back(dodo: DodoShop) -> None:
    payment_id = bought(dodo)
    assert (payment(dodo, payment_id)["refund_status"], payment(dodo, payment_id)["refunds"]) == (None, [])
    answer = refund(dodo, payment_id, reason="Wrong size", metadata={"ticket": "7"})
    made = answer.json()
    assert (answer.status_code, made["status"], made["amount"], made["currency"]) == (200, "succeeded", 1000, "USD")
    assert (made["is_partial"], made["reason"], made["metadata"]) == (False, "Wrong size", {"ticket": "7"})
    assert made["customer"]["email"] == "ada@example.com"
    assert made["refund_id"].startswith("ref_")
    after = payment(dodo, payment_id)
    assert (after["status"], after["refund_status"]) == ("succeeded", "full")
    assert [one["refund_id"] for one in after["refunds"]] == [made["refund_id"]]
    assert refundable(dodo, payment_id) == [0]
    assert dodo.http.get(f"/refunds/{made['refund_id']}").json() == made
    conform("RefundResponse", made)
    conform("PaymentResponse", after)
    assert code(refund(dodo, payment_id)) == (400, "PAYMENT_ALREADY_REFUNDED")


def test_items_are_given_back_one_by_one_with_their_tax(dodo: DodoShop) -> None:
    dodo.settle_on(tax_registrations=("DE",), default_tax_behavior="exclusive", adaptive_currency=False)
    payment_id = bought(dodo, "P", "S", buyer=GERMAN)
    first, second = refundable(dodo, payment_id)
    assert first + second == payment(dodo, payment_id)["total_amount"] == 3570
    part = refund(dodo, payment_id, items=[{"item_id": dodo.id("P"), "amount": 500}]).json()
    assert (part["amount"], part["is_partial"]) == (500, True)
    assert refundable(dodo, payment_id) == [first - 500, second]
    with_tax = refund(
        dodo, payment_id, items=[{"item_id": dodo.id("S"), "amount": 1000, "tax_inclusive": False}]
    ).json()
    assert with_tax["amount"] == 1190
    assert refundable(dodo, payment_id) == [first - 500, second - with_tax["amount"]]
    assert payment(dodo, payment_id)["refund_status"] == "partial"
    rest = refund(dodo, payment_id, items=[{"item_id": dodo.id("P")}, {"item_id": dodo.id("S")}]).json()
    assert part["amount"] + with_tax["amount"] + rest["amount"] == first + second
    after = payment(dodo, payment_id)
    assert (after["refund_status"], len(after["refunds"]), refundable(dodo, payment_id)) == ("full", 3, [0, 0])
    conform("PaymentLineItemsResponse", dodo.http.get(f"/payments/{payment_id}/line-items").json())


def test_an_add_on_is_an_item_of_its_own(dodo: DodoShop) -> None:
    cart = [{"product_id": "S", "quantity": 1, "addons": [{"addon_id": "A", "quantity": 2}]}]
    session = dodo.create(product_cart=cart).json()["session_id"]
    dodo.pay(session)
    payment_id = dodo.payment_of(session)["payment_id"]
    made = refund(dodo, payment_id, items=[{"item_id": dodo.addon_id}]).json()
    assert (made["amount"], refundable(dodo, payment_id)) == (1000, [2000, 0])
    again = refund(dodo, payment_id, items=[{"item_id": dodo.addon_id, "amount": 1}])
    assert code(again) == (422, "LINE_ITEM_FULLY_REFUNDED")


def test_more_than_was_paid_is_refused(dodo: DodoShop) -> None:
    payment_id = bought(dodo, "P", "S")
    item = dodo.id("P")
    too_much = refund(dodo, payment_id, items=[{"item_id": item, "amount": 3001}])
    assert code(too_much) == (422, "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT")
    of_item = refund(dodo, payment_id, items=[{"item_id": item, "amount": 1001}])
    assert code(of_item) == (422, "LINE_ITEM_REFUND_AMOUNT_TOO_HIGH")
    assert code(refund(dodo, payment_id, items=[{"item_id": item, "amount": 0}])) == (
        422,
        "LINE_ITEM_REFUND_AMOUNT_TOO_LOW",
    )
    assert code(refund(dodo, payment_id, items=[{"item_id": item}] * 2)) == (422, "DUPLICATE_LINE_ITEMS_IN_REQUEST")
    assert code(refund(dodo, payment_id, items=[{"item_id": dodo.id("W")}])) == (422, "LINE_ITEM_NOT_FOUND")
    assert code(refund(dodo, payment_id, items=[{"item_id": "nonsense"}])) == (422, "LINE_ITEM_NOT_FOUND")
    assert code(refund(dodo, payment_id, items=[])) == (422, "INVALID_REQUEST_BODY"), "nothing named is not everything"
    assert code(refund(dodo, payment_id, reason="x" * 3001)) == (422, "INVALID_REQUEST_BODY")
    assert code(refund(dodo, payment_id, currency="EUR", items=[{"item_id": item, "amount": 1}])) == (
        422,
        "UNSUPPORTED_CURRENCY",
    )
    assert refundable(dodo, payment_id) == [1000, 2000]


def test_only_a_payment_that_took_money_is_refunded(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, "ctoken_declined")
    failed = dodo.payment_of(session)["payment_id"]
    assert code(refund(dodo, failed)) == (400, "PAYMENT_NOT_SUCCEEDED")
    assert code(refund(dodo, bought(dodo, "F"))) == (400, "ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED")
    assert code(refund(dodo, ids.short_id("pay", uuid4()))) == (422, "NOT_FOUND")
    assert code(refund(dodo, "pay_nonsense")) == (422, "NOT_FOUND")
    other = DodoShop(dodo.server, dodo.server.new_shop())
    assert code(refund(other, bought(dodo))) == (422, "NOT_FOUND")


def test_the_window_is_90_days_unless_the_organization_says_otherwise(dodo: DodoShop) -> None:
    payment_id = bought(dodo)
    assert dodo.http.post("/_test/clock", json={"advance": "P91D"}).status_code == 200
    late = refund(dodo, payment_id)
    assert code(late) == (400, "REFUND_WINDOW_EXPIRED")
    assert "90 days" in late.json()["message"]
    dodo.settle_on(refund_window_days=120)
    assert refund(dodo, payment_id).status_code == 200


def test_a_refund_is_decided_by_the_bank(dodo: DodoShop) -> None:
    failing = bought(dodo, card=REFUND_FAILS)
    assert refund(dodo, failing).json()["status"] == "failed"
    assert (payment(dodo, failing)["refund_status"], refundable(dodo, failing)) == (None, [1000])
    waiting = bought(dodo, card=REFUND_PENDS)
    made = refund(dodo, waiting).json()
    assert (made["status"], refundable(dodo, waiting)) == ("pending", [0])
    assert code(refund(dodo, waiting)) == (400, "EXISTING_REFUND_REQUEST_PROCESSING")
    ended = dodo.http.post(f"/_test/refunds/{made['refund_id']}/resolve", json={"outcome": "succeeded"})
    assert ended.json()["status"] == "succeeded"
    assert payment(dodo, waiting)["refund_status"] == "full"


def test_an_amount_without_a_currency_is_in_the_prices_currency(dodo: DodoShop) -> None:
    session = dodo.session("P", billing_currency="EUR")
    dodo.pay(session)
    paid = dodo.payment_of(session)
    assert (paid["currency"], paid["settlement_currency"], paid["settlement_amount"]) == ("EUR", "USD", 1000)
    half = refund(dodo, paid["payment_id"], items=[{"item_id": dodo.id("P"), "amount": 500}]).json()
    assert (half["currency"], abs(2 * half["amount"] - paid["total_amount"]) <= 1) == ("EUR", True)
    item = {"item_id": dodo.id("P"), "amount": paid["total_amount"] - half["amount"]}
    assert refund(dodo, paid["payment_id"], currency="EUR", items=[item]).status_code == 200
    assert payment(dodo, paid["payment_id"])["refund_status"] == "full"


def test_the_lists_can_be_narrowed(dodo: DodoShop) -> None:
    done, failed = bought(dodo), bought(dodo, card=REFUND_FAILS)
    one, two = refund(dodo, done).json(), refund(dodo, failed).json()

    def listed(**query: Any) -> list[str]:
        answer = dodo.http.get("/refunds", params=query)
        assert answer.status_code == 200, answer.text
        conform("GetRefundsListResponse", answer.json())
        return [item["refund_id"] for item in answer.json()["items"]]

    assert listed() == [two["refund_id"], one["refund_id"]]
    assert listed(status="failed") == [two["refund_id"]]
    assert listed(status="review") == listed(customer_id="cus_nobody") == listed(subscription_id="sub_x") == []
    assert one["refund_id"] in listed(customer_id=one["customer"]["customer_id"])
    assert listed(created_at_lte=one["created_at"]) == [one["refund_id"]]
    assert listed(page_size=1, page_number=1) == [one["refund_id"]]
    assert code(dodo.http.get("/refunds?status=done")) == (422, "INVALID_QUERY_PARAMS")
    other = DodoShop(dodo.server, dodo.server.new_shop())
    assert other.http.get(f"/refunds/{one['refund_id']}").status_code == 404
    assert other.http.get("/refunds").json() == {"items": []}


@pytest.mark.parametrize(
    ("outcome", "returned"),
    [("won", True), ("cancelled", True), ("lost", False), ("accepted", False), ("expired", False)],
)
def test_a_dispute_takes_the_money_and_its_end_may_return_it(dodo: DodoShop, outcome: str, returned: bool) -> None:
    payment_id = bought(dodo)
    path = f"/_test/payments/{payment_id}/dispute"
    opened = dodo.http.post(path, json={"reason": "Never arrived"})
    assert opened.status_code == 200, opened.text
    shown = dodo.http.get("/disputes").json()["items"]
    conform("GetDisputesListResponse", {"items": shown})
    assert [(one["dispute_status"], one["amount"], one["dispute_stage"]) for one in shown] == [
        ("dispute_opened", "1000", "dispute")
    ]
    dispute = dodo.http.get(f"/disputes/{shown[0]['dispute_id']}").json()
    conform("GetDisputeResponse", dispute)
    assert (dispute["reason"], dispute["customer"]["email"]) == ("Never arrived", "ada@example.com")
    assert code(refund(dodo, payment_id)) == (400, "PAYMENT_DISPUTED")
    assert dodo.http.post(path, json={"outcome": "challenged"}).json()["status"] == "challenged"
    assert dodo.http.post(path, json={"outcome": outcome}).json()["status"] == outcome
    after = payment(dodo, payment_id)
    conform("PaymentResponse", after)
    assert [one["dispute_status"] for one in after["disputes"]] == [f"dispute_{outcome}"]
    assert dodo.http.get("/payments").json()["items"][0]["dispute_status"] == f"dispute_{outcome}"
    owed = dodo.server.value(
        "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE organization_id = $1 AND account = 'gateway'",
        dodo.demo.organization.id,
    )
    assert owed == (1000 if returned else 0)
    assert refund(dodo, payment_id).status_code == (200 if returned else 400)


def test_disputes_can_be_narrowed_and_are_nobody_elses(dodo: DodoShop) -> None:
    lost, early = bought(dodo), bought(dodo)
    dodo.http.post(f"/_test/payments/{lost}/dispute", json={"outcome": "lost", "remarks": "No answer"})
    dodo.http.post(f"/_test/payments/{early}/dispute", json={"stage": "pre_dispute", "amount": 400})

    def listed(**query: Any) -> list[str]:
        return [item["payment_id"] for item in dodo.http.get("/disputes", params=query).json()["items"]]

    assert listed() == [early, lost]
    assert listed(dispute_status="dispute_lost") == [lost]
    assert listed(dispute_stage="pre_dispute") == [early]
    assert listed(customer_id="cus_nobody") == []
    assert listed(created_at_gte="2099-01-01T00:00:00Z") == []
    shown = dodo.http.get("/disputes", params={"dispute_status": "dispute_lost"}).json()["items"][0]
    assert shown["remarks"] == "No answer"
    other = DodoShop(dodo.server, dodo.server.new_shop())
    assert other.http.get("/disputes").json() == {"items": []}
    assert other.http.get(f"/disputes/{shown['dispute_id']}").status_code == 404
    again = dodo.http.post(f"/_test/payments/{lost}/dispute", json={})
    assert again.status_code == 422, "nothing is left to dispute"
    assert dodo.http.post(f"/_test/payments/{lost}/dispute", json={"outcome": "maybe"}).status_code == 422


def test_a_repeated_request_under_one_key_refunds_once(dodo: DodoShop) -> None:
    payment_id = bought(dodo)
    body = {"payment_id": payment_id, "items": [{"item_id": dodo.id("P"), "amount": 100}]}
    key = {"Idempotency-Key": str(uuid4())}
    first, second = (dodo.http.post("/refunds", json=body, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert refundable(dodo, payment_id) == [900]


def test_the_official_client_refunds_reads_and_unwraps_typed(dodo: DodoShop) -> None:
    with receiving() as receiver, DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        endpoint = client.webhooks.create(url=receiver.url)
        secret = client.webhooks.retrieve_secret(endpoint.id).secret
        payment_id = bought(dodo, "P", "S")
        made = client.refunds.create(payment_id=payment_id, items=[{"item_id": dodo.id("P")}], reason="Late")
        assert (made.amount, made.status, made.is_partial, made.customer.name) == (1000, "succeeded", True, "Ada Byron")
        assert isinstance(made.created_at, datetime)
        assert client.refunds.retrieve(made.refund_id).reason == "Late"
        assert [item.refund_id for item in client.refunds.list(status="succeeded").items] == [made.refund_id]
        assert client.payments.retrieve(payment_id).refunds[0].refund_id == made.refund_id
        refund(dodo, bought(dodo, card=REFUND_FAILS))
        dodo.http.post(f"/_test/payments/{payment_id}/dispute", json={"outcome": "won"})
        dispute = client.disputes.list().items[0]
        assert client.disputes.retrieve(dispute.dispute_id).dispute_status == "dispute_won"
        assert dodo.http.post("/_test/settle").status_code == 200
        hooks = list(receiver.hooks)
        told = [
            DodoPayments(bearer_token="x", webhook_key=secret).webhooks.unwrap(hook.body, headers=hook.headers)
            for hook in hooks
            if not hook.event["type"].startswith("payment.")
        ]
    assert [event.type for event in told] == ["refund.succeeded", "refund.failed", "dispute.opened", "dispute.won"]
    assert [event.data.status for event in told[:2]] == ["succeeded", "failed"]
    assert [event.data.dispute_status for event in told[2:]] == ["dispute_opened", "dispute_won"], "as each event says"
    assert [event_differences(hook.event) for hook in hooks] == [[]] * len(hooks)
    kinds = {hook.event["type"]: hook.event["data"]["payload_type"] for hook in hooks}
    assert (kinds["refund.succeeded"], kinds["dispute.opened"]) == ("Refund", "Dispute")
    assert json.loads(hooks[0].body)["timestamp"] < datetime.now(UTC).isoformat()
