"""Wrong discount codes have one count, by session and by address, whichever way a buyer tries them; a right one is never counted."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.dialects.polar_http import READY, Polar
from tests.pages.test_checkout_limits import CARD, Buyer
from tests.server import RunningServer, running_server


@pytest.fixture
def limited(database_url: str) -> Iterator[RunningServer]:
    with running_server(database_url, with_worker=False, rate_limits=True) as running:
        yield running


def right_code(polar: Polar) -> str:
    """A code that the shop has."""
    body = {"type": "percentage", "name": "Tenth", "code": "TENTH", "basis_points": 1000, "duration": "once"}
    assert polar.client.post("/v1/discounts/", json=body).status_code == 201
    return "TENTH"


def test_ten_wrong_codes_of_a_session_are_enough_whichever_way_they_are_tried(limited: RunningServer) -> None:
    polar = Polar(limited, limited.new_shop())
    right = right_code(polar)
    secret, other = polar.secret(), polar.secret()
    assert [polar.patch(secret, discount_code=f"GUESS{number}").status_code for number in range(4)] == [422] * 4
    assert [polar.confirm(secret, **READY, discount_code=f"AGAIN{number}").status_code for number in range(3)] == [
        422
    ] * 3
    page = Buyer(limited, url=f"{limited.url}/checkout/{secret}")
    assert [page.post("update", discount_code=f"PAGE{number}").status_code for number in range(2)] == [422] * 2
    assert page.post("pay", **CARD, discount_code="PRESSED").status_code == 422
    refused = polar.patch(secret, discount_code=right)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 601
    assert refused.json()["error"] == "TooManyRequests"
    assert "go on without a code" in refused.json()["detail"], "it says what to do"
    pressed = page.post("pay", **CARD, discount_code="PRESSED")
    assert (pressed.status_code, "Too many tries" in pressed.text) == (429, True)
    assert page.post("update", discount_code=right).status_code == 429
    assert polar.patch(secret, customer_name="Ada").status_code == 200, "what has no code in it goes on"
    assert polar.patch(other, discount_code=right).json()["discount_amount"] > 0, "and so does every other session"
    assert page.post("pay", **CARD).status_code == 303


def test_right_codes_and_none_are_never_counted(limited: RunningServer) -> None:
    polar = Polar(limited, limited.new_shop())
    right, secret = right_code(polar), polar.secret()
    codes = [polar.patch(secret, discount_code=right if number % 2 else None).status_code for number in range(44)]
    assert codes == [200] * 44


def test_an_address_that_tries_one_session_after_the_other_gets_one_code_for_each(limited: RunningServer) -> None:
    polar = Polar(limited, limited.new_shop())
    right = right_code(polar)
    wrong = [
        polar.patch(secret, discount_code="GUESS").status_code for secret in [polar.secret() for _ in range(3)] * 10
    ]
    assert wrong == [422] * 30
    fresh, next_one = polar.secret(), polar.secret()
    assert [polar.patch(fresh, discount_code=code).status_code for code in ("GUESS", "OTHER", right)] == [422, 429, 429]
    assert polar.patch(next_one, discount_code=right).status_code == 200


def test_wrong_codes_in_a_links_address_count_for_the_address_that_opens_it(limited: RunningServer) -> None:
    polar = Polar(limited, limited.new_shop())
    right = right_code(polar)
    body = {"payment_processor": "stripe", "products": [polar.id("one_time")]}
    url = polar.client.post("/v1/checkout-links/", json=body).json()["url"]
    for code in [right] * 10 + ["GUESS"] * 15:
        assert httpx2.get(url, params={"discount_code": code}).status_code == 307
    sessions = [polar.secret() for _ in range(3)]
    codes = [polar.patch(secret, discount_code="GUESS").status_code for secret in sessions for _ in range(6)]
    assert codes == [422] * 15 + [429] * 3


def test_a_code_that_a_session_does_not_take_changes_nothing_and_is_named_as_ignored(limited: RunningServer) -> None:
    """Polar ignores it without a word; so do we, but for the header that names every field without effect.

    Source: docs/behaviour/polar.md#changing-a-checkout.
    """
    polar = Polar(limited, limited.new_shop())
    right = right_code(polar)
    secret = polar.secret(allow_discount_codes=False)
    answer = polar.patch(secret, discount_code=right, unknown=1)
    assert (answer.status_code, answer.json()["discount_amount"]) == (200, 0)
    assert answer.headers["checkstand-ignored-fields"] == "unknown, discount_code"
