"""What Discord and Slack are told of an event: a title, a sentence and a few facts, in the shape that each shows as a message.

A new order is told with what was bought, for how much and by whom; of any other event its name and the object's id. What buyers and
merchants typed mentions nobody there: Slack's own signs are escaped, Discord is told to look for no mentions. Both refuse a message
with a long text, so long names are cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import orjson

from checkstand.dialects.polar.answers.event import Event
from checkstand.formats import format_money

COLOR = 0x0062FF
FOOTER = "Powered by Checkstand"
LONGEST_NAME = 200
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message before it has a chat's shape; `facts` are names with their values."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]


def chat_body(kind: Literal["discord", "slack"], organization_name: str, event: Event) -> str:
    """The JSON text that is posted in place of an event."""
    message = _message(_short(organization_name), event)
    return orjson.dumps(_discord(message) if kind == "discord" else _slack(message)).decode()


def _message(organization_name: str, event: Event) -> ChatMessage:
    if event["type"] == "order.created":
        order = event["data"]
        facts = (
            ("Product", _short(order["product"]["name"])),
            ("Amount", format_money(order["total_amount"], order["currency"].upper(), "en")),
            ("Customer", order["customer"]["email"] or "-"),
        )
        return ChatMessage("New Order", f"New order has been made to {organization_name}.", facts)
    name = event["type"]
    return ChatMessage(name, name, (("Object", str(event["data"].get("id", "-"))), ("Organization", organization_name)))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


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
