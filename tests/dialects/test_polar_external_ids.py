"""A session with the merchant's own id for a buyer whom it has known by e-mail for longer: nothing is lost without a word."""

from __future__ import annotations

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.visitor import visitor
from tests.server import RunningServer

SAID = "The external customer ID 'u-9' was not given to the customer"


def test_an_external_id_that_a_known_customer_does_not_get_is_told_of(server: RunningServer, shop: DemoShop) -> None:
    polar = Polar(server, shop)
    known = polar.client.post("/v1/customers/", json={"email": "ada@example.com"}).json()
    session = polar.create(customer_email="ada@example.com", external_customer_id="u-9").json()
    assert "hint" not in session
    answer = polar.confirm(session["client_secret"], **READY)
    assert (answer.status_code, answer.json()["customer_id"]) == (200, known["id"])
    assert "hint" not in answer.json(), "the buyer is told nothing of it"
    paid = polar.read(session["id"])
    assert (paid["status"], paid["external_customer_id"]) == ("succeeded", "u-9")
    assert paid["hint"].startswith(SAID)
    assert polar.client.get(f"/v1/customers/{known['id']}").json()["external_id"] is None
    told = words_of(visitor(server, shop).get(f"/sales/checkouts/{session['id']}").text)
    assert "The external ID “u-9” of this session was not given to them." in told


def test_an_external_id_that_the_customer_has_or_gets_needs_no_hint(server: RunningServer, shop: DemoShop) -> None:
    polar = Polar(server, shop)
    for _ in range(2):  # made with it first, then found by it
        session = polar.create(customer_email="ada@example.com", external_customer_id="u-9").json()
        assert polar.confirm(session["client_secret"], **READY).status_code == 200
        assert "hint" not in polar.read(session["id"])
    assert polar.client.get("/v1/customers/external/u-9").json()["email"] == "ada@example.com"
