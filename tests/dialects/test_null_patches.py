"""A PATCH with null for any one field: what is answered has the type that the API's own contract says, number and boolean alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from checkstand.dialects import dodo, polar
from checkstand.openapi import Operation
from checkstand.testing.demo import DemoShop
from tests.dialects.fuzz_places import dodo_place, polar_place
from tests.dialects.fuzzing import existing
from tests.server import RunningServer
from tests.shared_folder import contract

APIS = {"polar": polar.api, "dodo": dodo.api}
PLACES = {"polar": polar_place, "dodo": dodo_place}


def fields_of(operation: Operation) -> list[str]:
    """The fields of a body, whichever of its kinds it is."""
    body = operation.body
    if isinstance(body, type) and issubclass(body, BaseModel):
        return list(body.model_fields)
    schema = getattr(body, "json_schema", dict)()
    return sorted({name for one in schema.get("$defs", {}).values() for name in one.get("properties", {})})


def problems(api_name: str, operation: Operation, method: str, answer: httpx2.Response) -> Iterator[str]:
    """Where an answer differs from the contract; nothing where the contract is not at hand."""
    whole = contract(f"{api_name}.json")
    spelled = {path.rstrip("/"): methods for path, methods in whole.get("paths", {}).items()}
    told: Any = spelled.get(operation.path.rstrip("/"), {}).get(method, {}).get("responses", {}).get("200", {})
    schema = told.get("content", {}).get("application/json", {}).get("schema")
    if schema:
        validator = Draft202012Validator({**schema, "components": whole["components"]})
        yield from (f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer.json()))


@pytest.mark.parametrize("name", APIS)
def test_after_a_null_every_field_still_has_the_type_of_the_contract(
    server: RunningServer, shop: DemoShop, name: str
) -> None:
    place = PLACES[name](server, shop)
    wrong, changed = [], 0
    changing = [one for one in APIS[name].operations if one.method == "PATCH" and one.body is not None]
    with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {place.key}"}) as http:
        for operation in changing:
            for field in fields_of(operation):
                answer = http.patch(existing(operation.path, place), json={field: None})
                assert answer.status_code < 500, (operation.path, field, answer.text)
                if answer.status_code == 200 and answer.content:
                    changed += 1
                    where = f"{operation.path} {field}"
                    wrong += [f"{where}: {one}" for one in problems(name, operation, "patch", answer)]
                    # Where the contract's PATCH answers nothing, reading has the object.
                    shown = http.get(existing(operation.path, place))
                    if shown.status_code == 200:
                        wrong += [f"{where}, read: {one}" for one in problems(name, operation, "get", shown)]
    assert wrong == []
    assert changed > 30
