"""What Discord and Slack are told: a new order with what was bought, and nobody's text mentions anybody there."""

from __future__ import annotations

import json
from typing import Any

from checkstand.dialects.polar.webhooks.chat import chat_body
from checkstand.testing.demo import DemoShop
from tests.clients.receiver import receiving
from tests.dialects.polar_http import READY, Polar
from tests.server import RunningServer

ORDER = {
    "id": "5d8d2f6c-1f3e-4a65-9e0c-8a2b8f0a7a11",
    "total_amount": 1050,
    "currency": "usd",
    "product": {"name": "Guide & <!channel>"},
    "customer": {"email": "ada@example.com"},
}


def told(kind: str, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    event: Any = {"type": event_type, "data": data}
    return dict(json.loads(chat_body("slack" if kind == "slack" else "discord", "Shop <A>", event)))


def test_a_new_order_is_told_with_what_was_bought_for_how_much_and_by_whom() -> None:
    embed = told("discord", "order.created", ORDER)["embeds"][0]
    assert (embed["title"], embed["description"]) == ("New Order", "New order has been made to Shop <A>.")
    assert {field["name"]: field["value"] for field in embed["fields"]} == {
        "Product": "Guide & <!channel>",
        "Amount": "$10.50",
        "Customer": "ada@example.com",
    }
    assert told("slack", "order.created", ORDER)["text"] == "New Order"


def test_endpoints_of_both_formats_are_sent_their_messages_of_an_order(server: RunningServer, shop: DemoShop) -> None:
    polar = Polar(server, shop)
    with receiving() as receiver:
        for kind in ("discord", "slack"):
            hook = {"url": f"{receiver.url}/{kind}", "format": kind, "events": ["order.created", "order.paid"]}
            assert polar.client.post("/v1/webhooks/endpoints", json=hook).status_code == 201
        made = polar.create().json()
        assert polar.confirm(made["client_secret"], **READY).status_code == 200
        assert polar.client.post("/_test/settle").status_code == 200
        messages = [json.loads(hook.body) for hook in receiver.hooks]
    assert [one["content"] for one in messages if "content" in one] == ["New Order", "order.paid"]
    assert [one["text"] for one in messages if "text" in one] == ["New Order", "order.paid"]


def test_what_was_typed_mentions_nobody() -> None:
    slack = told("slack", "order.created", ORDER)["blocks"][0]
    assert slack["text"]["text"] == "New order has been made to Shop &lt;A&gt;."
    assert slack["fields"][0]["text"] == "*Product*\nGuide &amp; &lt;!channel&gt;"
    assert told("discord", "order.created", ORDER)["allowed_mentions"] == {"parse": []}


def test_of_any_other_event_the_name_and_the_object_are_told() -> None:
    for kind, name in (("discord", "content"), ("slack", "text")):
        message = told(kind, "order.updated", ORDER)
        assert message[name] == "order.updated"
        assert ORDER["id"] in json.dumps(message)


def test_a_long_name_is_cut_to_what_both_take() -> None:
    order = {**ORDER, "product": {"name": "&" * 2_000}}
    assert len(told("discord", "order.created", order)["embeds"][0]["fields"][0]["value"]) == 200
    assert len(told("slack", "order.created", order)["blocks"][0]["fields"][0]["text"]) < 2_000
