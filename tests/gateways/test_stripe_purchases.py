"""Purchases through Stripe, from the API to the books: paid, refused, challenged, and with every answer of the gateway lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.gateways.fake_stripe import FakeStripe
from tests.gateways.stripe_server import StripeShop, another_shop
from tests.server import running_server


@pytest.fixture(autouse=True)
def _calm(selling: StripeShop) -> None:
    selling.calm()


def test_a_purchase_is_charged_once_with_its_ids_in_stripes_books(selling: StripeShop) -> None:
    session = selling.session()
    answer = selling.confirm(session)
    assert answer.status_code == 200, answer.text
    assert selling.now(session)["status"] == "succeeded"
    charge = selling.fake.paid(checkout=session["id"])
    assert [(one["amount"], one["currency"]) for one in charge] == [(1000, "usd")]
    assert charge[0]["metadata"]["organization"] == str(selling.shop.organization.id)
    assert (selling.orders(session), selling.balance(session)) == (1, 0)


def test_the_browser_is_told_the_publishable_key_and_never_the_secret_one(selling: StripeShop) -> None:
    session = selling.session()
    shown = selling.client.get(f"/v1/checkouts/client/{session['client_secret']}")
    assert shown.json()["payment_processor_metadata"]["publishable_key"].startswith("pk_test_")
    assert "sk_test_" not in shown.text


def test_a_refusal_reopens_the_session_and_another_card_pays_it(selling: StripeShop) -> None:
    session = selling.session()
    refused = selling.confirm(session, "insufficient_funds")
    assert refused.status_code == 400
    assert "insufficient funds" in refused.text
    assert selling.now(session)["status"] == "open"
    assert selling.confirm(session).status_code == 200
    assert selling.now(session)["status"] == "succeeded"
    assert (selling.paid(session), selling.orders(session)) == (1, 1)


@pytest.mark.parametrize(("answer", "status", "paid"), [("approve", "succeeded", 1), ("fail", "open", 0)])
def test_after_the_banks_page_the_buyers_return_settles_the_payment(
    selling: StripeShop, answer: str, status: str, paid: int
) -> None:
    session = selling.session()
    confirmed = selling.confirm(session, "3ds").json()
    told = confirmed["payment_processor_metadata"]
    assert told["intent_status"] == "requires_action"
    assert told["intent_client_secret"].startswith("pi_")
    action = selling.attempt(session, "action_url")
    back = selling.fake.answer(action, answer)
    assert back.startswith(f"{selling.server.url}/checkout/{session['client_secret']}/confirmation?")
    httpx2.get(back)
    assert selling.now(session)["status"] == status
    assert (selling.paid(session), selling.orders(session)) == (paid, paid)


def test_a_buyer_who_never_comes_back_from_the_bank_is_settled_by_the_webhook(selling: StripeShop) -> None:
    session = selling.session()
    selling.confirm(session, "3ds")
    action = selling.attempt(session, "action_url")
    selling.fake.answer(action, "approve")
    assert selling.now(session)["status"] == "confirmed"
    selling.fake.deliver()
    assert selling.now(session)["status"] == "succeeded"


def buy_with_lost_answers(selling: StripeShop, count: int, *, search_lags: bool) -> list[dict[str, Any]]:
    """Purchases of which every answer to the charge is lost after it was made; then the reconciler's turn."""
    selling.fake.switch(hide_from_search=search_lags)
    sessions = [selling.session() for _ in range(count)]
    before = selling.fake.met()
    selling.fake.fault("drop", times=1_000_000)
    with ThreadPoolExecutor(10) as buyers:
        answers = list(buyers.map(selling.confirm, sessions))
    lost = selling.fake.recover() - before
    assert {answer.status_code for answer in answers} == {200}
    assert {selling.now(session)["status"] for session in sessions} == {"confirmed"}
    assert lost >= count
    assert sum(selling.paid_in_all(sessions).values()) == count, "the money was taken before anybody was told"
    selling.fake.switch(hide_from_search=search_lags)
    selling.later("PT30S")
    assert count <= 100, "a round of the reconciler takes a hundred"
    return sessions


def longest_wait_s(selling: StripeShop, sessions: list[dict[str, Any]]) -> float:
    """How long the slowest of these payments had no verdict, by the shop's clock."""
    query = """
        SELECT extract(epoch FROM max(modified_at - created_at))
        FROM payment_attempts WHERE checkout_id = ANY($1::text[]::uuid[])
    """
    return float(selling.server.value(query, [session["id"] for session in sessions]))


def check_every_charge_is_one_order(selling: StripeShop, sessions: list[dict[str, Any]]) -> None:
    assert set(selling.paid_in_all(sessions).values()) == {1}
    for session in sessions:
        assert selling.now(session)["status"] == "succeeded"
        assert (selling.orders(session), selling.balance(session)) == (1, 0)


@pytest.mark.parametrize("search_lags", [True, False])
def test_ten_charges_without_an_answer_become_one_order_each(selling: StripeShop, search_lags: bool) -> None:
    sessions = buy_with_lost_answers(selling, 10, search_lags=search_lags)
    check_every_charge_is_one_order(selling, sessions)


@pytest.mark.prove
def test_300_charges_without_an_answer_become_one_order_each(selling: StripeShop) -> None:
    sessions: list[dict[str, Any]] = []
    for number in range(6):
        sessions += buy_with_lost_answers(selling, 50, search_lags=number % 2 == 0)
    check_every_charge_is_one_order(selling, sessions)
    waited_s = longest_wait_s(selling, sessions)
    print(f"{len(sessions)} charges whose answer was lost, {len(sessions)} orders, 0 double charges")
    print(f"the last of them was resolved {waited_s:.0f} s after its start, by the shop's clock")
    assert waited_s <= 60


def refuses_to_be_paid(shop: StripeShop) -> None:
    session = shop.session()
    refused = shop.confirm(session)
    assert refused.status_code == 403
    assert "PaymentNotReady" in refused.text
    assert "Payments are paused" in shop.client.get(f"/checkout/{session['client_secret']}").text
    assert shop.paid(session) == 0


def test_a_live_shop_is_not_paid_with_a_test_key(selling: StripeShop) -> None:
    with another_shop(selling.server, selling.fake, "live") as live:
        refuses_to_be_paid(live)


def test_with_a_live_key_live_shops_are_paid_and_test_shops_take_no_real_money(
    quiet_database_url: str, fake: FakeStripe
) -> None:
    with running_server(quiet_database_url, **fake.settings("live")) as server:
        with another_shop(server, fake, "live") as live:
            session = live.session()
            assert live.confirm(session).status_code == 200
            assert live.now(session)["status"] == "succeeded"
            assert [charge["livemode"] for charge in fake.paid(checkout=session["id"])] == [True]
        with another_shop(server, fake, "test") as test:
            refuses_to_be_paid(test)


def test_a_payment_whose_news_are_lost_is_asked_for_after_an_hour_and_every_hour(selling: StripeShop) -> None:
    session = selling.session()
    selling.confirm(session, "processing")
    due = "extract(epoch FROM ask_again_at - modified_at)::bigint"
    assert selling.attempt(session, due) == "3600"
    selling.later("PT61M")
    assert selling.now(session)["status"] == "confirmed"
    asked_again = selling.attempt(session, "ask_again_at")
    selling.fake.finish(selling.attempt(session, "gateway_reference"))
    selling.later("PT30M")
    assert selling.attempt(session, "ask_again_at") == asked_again, "it is not asked all the time"
    selling.later("PT31M")
    assert selling.now(session)["status"] == "succeeded"
    assert (selling.paid(session), selling.orders(session)) == (1, 1)
