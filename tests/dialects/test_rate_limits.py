"""Request limits: off in `dev`, on in `serve`; each dialect refuses in its own words and tells when to come back."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from limits import RateLimitItemPerMinute

from checkstand.ops.limiter import Limiter
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar
from tests.server import RunningServer, running_server


@pytest.fixture(scope="module")
def limited(database_url: str) -> Iterator[RunningServer]:
    with running_server(database_url, with_worker=False, rate_limits=True) as running:
        yield running


@pytest.fixture
def polar(limited: RunningServer) -> Polar:
    return Polar(limited, limited.new_shop())


def test_a_seventh_confirm_within_a_minute_is_429_and_other_buyers_are_not_locked_out(polar: Polar) -> None:
    secret, other = polar.secret(), polar.secret()
    assert [polar.confirm(secret).status_code for _ in range(6)] == [422] * 6
    refused = polar.confirm(secret)
    assert (refused.status_code, refused.content, refused.headers["retry-after"]) == (429, b"", "1800")
    assert polar.confirm(other).status_code == 422


def test_the_101st_call_of_a_test_organization_is_429(polar: Polar) -> None:
    codes = [polar.client.get("/v1/organizations/").status_code for _ in range(101)]
    assert codes.count(200) == 100
    assert codes[-1] == 429


def test_dodo_tells_how_the_caller_stands_and_refuses_in_its_own_words(limited: RunningServer) -> None:
    shop: DemoShop = limited.new_shop()
    headers = {"Authorization": f"Bearer {shop.dodo_key}"}
    with httpx2.Client(base_url=limited.url, headers=headers) as client:
        answers = [client.get("/products") for _ in range(260)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "TOO_MANY_REQUESTS"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answers[0].headers)


def test_without_limits_nothing_is_counted(server: RunningServer, shop: DemoShop) -> None:
    polar = Polar(server, shop)
    secret = polar.secret()
    assert {polar.confirm(secret).status_code for _ in range(12)} == {422}


def test_a_block_ends_when_its_time_is_over() -> None:
    now = 1000.0
    limiter = Limiter(enabled=True, now=lambda: now)
    limits = (RateLimitItemPerMinute(1),)
    windows = [limiter.hit("a", limits, block_s=60) for _ in range(2)]
    assert [window.retry_after_s for window in windows if window] == [0, 60]
    now = 1030.0
    blocked = limiter.hit("a", limits, block_s=60)
    assert blocked is not None
    assert blocked.retry_after_s == 31
