"""The test controls over HTTP: who may use them, moving the clock, settling, and the buyer without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import doctest
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from checkstand.app import DIALECTS
from checkstand.application import Application
from checkstand.domain import ids
from checkstand.domain.checkout import Checkout
from checkstand.domain.profile import Dialect
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.ops.settings import Settings
from checkstand.services import Services
from checkstand.testing import clock, controls
from checkstand.web.api_docs import Documents
from tests.tables import table
from tests.webhooks.receiver import Answer, always, receiving
from tests.webhooks.stage import Stage, open_stage


@dataclass(slots=True)
class Controls:
    """The controls of one shop, behind HTTP."""

    stage: Stage
    http: httpx2.AsyncClient

    async def post(self, path: str, body: object = None, *, expect: int = 200) -> Any:
        answer = await self.http.post(f"/_test{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def checkout(self, label: str = "one_time", dialect: Dialect = "polar") -> Checkout:
        wanted = CartItem(product_id=self.stage.shop.demo.products[label].id, where=("products", 0))
        request = CheckoutRequest(dialect=dialect, wanted=(wanted,), choose_one=dialect == "polar")
        return await create_checkout(self.stage.ports, self.stage.organization, request)


@contextlib.asynccontextmanager
async def open_controls(url: str) -> AsyncIterator[Controls]:
    async with open_stage(url) as stage:
        services = Services(
            ports=stage.ports,
            authenticator=stage.shop.authenticator,
            settings=Settings(),
            drainer=stage.worker,
            woken=stage.woken,
        )
        app = Application(controls.routes.all, services=services, dialects=DIALECTS, documents=Documents((), {}))
        headers = {"Authorization": f"Bearer {stage.shop.demo.polar_token}"}
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test", headers=headers) as http:
            yield Controls(stage, http)


def test_the_examples_hold() -> None:
    assert doctest.testmod(clock).failed == 0


def test_either_dialects_key_opens_the_controls_and_nothing_else_does(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            keys = {
                shop.stage.shop.demo.polar_token: 200,
                shop.stage.shop.demo.dodo_key: 200,
                "polar_oat_wrong": 401,
                "": 401,
            }
            for key, status in keys.items():
                answer = await shop.http.get("/_test/clock", headers={"Authorization": f"Bearer {key}"})
                assert answer.status_code == status
            refused = await shop.http.get("/_test/clock", headers={"Authorization": ""})
            assert refused.json()["error"] == "Unauthorized"
            assert refused.headers["content-type"] == "application/json"

    asyncio.run(story())


def test_a_live_organization_has_no_controls(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            identity = shop.stage.organization.id
            await shop.stage.ports.db.execute("UPDATE organizations SET mode = 'live' WHERE id = $1", identity)
            await shop.stage.ports.cache.changed(shop.stage.ports.db, identity)
            for path in ("/clock", "/settle"):
                assert (await shop.post(path, {"advance": "P1D"}, expect=403))["error"] == "NotPermitted"

    asyncio.run(story())


@pytest.mark.parametrize("text", ["P14D", "14d", "P2W", "PT336H", "13d23h60m"])
def test_the_clock_moves_by_a_duration(quiet_database_url: str, text: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            told = await shop.post("/clock", {"advance": text})
            assert told["offset_seconds"] == 14 * 86400
            shown = datetime.fromisoformat(told["now"])
            assert abs(shown - datetime.now(UTC) - timedelta(days=14)) < timedelta(seconds=5)
            assert (await shop.http.get("/_test/clock")).json()["offset_seconds"] == told["offset_seconds"]

    asyncio.run(story())


def test_the_clock_moves_to_a_moment_but_never_back(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            told = await shop.post("/clock", {"now": "2100-01-01T00:00:00Z"})
            assert told["now"].startswith("2100-01-01T00:00:0")
            back = await shop.post("/clock", {"now": "2099-01-01T00:00:00Z"}, expect=422)
            assert "only goes forward" in back["detail"]
            far = await shop.post("/clock", {"advance": "P200Y"}, expect=422)
            assert "2200" in far["detail"]

    asyncio.run(story())


@table(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b"",
        b'{"advance": 5}',
        b'{"advance": ""}',
        b'{"advance": "P"}',
        b'{"advance": "soon"}',
        b'{"advance": "-P1D"}',
        b'{"advance": "P999999999Y"}',
        b'{"advance": "P0.5M"}',
        b'{"now": "soon"}',
        b'{"now": "0001-01-01T00:00:00+14:00"}',
        b'{"advance": "1d", "now": "2100-01-01"}',
        b'{"advance": NaN}',
        b"\xff",
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(quiet_database_url: str, body: bytes) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            answer = await shop.http.post("/_test/clock", content=body)
            assert answer.status_code == 422
            assert answer.json()["detail"].endswith((".", ". "))

    asyncio.run(story())


def test_moving_the_clock_expires_sessions_and_tells_of_it_before_it_answers(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop, receiving() as receiver:
            await shop.stage.endpoint(receiver.url)
            checkout = await shop.checkout()
            await shop.post("/clock", {"advance": "P2D"})
            body = receiver.received[0].body.decode()
            assert "checkout.expired" in body
            assert str(checkout.expires_at)[:19] in body, "it expired at its own time, not at the end of the way"

    asyncio.run(story())


def test_moving_the_clock_makes_every_retry_on_the_way(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_controls(quiet_database_url) as shop,
            receiving(lambda _request, count: Answer(status=200 if count == 4 else 500)) as receiver,
        ):
            await shop.stage.endpoint(receiver.url)
            await shop.stage.happen("stubborn")
            await shop.post("/clock", {"advance": "1h"})
            delivery = (await shop.stage.queue())[0]
            assert (delivery.status, delivery.attempts) == ("delivered", 4)
            times = [item.created_at for item in await shop.stage.tries(delivery.id)]
            gaps = [round((later - earlier).total_seconds()) for earlier, later in pairwise(times)]
            assert gaps == [4, 8, 16]

    asyncio.run(story())


def test_settling_tells_how_many_deliveries_there_were(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop, receiving() as good, receiving(always(500)) as bad:
            await shop.stage.endpoint(good.url)
            await shop.stage.endpoint(bad.url)
            await shop.stage.happen("first", "second")
            assert await shop.post("/settle") == {"deliveries": 2, "failed": 2}
            assert await shop.post("/settle") == {"deliveries": 0, "failed": 0}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("card", "outcome", "code"),
    [
        ("4242424242424242", "succeeded", None),
        ("4000000000000002", "declined", "generic_decline"),
        ("4000000000009995", "declined", "insufficient_funds"),
        ("4000002760003184", "succeeded", None),
        ("4000008260003178", "declined", "insufficient_funds"),
        ("4111111111111111", "declined", "live_in_test"),
    ],
)
def test_a_buyer_without_a_browser_pays(quiet_database_url: str, card: str, outcome: str, code: str | None) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            checkout = await shop.checkout()
            told = await shop.post(f"/checkouts/{checkout.id}/pay", {"card": card})
            assert (told["outcome"], told["code"]) == (outcome, code)
            assert told["checkout"]["status"] == ("succeeded" if outcome == "succeeded" else "open")

    asyncio.run(story())


@pytest.mark.parametrize("country", ["US", "CA", "DE", "IN"])
def test_the_buyer_makes_up_the_address_that_a_country_needs(quiet_database_url: str, country: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            checkout = await shop.checkout(dialect="dodo")
            path = ids.short_id(ids.DodoPrefix.CHECKOUT_SESSION, checkout.id)
            told = await shop.post(f"/checkouts/{path}/pay", {"country": country, "email": "ada@example.com"})
            assert told["outcome"] == "succeeded"

    asyncio.run(story())


def test_a_payment_that_waits_is_ended_by_resolving_it(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            first, second = await shop.checkout(), await shop.checkout()
            waiting = await shop.post(f"/checkouts/{first.id}/pay", {"card": "4000002760003184", "challenge": "leave"})
            assert waiting["outcome"] == "requires_action"
            paid = await shop.post(f"/payments/{waiting['payment']['id']}/resolve", {"outcome": "succeeded"})
            assert (paid["outcome"], paid["checkout"]["status"]) == ("succeeded", "succeeded")
            delayed = await shop.post(f"/checkouts/{second.id}/pay", {"token": "ctoken_processing"})
            assert delayed["outcome"] == "processing"
            body = {"outcome": "failed", "code": "insufficient_funds"}
            failed = await shop.post(f"/payments/{delayed['checkout']['order_id']}/resolve", body)
            assert (failed["outcome"], failed["code"]) == ("declined", "insufficient_funds")

    asyncio.run(story())


def test_what_cannot_be_paid_is_refused_in_words(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_controls(quiet_database_url) as shop:
            checkout = await shop.checkout()
            path = f"/checkouts/{checkout.id}/pay"
            assert "exp_month" in (await shop.post(path, {"exp_month": "never"}, expect=422))["detail"]
            assert "email" in (await shop.post(path, {"email": 5}, expect=422))["detail"]
            assert (await shop.post(path, {"country": "US", "state": "XX"}, expect=422))["error"] == "InvalidAddress"
            await shop.post(f"/checkouts/{uuid4()}/pay", {}, expect=404)
            await shop.post("/checkouts/cks_nonsense/pay", {}, expect=404)
            await shop.post(f"/payments/{uuid4()}/resolve", {"outcome": "succeeded"}, expect=404)
            await shop.post(path, {})
            assert "not open" in (await shop.post(path, {}, expect=409))["detail"]

    asyncio.run(story())
