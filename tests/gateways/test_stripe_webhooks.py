"""What Stripe tells: believed when it is signed, in any order and number, and of no effect on what is settled already."""

from __future__ import annotations

import json
import random
import time
from typing import Any
from uuid import uuid4

import httpx2
import pytest

import stripe
from checkstand.gateways.stripe.signature import TOLERANCE_S
from tests.gateways.fake_stripe import SECRET_KEY, WEBHOOK_SECRET
from tests.gateways.stripe_server import StripeShop
from tests.gateways.stripe_trade import Story, check, deliver, trade
from tests.tables import table

PATH = "/gateway/stripe/webhook"


@pytest.fixture(autouse=True)
def _calm(selling: StripeShop) -> None:
    selling.calm()


def event(kind: str = "payment_intent.succeeded", **metadata: str) -> bytes:
    thing = {"id": f"pi_{uuid4().hex}", "object": "payment_intent", "metadata": metadata}
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}).encode()


def signed(body: bytes, *, secret: str = WEBHOOK_SECRET, age_s: int = 0) -> dict[str, str]:
    """The header as Stripe's own library makes it."""
    at = int(time.time()) - age_s
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return {"Stripe-Signature": header, "Content-Type": "application/json"}


def post(selling: StripeShop, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    return selling.client.post(PATH, content=body, headers=headers)


def test_what_stripes_library_signs_is_accepted(selling: StripeShop) -> None:
    body = event("invoice.created")
    answer = post(selling, body, signed(body))
    assert (answer.status_code, answer.json()) == (200, {"received": True, "used": False})


def test_one_right_signature_among_several_is_enough(selling: StripeShop) -> None:
    body = event("invoice.created")
    headers = signed(body)
    old = "v1=" + "0" * 64
    timestamp, _, right = headers["Stripe-Signature"].partition(",")
    assert post(selling, body, {"Stripe-Signature": f"{timestamp},{old},{right},v0=abc"}).status_code == 200


@table(
    "header",
    [
        "",
        "nonsense",
        "t=,v1=",
        "v1=" + "0" * 64,
        "t=99999999999999999999,v1=" + "0" * 64,
        "t=1,t=2,v1=" + "0" * 64,
        "t=²,v1=" + "0" * 64,
    ],
)
def test_a_header_without_a_signature_is_refused(selling: StripeShop, header: str) -> None:
    answer = selling.client.post(PATH, content=event(), headers={"Stripe-Signature": header.encode("utf-8")})
    assert answer.status_code == 400


@pytest.mark.parametrize("age_s", [TOLERANCE_S + 60, -TOLERANCE_S - 60])
def test_a_signature_of_another_time_is_refused_whatever_the_shops_clock_says(selling: StripeShop, age_s: int) -> None:
    body = event("invoice.created")
    assert post(selling, body, signed(body, age_s=age_s)).status_code == 400
    selling.later("P1D")
    assert post(selling, body, signed(body)).status_code == 200


def forge(selling: StripeShop, count: int) -> int:
    """Forged events about a payment that waits; how many were refused."""
    session = selling.session()
    selling.confirm(session, "3ds")
    attempt = selling.attempt(session, "id")
    body = event(organization=str(selling.shop.organization.id), attempt=str(attempt))
    dice, refused = random.Random(7), 0
    for _ in range(count):
        headers = signed(body, age_s=dice.randrange(-200, 200))
        if dice.random() < 0.5:
            headers = signed(body, secret=f"whsec_{dice.getrandbits(128):x}")
            sent = body
        elif dice.random() < 0.5:
            position = dice.randrange(len(body) - 1)
            sent = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        else:
            timestamp, _, right = headers["Stripe-Signature"].partition(",v1=")
            place = dice.randrange(64)
            wrong = f"{(int(right[place], 16) + 1) % 16:x}"
            headers["Stripe-Signature"] = f"{timestamp},v1={right[:place]}{wrong}{right[place + 1 :]}"
            sent = body
        refused += post(selling, sent, headers).status_code == 400
    assert selling.now(session)["status"] == "confirmed"
    return refused


def test_forged_events_are_refused_and_change_nothing(selling: StripeShop) -> None:
    assert forge(selling, 200) == 200


@pytest.mark.prove
def test_10_000_forged_events_are_refused_and_change_nothing(selling: StripeShop) -> None:
    assert forge(selling, 10_000) == 10_000


def test_a_genuine_event_that_lies_about_a_payment_is_not_believed(selling: StripeShop) -> None:
    """The webhook's secret alone pays nothing: the payment's state is asked for at Stripe."""
    session = selling.session()
    selling.confirm(session, "3ds")
    attempt = selling.attempt(session, "id || ' ' || gateway_reference").split()
    metadata = {"organization": str(selling.shop.organization.id), "attempt": attempt[0]}
    thing = {"id": attempt[1], "object": "payment_intent", "status": "succeeded", "metadata": metadata}
    body = json.dumps({"object": "event", "type": "payment_intent.succeeded", "data": {"object": thing}}).encode()
    assert post(selling, body, signed(body)).status_code == 200
    assert selling.now(session)["status"] == "confirmed"
    assert selling.orders(session) == 0


@table(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": "payment_intent.succeeded"}',
        b'{"type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1", "metadata": {}}}}',
        event(organization="x", attempt="y"),
        event(organization=str(uuid4()), attempt=str(uuid4())),
        event("customer.created"),
        event("a.type.from.the.future"),
    ],
)
def test_signed_events_about_nothing_of_ours_are_taken_and_left_alone(selling: StripeShop, body: bytes) -> None:
    assert post(selling, body, signed(body)).status_code == 200


