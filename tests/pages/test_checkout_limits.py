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


def post(stand: Stand, url: str, step: str, **typed: str) -> httpx2.Response:
    page = httpx2.get(url).text
    shown = dict(re.findall(r'name="(csrf|shown)" value="([^"]*)"', page))
    return httpx2.post(f"{url}/{step}", data={**shown, **BUYER, **typed}, headers={"Sec-Fetch-Site": "same-origin"})


def test_the_eleventh_payment_of_a_session_in_a_minute_waits(limited: RunningServer) -> None:
    stand = Stand(limited, limited.new_shop())
    url = stand.url(stand.session("one_time"))
    answers = [post(stand, url, "pay", **WRONG) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "Too many tries" in answers[-1].text
    assert "Wait a minute" in answers[-1].text
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61


def test_the_31st_payment_from_an_address_in_an_hour_waits_whatever_its_session(limited: RunningServer) -> None:
    stand = Stand(limited, limited.new_shop())
    codes = []
    for _ in range(4):
        url = stand.url(stand.session("one_time"))
        codes += [post(stand, url, "pay", **WRONG).status_code for _ in range(8)]
    assert codes == [422] * 30 + [429] * 2


def test_the_eleventh_code_of_a_session_waits_and_paying_goes_on(limited: RunningServer) -> None:
    stand = Stand(limited, limited.new_shop())
    url = stand.url(stand.session("one_time"))
    codes = [post(stand, url, "update", discount_code=f"GUESS{number}").status_code for number in range(11)]
    assert codes == [422] * 10 + [429]
    assert post(stand, url, "pay", **CARD).status_code == 303
