"""Many at once: one charge and one order per session, one customer per e-mail, one redemption per place left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar
from tests.server import RunningServer


@pytest.fixture
def polar(server: RunningServer, shop: DemoShop) -> Polar:
    return Polar(server, shop)


def at_once(requests: Sequence[tuple[str, dict[str, object]]]) -> list[httpx2.Response]:
    """Post all of these at the same time."""

    async def all_of_them() -> list[httpx2.Response]:
        limits = httpx2.Limits(max_connections=len(requests))
        async with httpx2.AsyncClient(timeout=60, limits=limits) as client:
            return list(await asyncio.gather(*(client.post(url, json=body) for url, body in requests)))

    return asyncio.run(all_of_them())


def rows(server: RunningServer, polar: Polar, table: str, condition: str = "true") -> int:
    query = f"SELECT count(*) FROM {table} WHERE organization_id = $1 AND {condition}"
    return int(server.value(query, polar.shop.organization.id))


def test_200_concurrent_confirms_of_one_session_make_one_charge_and_one_order(
    server: RunningServer, polar: Polar
) -> None:
    url = f"{polar.url}/v1/checkouts/client/{polar.secret()}/confirm"
    answers = at_once([(url, dict(READY))] * 200)
    outcome = Counter(answer.status_code for answer in answers)
    assert outcome[200] == 1, outcome
    assert set(outcome) <= {200, 403, 409}
    assert rows(server, polar, "test_gateway_charges") == 1
    assert rows(server, polar, "orders") == 1
    assert rows(server, polar, "payment_attempts") == 1
    assert rows(server, polar, "facts", "type = 'order.paid'") == 1


def test_50_confirms_with_cards_that_decline_charge_nothing_and_leave_the_session_open(
    server: RunningServer, polar: Polar
) -> None:
    made = polar.create().json()
    url = f"{polar.url}/v1/checkouts/client/{made['client_secret']}/confirm"
    answers = at_once([(url, {**READY, "confirmation_token_id": "ctoken_declined"})] * 50)
    assert {answer.status_code for answer in answers} <= {400, 403, 409}
    assert polar.read(made["id"])["status"] == "open"
    assert rows(server, polar, "test_gateway_charges", "state = 'succeeded'") == 0
    assert polar.confirm(made["client_secret"], **READY).status_code == 200


def test_20_buyers_with_one_email_become_one_customer(server: RunningServer, polar: Polar) -> None:
    urls = [f"{polar.url}/v1/checkouts/client/{polar.secret()}/confirm" for _ in range(20)]
    answers = at_once([(url, {**READY, "customer_email": f"A{'d' * (n % 2)}a@x.com"}) for n, url in enumerate(urls)])
    assert {answer.status_code for answer in answers} == {200}
    assert rows(server, polar, "customers") == 2
    numbers = server.value(
        "SELECT array_agg(number ORDER BY number) FROM orders WHERE organization_id = $1", polar.shop.organization.id
    )
    assert numbers == list(range(1, 21))


def test_concurrent_edits_of_one_session_lose_nothing(server: RunningServer, polar: Polar) -> None:
    made = polar.create().json()
    url = f"{polar.url}/v1/checkouts/client/{made['client_secret']}"

    async def patch_all() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(timeout=30) as client:
            return list(await asyncio.gather(*(client.patch(url, json={"customer_name": f"n{n}"}) for n in range(30))))

    answers = asyncio.run(patch_all())
    accepted = [answer.json()["customer_name"] for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert polar.read(made["id"])["customer_name"] in accepted
    version = server.value("SELECT version FROM checkouts WHERE id = $1", UUID(made["id"]))
    assert version == len(accepted) + 1


def test_a_code_with_ten_places_is_redeemed_ten_times(server: RunningServer, polar: Polar) -> None:
    discount_id = polar.shop.discount.id
    server.run(server.services.ports.db.execute("UPDATE discounts SET max_redemptions = 10 WHERE id = $1", discount_id))
    urls = [f"{polar.url}/v1/checkouts/client/{polar.secret(discount_id=str(discount_id))}/confirm" for _ in range(40)]
    answers = at_once([(url, dict(READY)) for url in urls])
    outcome = Counter(answer.status_code for answer in answers)
    assert outcome == {200: 10, 422: 30}
    assert rows(server, polar, "redemptions") == 10
    assert rows(server, polar, "orders") == 10
