"""`/webhooks`: where events are posted, with a cursor for its list.

Source: docs/behaviour/dodo.md#webhook-endpoints and docs/behaviour/dodo.md#lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from checkstand.dialects.dodo.answers.webhook import Webhook, WebhookHeaders, WebhookPage, WebhookSecret
from checkstand.dialects.dodo.webhooks.event_types import EVENT_TYPES
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import LONGEST_TEXT, LONGEST_URL, Base, Count, Many, Text
from checkstand.dialects.dodo.wire.words import moment, named, notes, shown
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.webhook import Endpoint
from checkstand.flows.webhooks.save_endpoint import (
    add_headers,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    read_endpoint,
)
from checkstand.ops.addresses import host_of
from checkstand.parameters import Query
from checkstand.store.delivery import webhooks

api = Api("Dodo: webhooks")
READ = ("webhooks:read", "webhooks:write")
WRITE = ("webhooks:write",)
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 250
MOST_HEADERS = 50
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Ours to set: a merchant's value would break the delivery or its signature.
_OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"})


def _web_url(value: str) -> str:
    text = value.strip()
    if host_of(text) is None:
        raise PydanticCustomError("url", "Input should be an https address such as https://example.com/webhooks")
    return text


def _event_types(value: list[str]) -> list[str]:
    unknown = [name for name in value if name not in EVENT_TYPES]
    if unknown:
        message = "Unknown event type {name}. An empty list asks for all."
        raise PydanticCustomError("enum", message, {"name": unknown[0][:100]})
    return list(dict.fromkeys(value))


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise PydanticCustomError("header", "'{name}' cannot be set as a header", {"name": name[:100]})
        if not (text.isascii() and text.isprintable() and len(text) <= LONGEST_TEXT):
            raise PydanticCustomError("header", "The value of '{name}' should be printable ASCII", {"name": name})
    return value


WebUrl = Annotated[str, StringConstraints(max_length=LONGEST_URL), AfterValidator(_web_url)]
EventTypes = Annotated[list[str], Many, AfterValidator(_event_types)]
Headers = Annotated[dict[str, str], Field(max_length=MOST_HEADERS), AfterValidator(_headers)]
Notes = Annotated[dict[str, Annotated[str, StringConstraints(max_length=500)]], Field(max_length=50)]


class WebhookFields(Base):
    """What creating and changing share. Null clears the filter, the limit and the description."""

    lasting = frozenset({"url", "headers", "metadata"})
    apart = frozenset({"disabled", "filter_types", "rate_limit", "idempotency_key"})

    description: Text = None
    disabled: bool | None = None
    filter_types: EventTypes | None = None
    metadata: Notes | None = None
    rate_limit: Count | None = None

    def given(self) -> dict[str, object]:
        """The endpoint's fields. No filter is an empty one, and a limit of 0 is none."""
        given = super().given()
        if self.disabled is not None:
            given["enabled"] = not self.disabled
        if self.gave("filter_types"):
            given["events"] = tuple(self.filter_types or ())
        if self.gave("rate_limit"):
            given["rate_limit"] = self.rate_limit or None
        return given


class WebhookIn(WebhookFields):
    """`POST /webhooks`."""

    url: WebUrl
    headers: Headers | None = None
    idempotency_key: Text = None


class WebhookPatch(WebhookFields):
    """`PATCH /webhooks/{id}`: absent means unchanged; null clears the filter, the limit and the description."""

    url: WebUrl | None = None


class HeadersPatch(Base):
    """`PATCH /webhooks/{id}/headers`: adds and replaces."""

    headers: Headers


@api.route("POST", "/webhooks", scopes=WRITE, body=WebhookIn, keyed=True, answers=Webhook)
async def create(call: Call) -> Response:
    """Create a webhook endpoint.

    422 INVALID_REQUEST_BODY: an address that is not https, not public or not a plain one.
    """
    given = call.body(WebhookIn).given()
    return call.json(_shown(await create_endpoint(call.ports, call.organization, "dodo", given)))


def _shown(value: Endpoint) -> Webhook:
    """A webhook endpoint. An empty filter means every event."""
    return {
        "id": shown(DodoPrefix.WEBHOOK_ENDPOINT, value.id),
        "url": value.url,
        "description": value.description or "",
        "disabled": not value.enabled,
        "filter_types": list(value.events) or None,
        "metadata": notes(value.metadata),
        "rate_limit": value.rate_limit,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.modified_at or value.created_at),
    }


class WebhookListQuery(Query):
    limit = paging.number(DEFAULT_LIMIT, smallest=1, description=f"Above {LARGEST_LIMIT} it is {LARGEST_LIMIT}.")
    iterator = paging.word()


