"""What Discord and Slack are told of an event: a title, a sentence and a few facts, in the shape that each shows as a message.

A new order is told with what was bought, for how much and by whom; of any other event its name and the object's id. What buyers and
merchants typed mentions nobody there: Slack's own signs are escaped, Discord is told to look for no mentions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from checkstand.formats import format_money

COLOR = 0x0062FF
FOOTER = "Powered by Checkstand"
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message before it has a chat's shape; `facts` are names with their values."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]


def chat_body(kind: Literal["discord", "slack"], organization_name: str, event_type: str, payload: str) -> str:
    """The JSON text that is posted in place of an event's payload."""
    message = message_of(organization_name, event_type, orjson.loads(payload).get("data") or {})
    return orjson.dumps(_discord(message) if kind == "discord" else _slack(message)).decode()


def message_of(organization_name: str, event_type: str, data: Mapping[str, Any]) -> ChatMessage:
    """The message that an event makes."""
    if event_type == "order.created":
        facts = (
            ("Product", str(data["product"]["name"])),
            ("Amount", format_money(data["total_amount"], data["currency"].upper(), "en")),
            ("Customer", data["customer"]["email"] or "-"),
        )
        return ChatMessage("New Order", f"New order has been made to {organization_name}.", facts)
    return ChatMessage(
        event_type, event_type, (("Object", str(data.get("id", "-"))), ("Organization", organization_name))
    )


def _discord(message: ChatMessage) -> dict[str, object]:
    embed = {
        "color": COLOR,
        "footer": {"text": FOOTER},
        "title": message.title,
        "description": message.text,
        "fields": [{"name": name, "value": value} for name, value in message.facts],
    }
    return {"content": message.title, "embeds": [embed], "allowed_mentions": {"parse": []}}


def _slack(message: ChatMessage) -> dict[str, object]:
    facts = [_mrkdwn(f"*{name}*\n{value.translate(_SLACK)}") for name, value in message.facts]
    section = {"type": "section", "text": _mrkdwn(message.text.translate(_SLACK)), "fields": facts}
    context = {"type": "context", "elements": [_mrkdwn(FOOTER)]}
    return {"text": message.title, "blocks": [section, context]}


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}
