"""Every JSON answer of both APIs that a test's server gives, held against the OpenAPI document that the server itself publishes.

A field that the document does not name is as wrong as one that is missing or of another type, and so is a refusal that the operation's
description does not name. What is found is collected here, and the test that was under way fails (`conftest.py`).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.openapi import PATH_PARAMETER, Described, Json, document

MOST_SHOWN = 5
# A code of Dodo's has an underscore, a name of Polar's is of several words.
REFUSAL = re.compile(r"\b(?P<status>[45]\d\d)\b|\b(?P<name>[A-Z]+(?:_[A-Z]+)+|[A-Z][a-z]+(?:[A-Z][A-Za-z]+)+)\b")
# What any operation may refuse with: no description names it.
OF_ALL = frozenset(
    {
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (413, "REQUEST_BODY_TOO_LARGE"),
        (422, "INVALID_REQUEST_BODY"),
        (422, "INVALID_QUERY_PARAMS"),
        (422, "MAXIMUM_KEYS_REACHED"),
        (429, "TOO_MANY_REQUESTS"),
        (500, "INTERNAL_SERVER_ERROR"),
        (503, "SERVICE_UNAVAILABLE"),
        (401, "Unauthorized"),
        (401, "invalid_token"),
        (403, "insufficient_scope"),
        (409, "IdempotencyKeyBusy"),
        (411, "LengthRequired"),
        (413, "RequestBodyTooLarge"),
        (422, "IdempotencyKeyReused"),
        (422, "RequestValidationError"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    }
)
wrong: list[str] = []


def taken() -> list[str]:
    """What was found since the last call."""
    found = wrong[:]
    wrong.clear()
    return found


class Checked:
    """An application whose answers are looked at on their way out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (found := _operation(scope["method"], scope["path"])) is None:
            return await self._app(scope, receive, send)
        start: list[Message] = []
        body = bytearray()

        async def look(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    _judge(*found, start[0], bytes(body))
            await send(message)

        await self._app(scope, receive, look)


def _judge(api_name: str, method: str, path: str, start: Message, body: bytes) -> None:
    status = str(start["status"])
    headers = dict(start["headers"])
    kind = headers.get(b"content-type", b"").decode()
    if headers.get(b"content-encoding") == b"gzip":
        body = gzip.decompress(body)
    where = f"{method.upper()} {path} {status}"
    told = documents()[api_name]["paths"][path][method]["responses"].get(status)
    if told is None:
        wrong.append(f"{where}: a status that the document does not tell")
    elif "application/json" in told.get("content", {}) and body:
        if not kind.startswith("application/json"):
            wrong.append(f"{where}: answered as {kind or 'nothing in particular'}")
        else:
            errors = _validator(api_name, path, method, status).iter_errors(json.loads(body))
            wrong.extend(f"{where}: {at(error)}: {error.message[:300]}" for _, error in zip(range(MOST_SHOWN), errors))  # noqa: B905
            _judge_refusal(where, documents()[api_name]["paths"][path][method], start["status"], json.loads(body))


def _judge_refusal(where: str, operation: Json, status: int, body: Any) -> None:
    """Whether the operation's description names the refusal: its status with its code or name."""
    if status < 400 or not isinstance(body, dict) or str(body.get("message")).startswith("Idempotency-Key:"):
        return
    name = body.get("error", body.get("code"))
    if name is not None and (status, name) not in OF_ALL | named_refusals(operation["description"]):
        wrong.append(f"{where}: the operation's description does not name {name}")


def named_refusals(description: str) -> frozenset[tuple[int, str]]:
    """Each refusal that a description names: `404 NOT_FOUND: no such product. 410 PRODUCT_IS_DELETED` names two.

    A name belongs to the status before it.
    """
    found: set[tuple[int, str]] = set()
    status = 0
    for match in REFUSAL.finditer(description):
        if match["status"]:
            status = int(match["status"])
        elif status:
            found.add((status, match["name"]))
    return frozenset(found)


def judge_event(event: Mapping[str, Any]) -> None:
    """Hold an event that a merchant's receiver got against what the document tells of it."""
    wrong.extend(f"event {event['type']}: {found}" for found in event_differences(event))


def event_differences(event: Mapping[str, Any]) -> list[str]:
    """Where an event differs from what its API's document tells of it."""
    api_name = "dodo" if "business_id" in event else "polar"
    if event["type"] not in documents()[api_name]["webhooks"]:
        return ["the document does not tell of it"]
    place = ("webhooks", event["type"], "post", "requestBody", "content", "application/json", "schema")
    errors = _validator_at(api_name, f"#/{'/'.join(part.replace('/', '~1') for part in place)}").iter_errors(event)
    return [f"{at(error)}: {error.message[:300]}" for error in errors]


def at(error: jsonschema_rs.ValidationError) -> str:
    """Where in the body it is."""
    return "/".join(str(part) for part in error.instance_path) or "body"


@cache
def documents() -> Mapping[str, Json]:
    """Each API's document, with every object closed: what it does not name may not be there."""
    from checkstand.dialects import dodo, polar

    return {api.name: _closed(json.loads(json.dumps(_made(api)))) for api in (polar.api, dodo.api)}


def _made(api: Described) -> Json:
    return document([api], title=api.title, version="1", about=api.about)


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    if part.get("type") == "object" and "properties" in part:
        closed.setdefault("additionalProperties", False)
    return closed


def _validator(api_name: str, path: str, method: str, status: str) -> Any:
    """One for each shape, in a registry that has the document once: a validator with a copy of its own costs megabytes."""
    told = documents()[api_name]["paths"][path][method]["responses"][status]
    schema = told["content"]["application/json"]["schema"]
    place = ("paths", path, method, "responses", status, "content", "application/json", "schema")
    return _validator_at(api_name, schema.get("$ref") or f"#/{'/'.join(part.replace('/', '~1') for part in place)}")


@cache
def _validator_at(api_name: str, pointer: str) -> Any:
    registry = _registry(api_name)
    return jsonschema_rs.Draft202012Validator({"$ref": f"urn:{api_name}{quote(pointer, '#/~')}"}, registry=registry)


@cache
def _registry(api_name: str) -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(f"urn:{api_name}", documents()[api_name])])


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, str]]:
    """The documents' paths, those without parameters first: pattern, API, path."""
    found = [(path, name) for name, whole in documents().items() for path in whole["paths"]]
    found.sort(key=lambda one: len(PATH_PARAMETER.findall(one[0])))
    return [(re.compile(PATH_PARAMETER.sub("[^/]+", path.rstrip("/")) + "/?"), name, path) for path, name in found]


def _operation(method: str, path: str) -> tuple[str, str, str] | None:
    """API, method and path of the operation that is meant; None for what is no operation of either."""
    # Polar's old root, and the old name of its sessions.
    spelled = re.sub(r"^/v1/checkouts/custom(?=/|$)", "/v1/checkouts", re.sub(r"^/api/v1/", "/v1/", path))
    for pattern, name, told in _patterns():
        if pattern.fullmatch(spelled) and method.lower() in documents()[name]["paths"][told]:
            return name, method.lower(), told
    return None
