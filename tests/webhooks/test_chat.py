"""What Discord and Slack are told: a new order with what was bought, and nobody's text mentions anybody there."""

from __future__ import annotations

import json
from typing import Any

from checkstand.webhooks.chat import chat_body

ORDER = {
    "id": "5d8d2f6c-1f3e-4a65-9e0c-8a2b8f0a7a11",
    "total_amount": 1050,
    "currency": "usd",
    "product": {"name": "Guide & <!channel>"},
    "customer": {"email": "ada@example.com"},
}


def told(kind: str, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    payload = json.dumps({"type": event_type, "data": data})
    return dict(json.loads(chat_body("slack" if kind == "slack" else "discord", "Shop <A>", event_type, payload)))


def test_a_new_order_is_told_with_what_was_bought_for_how_much_and_by_whom() -> None:
    embed = told("discord", "order.created", ORDER)["embeds"][0]
    assert (embed["title"], embed["description"]) == ("New Order", "New order has been made to Shop <A>.")
    assert {field["name"]: field["value"] for field in embed["fields"]} == {
        "Product": "Guide & <!channel>",
        "Amount": "$10.50",
        "Customer": "ada@example.com",
    }
    assert told("slack", "order.created", ORDER)["text"] == "New Order"


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
