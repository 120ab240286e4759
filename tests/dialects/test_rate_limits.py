"""Request limits: off in `dev`, on in `serve`; each dialect refuses in its own words and tells when to come back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import pytest
from limits import RateLimitItemPerMinute

from checkstand.domain import ids
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


@pytest.mark.parametrize(
    ("path", "prefix", "said"), [("/v1/products/", "polar_oat_", ""), ("/products", "dodo_key_", "TOO_MANY_REQUESTS")]
)
def test_tokens_that_open_nothing_are_counted_by_address_and_one_that_works_goes_on(
    limited: RunningServer, path: str, prefix: str, said: str
) -> None:
    """Each made up anew, in the right form: counting each by itself would count nothing."""
    shop = limited.new_shop()
    somewhere = httpx2.HTTPTransport(local_address="127.0.0.4" if prefix == "dodo_key_" else "127.0.0.5")
    with httpx2.Client(base_url=limited.url, transport=somewhere) as client:

        def asked(token: str) -> httpx2.Response:
            return client.get(path, headers={"Authorization": f"Bearer {token}"})

        answers = [asked(ids.secret(prefix, random_bytes=os.urandom)) for _ in range(70)]
        assert {answer.status_code for answer in answers[:15]} == {401}
        assert answers[-1].status_code == 429
        assert said in answers[-1].text
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert asked(shop.dodo_key if said else shop.polar_token).status_code == 200


def test_strangers_cannot_try_one_session_after_the_other(limited: RunningServer) -> None:
    """Confirming is limited for an address as well: with made-up secrets no session ever reaches its own limit."""
    with httpx2.Client(base_url=limited.url, transport=httpx2.HTTPTransport(local_address="127.0.0.6")) as client:
        codes = [
            client.post(f"/v1/checkouts/client/polar_c_{number}/confirm", json={}).status_code for number in range(125)
        ]
    assert set(codes[:100]) == {404}
    assert codes[-1] == 429


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
