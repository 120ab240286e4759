"""A third API costs a folder and a profile: one that nothing of the server knows sells, is paid on the buyer's page and is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from checkstand.app import DIALECTS
from checkstand.domain.organization import ALL_SCOPES
from checkstand.flows.organizations.authenticate import create_token
from checkstand.ops.logging import redact
from checkstand.testing.browser import buy
from checkstand.testing.browser_fill import Wishes
from checkstand.testing.demo import DemoShop
from tests.conftest import WORKER, new_database
from tests.dialects import toy_dialect
from tests.server import RunningServer, running_server
from tests.webhooks.receiver import Received, receiving


@pytest.fixture(scope="module")
def toy_server(shared_cluster: str) -> Iterator[RunningServer]:
    """A server that speaks Toy as well, on a database that no other server looks into."""
    database = new_database(shared_cluster, f"toy_{WORKER}")
    with running_server(database, dialects=(*DIALECTS, toy_dialect.PARTS)) as server:
        yield server


@pytest.fixture
def toys(toy_server: RunningServer) -> tuple[RunningServer, DemoShop, str]:
    """The server, a shop of the test's own, and a toy key of it."""
    shop, services = toy_server.new_shop(), toy_server.services
    made = create_token(
        services.ports, services.authenticator, shop.organization.id, name="toys", dialect="toy", scopes=ALL_SCOPES
    )
    _, key = toy_server.run(made)
    return toy_server, shop, key


@asynccontextmanager
async def _client(url: str, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


def test_a_third_api_sells_is_paid_on_the_page_and_hears_a_signed_webhook_in_its_own_form(
    toys: tuple[RunningServer, DemoShop, str],
) -> None:
    server, shop, key = toys

    async def story() -> tuple[dict[str, object], dict[str, object], str, Received]:
        async with receiving() as receiver, _client(server.url, key) as client:
            hung = await client.post("/toy/bells", json={"url": receiver.url})
            assert hung.status_code == 201, hung.text
            sold = await client.post("/toy/sales", json={"product": str(shop.products["one_time"].id)})
            assert sold.status_code == 201, sold.text
            outcome = await buy(sold.json()["pay_at"], Wishes())
            assert outcome.status == "succeeded", outcome.message
            await receiver.wait_for(1)
            after = await client.get(f"/toy/sales/{sold.json()['sale']}")
            return sold.json(), after.json(), hung.json()["secret"], receiver.received[0]

    sold, after, secret, heard = asyncio.run(story())
    assert key.startswith("toy_key_")
    assert (sold["state"], after["state"]) == ("open", "succeeded")
    assert Webhook(secret).verify(heard.body.decode(), heard.headers) == {"ding": sold["sale"], "pence": sold["pence"]}
    assert heard.headers["user-agent"] == "Toy/1"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(heard.body.decode().replace("ding", "dong"), heard.headers)


def test_a_third_api_refuses_in_its_own_words_also_where_it_has_no_route(
    toys: tuple[RunningServer, DemoShop, str],
) -> None:
    server, shop, key = toys
    headers = {"Authorization": f"Bearer {key}"}
    unknown = httpx2.post(f"{server.url}/toy/sales", json={"product": str(shop.products["one_time"].id)})
    assert (unknown.status_code, unknown.json()) == (401, {"trouble": "who are you"})
    assert unknown.headers["cache-control"] == "private, no-store"
    wrong = httpx2.post(f"{server.url}/toy/sales", json={"product": 7}, headers=headers)
    assert (wrong.status_code, list(wrong.json())) == (400, ["trouble"])
    nowhere = httpx2.get(f"{server.url}/toy/nothing", headers={**headers, "Accept": "text/html"})
    assert (nowhere.status_code, list(nowhere.json())) == (404, ["trouble"])
    method = httpx2.delete(f"{server.url}/toy/sales", headers=headers)
    assert (method.status_code, method.headers["allow"], list(method.json())) == (405, "POST", ["trouble"])


def test_a_third_api_answers_once_under_an_idempotency_key(toys: tuple[RunningServer, DemoShop, str]) -> None:
    server, shop, key = toys
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    body = {"product": str(shop.products["one_time"].id)}
    first, second = (httpx2.post(f"{server.url}/toy/sales", json=body, headers=headers) for _ in range(2))
    assert first.json()["sale"] == second.json()["sale"]
    assert second.headers["idempotent-replayed"] == "true"
    other = httpx2.post(f"{server.url}/toy/sales", json={**body, "more": 1}, headers=headers)
    assert (other.status_code, other.json()) == (409, {"trouble": "another request"})


def test_a_third_api_is_documented_beside_the_others_and_their_sessions_are_not_reached_by_its_own_ways(
    toys: tuple[RunningServer, DemoShop, str],
) -> None:
    server, shop, key = toys
    told = httpx2.get(f"{server.url}/openapi/toy.json").json()
    assert set(told["paths"]) == {"/toy/sales", "/toy/sales/{id}", "/toy/bells"}
    assert {"/toy/sales", "/v1/checkouts/", "/checkouts"} <= set(
        httpx2.get(f"{server.url}/openapi.json").json()["paths"]
    )
    headers = {"Authorization": f"Bearer {key}"}
    body = {"product": str(shop.products["one_time"].id)}
    sold = httpx2.post(f"{server.url}/toy/sales", json=body, headers=headers).json()
    short = httpx2.get(f"{server.url}/session/{sold['sale']}", headers={"Accept": "text/html"})
    assert short.status_code == 404, "its page is opened by its secret, not by its id"


def test_a_third_apis_keys_and_pages_do_not_stand_in_a_log(toys: tuple[RunningServer, DemoShop, str]) -> None:
    server, shop, key = toys
    headers = {"Authorization": f"Bearer {key}"}
    sold = httpx2.post(f"{server.url}/toy/sales", json={"product": str(shop.products["one_time"].id)}, headers=headers)
    pay_at = sold.json()["pay_at"]
    assert "/checkout/toy_sale_" in pay_at, "its pages' secrets begin as its profile says"
    assert redact(f"{key} GET {pay_at}") == f"toy_key_… GET {server.url}/checkout/toy_sale_…"


def test_the_toy_is_a_small_one() -> None:
    lines = Path(toy_dialect.__file__).read_text().splitlines()
    assert len(lines) < 150, f"{len(lines)} lines: a third API should cost less"
