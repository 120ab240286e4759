"""Inputs for every documented operation of an API: what its document says, and what it says not, sent to the real server.

Names of things are of no use when they are made up: half of the inputs get those of objects that exist, and half of the bodies are
one that works with a few of the made-up fields in it, so that the code behind the validation is reached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from checkstand.openapi import Described, Json, Operation, document, operation_id

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
# A body has more to get wrong than a path.
WEIGHT_OF_BODY = 3
PATIENCE_S = 60
schemathesis.openapi.format("uuid4", st.uuids(version=4).map(str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A shop to send things to.

    `ids`: existing objects by the part of a path before `{id}`; `known`: the like by a field's name; `good`: a body that works by
    operation id.
    """

    url: str
    key: str
    ids: Mapping[str, Sequence[str]]
    known: Mapping[str, Sequence[object]]
    good: Mapping[str, Json] = field(default_factory=dict)


def existing(path: str, place: Place) -> str:
    """The path of something that is there."""

    def value(match: re.Match[str]) -> str:
        if match[2] == "id":
            return f"{match[1]}/{place.ids[match[1]][0]}"
        return f"{match[1]}/{quote(str(place.known[match[2]][0]), safe='')}"

    return re.sub(r"([\w-]+)/\{(\w+)\}", value, path)


def shares(api: Described, total: int) -> dict[str, int]:
    """How many inputs each operation gets of so many, by its id."""
    weights = {operation_id(api, one): WEIGHT_OF_BODY if one.body else 1 for one in api.operations}
    return {name: -(-total * weight // sum(weights.values())) for name, weight in weights.items()}


@cache
def document_of(api_name: str) -> Any:
    """The API's document as Schemathesis reads it."""
    from checkstand.dialects import dodo, polar

    api = {"polar": polar.api, "dodo": dodo.api}[api_name]
    made = document([api], title=api.title, version="1", about=api.about)
    return schemathesis.openapi.from_dict(json.loads(json.dumps(made)))


def fuzz(api: Described, operation: Operation, place: Place, *, inputs: int) -> None:
    """Send so many inputs to an operation; fails at a fault of ours, an undocumented status or another content type."""
    target = document_of(api.name)[operation.path][operation.method]
    name = operation_id(api, operation)
    session = requests.Session()

    takes_something = target.body or target.path_parameters or target.query or target.headers
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes_something else [GenerationMode.POSITIVE]

    @given(case=st.one_of(*[target.as_strategy(generation_mode=mode) for mode in modes]), seed=st.integers(0, 2**32))
    @settings(
        max_examples=inputs,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, seed: int) -> None:
        chance = Random(seed)
        if chance.random() < 0.5:
            _make_likely(case, chance, place, place.good.get(name))
        headers = _authorization(operation, chance, place)
        case.call_and_validate(base_url=place.url, session=session, headers=headers, checks=CHECKS, timeout=PATIENCE_S)

    with session:
        send()


def _authorization(operation: Operation, chance: Random, place: Place) -> dict[str, str]:
    """Mostly the key; sometimes one that opens nothing. Buyers have none."""
    if operation.is_public and chance.random() < 0.9:
        return {}
    return {"Authorization": f"Bearer {place.key if chance.random() < 0.95 else 'nothing'}"}


def _make_likely(case: Any, chance: Random, place: Place, good: Json | None) -> None:
    path, query = case.path_parameters, case.query
    if isinstance(path, dict) and "id" in path:
        path["id"] = chance.choice(place.ids[case.operation.path.partition("/{id}")[0].rpartition("/")[2]])
    for part in (path, query):
        if isinstance(part, dict):
            part.update(_filled(part, chance, place.known))
    case.headers.pop("Idempotency-Key", None)
    if good is not None and isinstance(case.body, dict):
        offered = sorted(key for key in case.body if key not in good or chance.random() < 0.25)
        kept = chance.sample(offered, min(len(offered), chance.choice((0, 1, 1, 2))))
        case.body = {**good, **{key: case.body[key] for key in kept}}
    case.body = _filled(case.body, chance, place.known)


def _filled(value: Any, chance: Random, known: Mapping[str, Sequence[object]]) -> Any:
    """The value with names of things that exist wherever a field is called like one."""
    if isinstance(value, list):
        return [_filled(item, chance, known) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _named(known[key], item, chance)
        if key in known and chance.random() < 0.8
        else _filled(item, chance, known)
        for key, item in value.items()
    }


def _named(choices: Sequence[object], present: object, chance: Random) -> object:
    picked = chance.choice(choices)
    return [picked] if isinstance(present, list) and not isinstance(picked, dict) else picked
