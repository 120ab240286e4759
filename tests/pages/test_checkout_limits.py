"""Trying out cards and codes on a page has an end: in `serve`, by session and by address, with a sentence that says how long to wait."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.pages.buyer import Stand
from tests.server import RunningServer, running_server

CARD = {"card_number": "4242 4242 4242 4242", "card_exp": "12 / 34", "card_cvc": "123", "name": "Ada"}
WRONG = {**CARD, "card_number": "4000 0000 0000 9999"}
BUYER = {"email": "ada@example.com", "country": "DE", "method": "card"}


@pytest.fixture
def limited(database_url: str) -> Iterator[RunningServer]:
    with running_server(database_url, with_worker=False, rate_limits=True) as running:
        yield running


class Buyer:
    """A visitor of one session's page, who posts its form by hand."""

    def __init__(self, server: RunningServer, stand: Stand | None = None, *, url: str = "") -> None:
        if not url:
            stand = stand or Stand(server, server.new_shop())
            url = stand.url(stand.session("one_time"))
        self.url = url
        self.shown = dict(re.findall(r'name="(csrf|shown)" value="([^"]*)"', httpx2.get(self.url).text))

    def post(self, step: str, **typed: str) -> httpx2.Response:
        data = {**self.shown, **BUYER, **typed}
        return httpx2.post(f"{self.url}/{step}", data=data, headers={"Sec-Fetch-Site": "same-origin"})


def test_the_eleventh_payment_of_a_session_in_a_minute_waits(limited: RunningServer) -> None:
    buyer = Buyer(limited)
    answers = [buyer.post("pay", **WRONG) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "Too many tries" in answers[-1].text
    assert "Wait a minute" in answers[-1].text
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61


def test_payments_that_are_taken_do_not_count_against_the_address_they_come_from(limited: RunningServer) -> None:
    stand = Stand(limited, limited.new_shop())
    paid = [Buyer(limited, stand).post("pay", **CARD).status_code for _ in range(34)]
    assert paid == [303] * 34


def test_the_31st_failed_payment_from_an_address_in_an_hour_waits_whatever_its_session(limited: RunningServer) -> None:
    buyers = [Buyer(limited) for _ in range(4)]
    codes = [buyer.post("pay", **WRONG).status_code for buyer in buyers for _ in range(8)]
    assert codes == [422] * 30 + [429] * 2


def test_the_eleventh_code_of_a_session_waits_and_paying_goes_on(limited: RunningServer) -> None:
    buyer = Buyer(limited)
    codes = [buyer.post("update", discount_code=f"GUESS{number}").status_code for number in range(11)]
    assert codes == [422] * 10 + [429]
    assert buyer.post("pay", **CARD).status_code == 303
