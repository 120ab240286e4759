"""A part of a payment arrives: both APIs tell it, nothing is sold yet, and the rest decides; the page says what is still to come."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.testing.demo import DemoShop
from tests.server import RunningServer
from tests.tables import table


class Part:
    """A payment by voucher, which the buyer pays in pieces."""

    def __init__(self, server: RunningServer, shop: DemoShop) -> None:
        headers = {"Authorization": f"Bearer {shop.dodo_key}"}
        self.http = httpx2.Client(base_url=server.url, headers=headers, timeout=30)
        self.polar_token = shop.polar_token
        product = short_id(DodoPrefix.PRODUCT, shop.products["one_time"].id)
        body: Any = {
            "product_cart": [{"product_id": product, "quantity": 1}],
            "allowed_payment_method_types": ["multibanco"],
        }
        self.session = self.http.post("/checkouts", json=body).json()["session_id"]
        told = self.http.post(f"/_test/checkouts/{self.session}/pay", json={"method": "multibanco"}).json()
        assert told["outcome"] == "processing", told
        self.attempt = told["payment"]["id"]

    def resolve(self, **body: object) -> httpx2.Response:
        return self.http.post(f"/_test/payments/{self.attempt}/resolve", json=body)

    @property
    def payment(self) -> dict[str, Any]:
        """As Dodo's API has it."""
        found: dict[str, Any] = self.http.get("/payments").json()["items"][0]
        return dict(self.http.get(f"/payments/{found['payment_id']}").json())

    @property
    def page(self) -> str:
        return self.http.get(f"/session/{self.session}/confirmation").text


@pytest.fixture
def part(server: RunningServer, shop: DemoShop) -> Part:
    return Part(server, shop)


def due(server: RunningServer, part: Part) -> int:
    query = "SELECT amount_minor FROM payment_attempts WHERE id::text = $1"
    return int(server.value(query, part.attempt))


def test_a_part_is_a_pending_payment_for_the_other_api(part: Part) -> None:
    part.resolve(outcome="partially_captured", amount=400)
    headers = {"Authorization": f"Bearer {part.polar_token}"}
    for query in ("", "?status=pending"):
        listed = part.http.get(f"/v1/payments/{query}", headers=headers).json()["items"]
        assert [one["status"] for one in listed] == ["pending"]


def test_the_rest_completes_the_sale(server: RunningServer, part: Part) -> None:
    assert part.resolve(outcome="partially_captured", amount=400).status_code == 200
    assert part.payment["status"] == "partially_captured"
    assert "A part of the amount has arrived" in part.page
    assert "4.00" in part.page
    orders = "SELECT count(*) FROM orders AS o JOIN payment_attempts AS a USING (checkout_id) WHERE a.id::text = $1"
    assert server.value(orders, part.attempt) == 0
    assert part.resolve(outcome="succeeded").status_code == 200
    payment = part.payment
    assert (payment["status"], payment["total_amount"]) == ("succeeded", due(server, part))
    assert server.value(orders, part.attempt) == 1


def test_without_the_rest_everything_goes_back_and_the_buyer_may_pay_otherwise(
    server: RunningServer, part: Part
) -> None:
    part.resolve(outcome="partially_captured", amount=400)
    part.resolve(outcome="failed", code="voucher_expired")
    assert part.payment["status"] == "failed"
    taken = "SELECT captured_minor FROM payment_attempts WHERE id::text = $1"
    assert server.value(taken, part.attempt) == 0
    again = part.http.post(f"/_test/checkouts/{part.session}/pay", json={"method": "multibanco"}).json()
    assert again["outcome"] == "processing"


def test_nobody_pays_a_second_time_while_a_part_is_there(part: Part) -> None:
    part.resolve(outcome="partially_captured", amount=400)
    answer = part.http.post(f"/_test/checkouts/{part.session}/pay", json={"method": "multibanco"})
    assert answer.status_code == 409


@table("amount", [0, -1, 10**9, "400", None, True, 4.5])
def test_a_part_is_more_than_nothing_and_less_than_everything(part: Part, amount: object) -> None:
    assert part.resolve(outcome="partially_captured", amount=amount).status_code == 422
    assert part.payment["status"] == "processing"


def test_a_voucher_of_which_a_part_was_paid_expires_by_the_clock(part: Part) -> None:
    part.resolve(outcome="partially_captured", amount=400)
    assert part.http.post("/_test/clock", json={"advance": "P30D"}).status_code == 200
    assert part.payment["status"] == "failed"
