"""Every JSON answer of both APIs that a test's server gives, held against the OpenAPI document that the server itself publishes.

A field that the document does not name is as wrong as one that is missing or of another type, and so is a refusal that the operation's
description does not name. What is found is collected here, and the test that was under way fails (`conftest.py`).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.openapi import Described, Json, document
from tests.schemas import Document
from tests.shared_folder import contract

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
# Refusals that a contract tells otherwise or not at all, with the reason.
BEYOND_CONTRACT = {
    (403, "RefundDisputedPayment"): "the original refuses so; its contract tells of RefundedAlready alone",
    (404, "InvoiceDoesNotExist"): "the original answers so; its contract tells of ResourceNotFound alone",
}
_POSTED = ("post", "requestBody", "content", "application/json", "schema")
wrong: list[str] = []
# Operations of the contracts that answered with a success: API, method, path.
reached: set[tuple[str, str, str]] = set()


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
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        # Polar's old root, and the old name of its sessions.
        path = re.sub(r"^/v1/checkouts/custom(?=/|$)", "/v1/checkouts", re.sub(r"^/api/v1/", "/v1/", scope["path"]))
        published, original = (
            operation(documents(), scope["method"], path),
            operation(contracts(), scope["method"], path),
        )
        if published is None and original is None:
            return await self._app(scope, receive, send)
        start: list[Message] = []
        body = bytearray()

        async def look(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    answer = Answer.of(start[0], bytes(body))
                    if published is not None:
                        _judge(*published, answer)
                    if original is not None:
                        _judge_by_contract(*original, answer)
            await send(message)

        await self._app(scope, receive, look)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as its client reads it."""

    status: int
    content_type: str
    body: bytes

    @classmethod
    def of(cls, start: Message, body: bytes) -> Answer:
        headers = dict(start["headers"])
        packed = headers.get(b"content-encoding") == b"gzip"
        kind = headers.get(b"content-type", b"").decode()
        return cls(start["status"], kind, gzip.decompress(body) if packed else body)


def _judge(api_name: str, method: str, path: str, answer: Answer) -> None:
    """Hold an answer against our own document."""
    where = f"{method.upper()} {path} {answer.status}"
    told = documents()[api_name].whole["paths"][path][method]
    status = told["responses"].get(str(answer.status))
    if status is None:
        wrong.append(f"{where}: a status that the document does not tell")
    elif "application/json" in status.get("content", {}) and answer.body:
        if not answer.content_type.startswith("application/json"):
            wrong.append(f"{where}: answered as {answer.content_type or 'nothing in particular'}")
        else:
            body = json.loads(answer.body)
            wrong.extend(
                f"{where}: {one}" for one in documents()[api_name].differences(body, *_place(path, method, answer))
            )
            _judge_refusal(where, told, answer.status, body)


def _judge_by_contract(api_name: str, method: str, path: str, answer: Answer) -> None:
    """Hold an answer against the vendor's contract, as far as that tells of its status; remember that the operation was reached."""
    told = contracts()[api_name].whole["paths"][path][method]["responses"]
    where = f"{method.upper()} {path} {answer.status}"
    if answer.status < 400:
        reached.add((api_name, method, path))
        if not any(status.startswith(("2", "3")) and status == str(answer.status) for status in told):
            wrong.append(f"{where}: a success that the {api_name} contract does not tell")
    is_json = answer.body and answer.content_type.startswith("application/json")
    if is_json and "application/json" in told.get(str(answer.status), {}).get("content", {}):
        body = json.loads(answer.body)
        refusal = body if answer.status >= 400 and isinstance(body, dict) else {}
        name = refusal.get("error", refusal.get("code"))
        unknown_path = name is None and refusal.get("detail") == "Not Found"
        if not unknown_path and (answer.status, name) not in OF_ALL | BEYOND_CONTRACT.keys():
            found = contracts()[api_name].differences(body, *_place(path, method, answer))
            wrong.extend(f"{where}: by the {api_name} contract: {one}" for one in found)


def _place(path: str, method: str, answer: Answer) -> tuple[str, ...]:
    return "paths", path, method, "responses", str(answer.status), "content", "application/json", "schema"


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
    original = contracts().get("dodo" if "business_id" in event else "polar")
    if original is not None and event["type"] in original.whole["webhooks"]:
        found = original.differences(event, "webhooks", event["type"], *_POSTED)
        wrong.extend(f"event {event['type']}: by the contract: {one}" for one in found)


def event_differences(event: Mapping[str, Any]) -> list[str]:
    """Where an event differs from what its API's document tells of it."""
    document = documents()["dodo" if "business_id" in event else "polar"]
    if event["type"] not in document.whole["webhooks"]:
        return ["the document does not tell of it"]
    return document.differences(event, "webhooks", event["type"], *_POSTED, most=None)


@cache
def documents() -> Mapping[str, Document]:
    """Each API's document, with every object closed: what it does not name may not be there."""
    from checkstand.dialects import dodo, polar

    return {api.name: Document(api.name, _closed(json.loads(json.dumps(_made(api))))) for api in (polar.api, dodo.api)}


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


@cache
def contracts() -> Mapping[str, Document]:
    """The vendors' published contracts, by API; none where they are not at hand."""
    found = {name: contract(f"{name}.json") for name in ("polar", "dodo")}
    if found["polar"]:
        found["polar"] = _brought_up_to_date(found["polar"])
    return {name: Document(f"contract-{name}", _loosened(whole)) for name, whole in found.items() if whole}


def _brought_up_to_date(whole: Json) -> Json:
    """Polar's contract with what its clients know since: prices by unit, and the event of a subscription that was moved."""
    by_unit = {"required": ["amount_type"], "properties": {"amount_type": {"const": "unit_based"}}}
    schemas = whole["components"]["schemas"]
    price = {"anyOf": [schemas["ProductPrice"], by_unit]}
    event = {"enum": [*schemas["WebhookEventType"]["enum"], "subscription.migrated"]}
    newer = {**schemas, "ProductPrice": price, "WebhookEventType": event}
    return {**whole, "components": {**whole["components"], "schemas": newer}}


def _loosened(part: Any) -> Any:
    """The contract where one of several shapes may be two at once: it leaves them open, so that a longer one is also a shorter one."""
    if isinstance(part, list):
        return [_loosened(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {"anyOf" if key == "oneOf" else key: _loosened(value) for key, value in part.items()}


def operation(among: Mapping[str, Document], method: str, path: str) -> tuple[str, str, str] | None:
    """API, method and path of the operation that is meant; None for what is no operation of any."""
    for name, one in among.items():
        if found := one.operation(method, path):
            return name, *found
    return None
