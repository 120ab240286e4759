"""Refunds at the dashboard: asked before it is done, refused by field, and done once however often the form is sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from tests.dialects.polar_http import READY, Polar
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.visitor import Visitor, axe, screen, visitor
from tests.server import RunningServer

REFUND_FAILS = "4000000000005126"


def bought(server: RunningServer, person: Visitor, *, card: str | None = None) -> tuple[str, str]:
    """The order and the session of a purchase of $10.00."""
    polar = Polar(server, person.shop)
    made = polar.create().json()
    if card:
        paid = polar.client.post(f"/_test/checkouts/{made['id']}/pay", json={"card": card})
        assert paid.json()["outcome"] == "succeeded"
    else:
        assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]
    return str(order["id"]), str(made["id"])


def money_back(server: RunningServer, person: Visitor, order_id: str) -> tuple[str, int]:
    order = Polar(server, person.shop).client.get(f"/v1/orders/{order_id}").json()
    return order["status"], order["refunded_amount"]


def test_a_part_is_refunded_and_the_page_tells_of_it(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    order_id, checkout_id = bought(server, person)
    form = person.get(f"/sales/{order_id}/refund").text
    assert 'value="10.00"' in form, "all that is left is offered"
    seen = {"seen": "0", "reason": "duplicate", "comment": "Paid twice", "sure": "yes"}
    sent = person.post(f"/sales/{order_id}/refund", {**seen, "amount": "2,50"})
    assert sent.status_code == 303
    assert money_back(server, person, order_id) == ("partially_refunded", 250)
    page = person.get(f"/sales/checkouts/{checkout_id}").text
    assert "Refund succeeded" in page
    assert "$2.50" in page
    again = person.post(f"/sales/{order_id}/refund", {**seen, "amount": "2,50"})
    assert again.status_code == 422
    assert "since this form was opened" in again.text
    assert money_back(server, person, order_id) == ("partially_refunded", 250), "a form sent twice refunds once"
    assert 'value="7.50"' in person.get(f"/sales/{order_id}/refund").text


def test_a_partly_refunded_order_shows_what_went_back_and_what_is_left(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    order_id, checkout_id = bought(server, person)
    path = f"/sales/checkouts/{checkout_id}"
    assert sums_of(person.get(path).text)[-1:] == [("Total", "$10.00")], "nothing went back"
    for seen, amount in ((0, "4.00"), (400, "6.00")):
        person.get(f"/sales/{order_id}/refund")
        typed = {"seen": str(seen), "amount": amount, "reason": "other", "sure": "yes"}
        assert person.post(f"/sales/{order_id}/refund", typed).status_code == 303
        page = words_of(person.get(path).text)
        if not seen:
            assert sums_of(person.get(path).text)[-3:] == [
                ("Total", "$10.00"),
                ("Refunded", "−$4.00"),
                ("Net", "$6.00"),
            ]
            assert "$10.00 Partially refunded" in page, "the status beside the headline"
            assert "Refund succeeded $4.00 · The money is on its way to the buyer." in page
            assert "Order #1 partially refunded $4.00 of $10.00" in page
            assert "Partially refunded" in person.get("/sales/checkouts").text
            assert "−$4.00 refunded" in words_of(person.get("/sales").text)
    assert sums_of(person.get(path).text)[-2:] == [("Refunded", "−$10.00"), ("Net", "$0.00")]
    assert "Order #1 refunded in full $10.00" in page
    assert "$10.00 Refunded" in page


def sums_of(page: str) -> list[tuple[str, str]]:
    """The rows under "Summary", label and amount."""
    summary = page.split('<dl class="sums">')[1].split("</dl>")[0]
    return [(words_of(label), words_of(value)) for label, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", summary)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "10.01"}, "at most $10.00"),
        ({"amount": "much"}, "Enter an amount in USD"),
        ({"amount": "0"}, "at most $10.00"),
        ({"reason": "because"}, "Choose a reason."),
        ({"sure": ""}, "Confirm that you want to refund the buyer."),
        ({"seen": "x"}, "since this form was opened"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_sent(server: RunningServer, fields: dict[str, str], said: str) -> None:
    person = visitor(server, server.new_shop())
    order_id, _ = bought(server, person)
    person.get(f"/sales/{order_id}/refund")
    typed = {"seen": "0", "amount": "1", "reason": "other", "comment": "", "sure": "yes", **fields}
    answer = person.post(f"/sales/{order_id}/refund", typed)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert money_back(server, person, order_id) == ("paid", 0)


def test_a_bank_that_refuses_is_told_of_on_the_form(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    order_id, _ = bought(server, person, card=REFUND_FAILS)
    person.get(f"/sales/{order_id}/refund")
    typed = {"seen": "0", "amount": "1", "reason": "other", "sure": "yes"}
    answer = person.post(f"/sales/{order_id}/refund", typed)
    assert answer.status_code == 422
    assert "The gateway declined the refund" in answer.text


def test_another_organizations_order_is_not_found(server: RunningServer) -> None:
    person, other = visitor(server, server.new_shop()), visitor(server, server.new_shop())
    order_id, _ = bought(server, person)
    assert other.get(f"/sales/{order_id}/refund").status_code == 404


def test_the_form_works_in_a_browser_and_is_accessible(browser: Browser, server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    order_id, checkout_id = bought(server, person)
    shown = screen(browser, server, person.shop)
    shown.open(f"/sales/checkouts/{checkout_id}")
    shown.page.get_by_role("link", name="Refund").click()
    assert axe(shown.page) == []
    shown.page.get_by_label("Yes, refund the buyer").check()
    shown.page.get_by_role("button", name="Refund").click()
    shown.page.wait_for_url("**/sales/checkouts/**")
    assert axe(shown.page) == []
    assert money_back(server, person, order_id) == ("refunded", 1000)
    assert shown.page.get_by_role("link", name="Refund", exact=True).count() == 0
    shown.close()