def test_a_signed_body_that_is_no_json_is_refused(selling: StripeShop) -> None:
    assert post(selling, b"not json", signed(b"not json")).status_code == 400


def test_stripe_is_asked_to_tell_again_when_it_cannot_be_asked(selling: StripeShop) -> None:
    session = selling.session()
    selling.confirm(session, "3ds")
    action = selling.attempt(session, "action_url")
    selling.fake.answer(action, "approve")
    selling.fake.fault("429", times=1, match="GET /v1/payment_intents")
    deliveries = selling.fake.deliver()
    assert 503 in [status for _, status in deliveries]
    assert selling.now(session)["status"] == "succeeded"
    assert (selling.paid(session), selling.orders(session)) == (1, 1)


def test_events_three_times_each_in_any_order_have_one_final_state(selling: StripeShop) -> None:
    made = trade(selling, fees_later=True)
    assert deliver(selling, seed=3) > 100
    check(selling, made)


@pytest.mark.prove
def test_1000_events_three_times_each_and_shuffled_have_one_final_state(selling: StripeShop) -> None:
    made: list[Story] = []
    before = selling.fake.books()["events"]
    while (events := selling.fake.books()["events"] - before) < 1_000:
        made += trade(selling, fees_later=len(made) % 2 == 1)
    selling.fake.book_fees()
    deliveries = deliver(selling, seed=1_000)
    assert deliveries >= 3 * events
    check(selling, made)
    kinds = ", ".join(
        f"{len([one for one in made if one.name == name])} {name}" for name in dict.fromkeys(x.name for x in made)
    )
    print(
        f"{events} events, {deliveries} deliveries, {len(made)} payments: {kinds}; one final state each, and the books agree"
    )


def test_a_payment_whose_answer_was_lost_is_settled_by_the_webhook_before_anybody_reconciles(
    selling: StripeShop,
) -> None:
    session = selling.session()
    selling.fake.fault("drop", times=3)
    selling.confirm(session)
    assert selling.now(session)["status"] == "confirmed"
    selling.fake.recover()
    selling.fake.deliver()
    assert selling.now(session)["status"] == "succeeded"
    assert (selling.paid(session), selling.orders(session)) == (1, 1)


def test_a_server_that_does_not_charge_through_stripe_has_no_such_address(server: Any) -> None:
    body = event()
    assert httpx2.post(f"{server.url}{PATH}", content=body, headers=signed(body)).status_code == 404


def test_the_secret_key_is_in_no_answer(selling: StripeShop) -> None:
    body = b"not json"
    assert SECRET_KEY not in post(selling, body, signed(body)).text
