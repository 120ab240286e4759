"""Random sales and refunds over HTTP: every place that tells an amount tells the one that was worked out by hand, to the unit.

The arithmetic is in `arithmetic.py`; it uses nothing of the server. `make prove` sells a thousand times and more.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from checkstand.testing.demo import DemoShop
from tests.clients.receiver import Receiver, receiving
from tests.server import RunningServer
from tests.sums.dodo_sales import DodoSales
from tests.sums.polar_sales import PolarSales


def sell(server: RunningServer, shop: DemoShop, *, seed: int, times: int) -> tuple[int, int, int]:
    """(sales, refunds, amounts compared) of so many sales through each API. Fails at the first amount that differs."""
    random = Random(seed)
    with receiving() as receiver:
        polar, dodo = PolarSales(server, shop, random), DodoSales(server, server.new_shop(), random)
        events = ["checkout.updated", "order.paid", "order.refunded", "refund.created", "refund.updated"]
        hook = {"url": receiver.url, "format": "raw", "events": events}
        assert polar.polar.client.post("/v1/webhooks/endpoints", json=hook).status_code == 201
        assert dodo.dodo.http.post("/webhooks", json={"url": receiver.url}).status_code == 200
        for number in range(times):
            for sales in (polar, dodo):
                try:
                    sales.sell()
                except AssertionError as wrong:
                    raise AssertionError(f"sale {number} of seed {seed}: {wrong}") from wrong
        for settled in (polar.polar.client.post("/_test/settle"), dodo.dodo.http.post("/_test/settle")):
            assert settled.status_code == 200, settled.text
        _hear(receiver, polar, dodo)
    told = [*polar.told, *dodo.told]
    return len(told), sum(len(one.refunds) for one in told), polar.checked + dodo.checked


def _hear(receiver: Receiver, polar: PolarSales, dodo: DodoSales) -> None:
    """What the webhooks said."""
    events = [hook.event for hook in list(receiver.hooks)]
    said: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in events:
        said.setdefault((one["type"], str(one["data"].get("id"))), []).append(one["data"])
    for sale in polar.told:
        sessions = said["checkout.updated", sale.checkout_id]
        polar.same("checkout.updated", [one["status"] for one in sessions], ["confirmed", "succeeded"])
        for told in sessions:
            polar.same("checkout.updated", {name: told[name] for name in sale.checkout}, sale.checkout)
        [paid] = said["order.paid", sale.order_id]
        polar.same("order.paid", {name: paid[name] for name in sale.order}, sale.order)
        for refund_id, back in sale.refunds.items():
            for kind in ("refund.created", "refund.updated"):
                [told] = said[kind, refund_id]
                polar.same(kind, (told["amount"], told["tax_amount"]), back)
        refunded = said.get(("order.refunded", sale.order_id), [])
        polar.same(
            "order.refunded", [(one["refunded_amount"], one["refunded_tax_amount"]) for one in refunded], sale.refunded
        )
        for told in refunded:
            polar.same("order.refunded", {name: told[name] for name in sale.order}, sale.order)
    payments = {one["data"]["payment_id"]: one["data"] for one in events if one["type"] == "payment.succeeded"}
    refunds = {one["data"]["refund_id"]: one["data"] for one in events if one["type"] == "refund.succeeded"}
    for payment in dodo.told:
        told = payments[payment.payment_id]
        dodo.same("payment.succeeded", (told["total_amount"], told["tax"]), (payment.total, payment.tax))
        for refund_id, amount in payment.refunds.items():
            dodo.same("refund.succeeded", refunds[refund_id]["amount"], amount)


def test_page_session_order_papers_and_webhooks_tell_the_amounts_that_were_worked_out_by_hand(
    server: RunningServer, shop: DemoShop
) -> None:
    sales, _, amounts = sell(server, shop, seed=20_261_128, times=28)
    assert sales > 46
    assert amounts > 500


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_sales_and_more_agree_everywhere_to_the_unit(
    server: RunningServer, shop: DemoShop, seed: int
) -> None:
    sales, refunds, amounts = sell(server, shop, seed=seed, times=200)
    print(f"{sales} sales, {refunds} refunds, {amounts} comparisons of amounts: all agree to the unit")
    assert sales > 350