@api.route("GET", "/webhooks", scopes=READ, query=WebhookListQuery, answers=WebhookPage)
async def search(call: Call) -> Response:
    """List webhook endpoints, newest first."""
    asked = WebhookListQuery(call)
    size = min(asked.limit, LARGEST_LIMIT)
    found = await webhooks.endpoints(call.ports.reads, call.organization.id, "dodo")
    return call.json(_page(found, _start(asked.iterator, found, size), size))


def _start(iterator: str | None, found: Sequence[Endpoint], size: int) -> int:
    """Where the page begins. An iterator is the id it continues after; with `-` before it, the one it goes back from."""
    if iterator is None:
        return 0
    back = iterator.startswith("-")
    wanted = named(DodoPrefix.WEBHOOK_ENDPOINT, iterator.removeprefix("-"))
    place = next((position for position, item in enumerate(found) if item.id == wanted), None)
    if place is None:
        raise paging.refuse("iterator", "is not known any more. Start again without it.")
    return max(0, place - size) if back else place + 1


def _page(found: Sequence[Endpoint], start: int, size: int) -> WebhookPage:
    part = found[start : start + size]
    done = start + size >= len(found)
    last = shown(DodoPrefix.WEBHOOK_ENDPOINT, part[-1].id) if part else None
    first = shown(DodoPrefix.WEBHOOK_ENDPOINT, part[0].id) if part else None
    return {
        "data": [_shown(item) for item in part],
        "iterator": None if done else last,
        "prev_iterator": f"-{first}" if start > 0 and first else None,
        "done": done,
    }


async def _found(call: Call) -> Endpoint:
    return await read_endpoint(call.ports, call.organization, "dodo", call.path_id(DodoPrefix.WEBHOOK_ENDPOINT))


@api.route("GET", "/webhooks/{id}", scopes=READ, answers=Webhook)
async def get(call: Call) -> Response:
    """Read a webhook endpoint.

    404 NOT_FOUND: no such endpoint.
    """
    return call.json(_shown(await _found(call)))


@api.route("PATCH", "/webhooks/{id}", scopes=WRITE, body=WebhookPatch, answers=Webhook)
async def update(call: Call) -> Response:
    """Change a webhook endpoint.

    404 NOT_FOUND: no such endpoint. 422 INVALID_REQUEST_BODY: an address that is not https, not public or not a plain one.
    """
    endpoint_id = call.path_id(DodoPrefix.WEBHOOK_ENDPOINT)
    given = call.body(WebhookPatch).given()
    changed = await change_endpoint(call.ports, call.organization, "dodo", endpoint_id, given, switch="disabled")
    return call.json(_shown(changed))


@api.route("DELETE", "/webhooks/{id}", scopes=WRITE, gives="nothing")
async def delete(call: Call) -> Response:
    """Remove a webhook endpoint.

    404 NOT_FOUND: no such endpoint.
    """
    await delete_endpoint(call.ports, call.organization, "dodo", call.path_id(DodoPrefix.WEBHOOK_ENDPOINT))
    return call.done()


@api.route("GET", "/webhooks/{id}/secret", scopes=READ, answers=WebhookSecret)
async def secret(call: Call) -> Response:
    """Read the secret that an endpoint's events are signed with.

    404 NOT_FOUND: no such endpoint.
    """
    answer: WebhookSecret = {"secret": (await _found(call)).secret}
    return call.json(answer)


@api.route("GET", "/webhooks/{id}/headers", scopes=READ, answers=WebhookHeaders)
async def headers(call: Call) -> Response:
    """Read the headers sent with every event; those that hold secrets are only named.

    404 NOT_FOUND: no such endpoint.
    """
    return call.json(_shown_headers((await _found(call)).headers))


def _shown_headers(given: Mapping[str, str]) -> WebhookHeaders:
    sensitive = [name for name in given if name.lower() in _SECRET_HEADERS]
    return {"headers": {name: text for name, text in given.items() if name not in sensitive}, "sensitive": sensitive}


@api.route("PATCH", "/webhooks/{id}/headers", scopes=WRITE, body=HeadersPatch, gives="nothing")
async def update_headers(call: Call) -> Response:
    """Add and replace headers sent with every event.

    404 NOT_FOUND: no such endpoint. 422 INVALID_REQUEST_BODY: there would be too many headers.
    """
    endpoint_id = call.path_id(DodoPrefix.WEBHOOK_ENDPOINT)
    headers = call.body(HeadersPatch).headers
    await add_headers(call.ports, call.organization, "dodo", endpoint_id, headers, most=MOST_HEADERS)
    return call.done()
