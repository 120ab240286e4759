"""The look at every answer sees what it is there for: it is not worth more than what it finds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from checkstand.dialects import dodo, polar
from checkstand.openapi import operation_id
from tests.answers import Checked, documents, taken
from tests.dialects.dodo_place import DodoShop


def found_in(method: str, path: str, answer: Response) -> list[str]:
    """What is found when a server gives this answer."""

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    TestClient(Checked(server)).request(method, path)
    return taken()


def test_whatever_differs_from_the_document_is_found(dodo: DodoShop) -> None:
    good: dict[str, Any] = dodo.http.post("/discounts", json={"amount": 500, "type": "percentage"}).json()
    path = f"/discounts/{good['discount_id']}"
    assert found_in("GET", path, JSONResponse(good)) == []
    assert found_in("GET", f"{path}/", JSONResponse(good)) == []
    assert found_in("GET", path, JSONResponse({"code": "NOT_FOUND", "message": ""}, 404)) == []
    missing = {key: value for key, value in good.items() if key != "times_used"}
    for wrong, said in (
        (JSONResponse(missing), '"times_used" is a required property'),
        (JSONResponse({**good, "colour": "red"}), "'colour' was unexpected"),
        (JSONResponse({**good, "amount": "500"}), '"500" is not of type "integer"'),
        (JSONResponse({**good, "metadata": None}), "metadata: "),
        (JSONResponse([]), '[] is not of type "object"'),
        (JSONResponse(good, 206), "206: a status that the document does not tell"),
        (PlainTextResponse("fine"), "answered as text/plain"),
        (JSONResponse({"code": "GONE_FISHING", "message": ""}, 404), "description does not name GONE_FISHING"),
    ):
        found = found_in("GET", path, wrong)
        assert len([one for one in found if "contract" not in one]) == 1
        assert found[0].startswith("GET /discounts/{id} ")
        assert said in found[0]


def test_what_is_no_operation_is_not_judged() -> None:
    assert found_in("GET", "/dashboard/login", PlainTextResponse("fine", 418)) == []
    assert found_in("PUT", "/discounts/dsc_1", JSONResponse({"odd": 1})) == []


@pytest.mark.parametrize("api", [polar.api, dodo.api], ids=lambda api: str(api.name))
def test_every_operation_tells_its_answer_field_by_field(api: Any) -> None:
    untold = [operation_id(api, one) for one in api.operations if one.gives == "json" and one.answers is None]
    assert untold == []
    schemas = documents()[api.name].whole["components"]["schemas"]
    # A shape without fields says nothing; and a name that two types had to share is no name.
    assert [name for name, schema in schemas.items() if schema.get("type") == "object" and not _tells(schema)] == []
    assert [name for name in schemas if not name.isalnum()] == []


def _tells(schema: dict[str, Any]) -> bool:
    return bool(schema.get("properties")) or "additionalProperties" in schema or json.dumps(schema) == "{}"
