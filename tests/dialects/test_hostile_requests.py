"""Every route of both APIs under requests that are made to hurt: no fault of ours, no answer much larger than what was sent, no request
that keeps others waiting.

What hurts is put into each place that a request has: each field of a body, each parameter, each part of a path, and the body as a
whole. The normal run takes a few of each route's, `make prove` all of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkstand.dialects import dodo, polar
from checkstand.openapi import Described, Operation, operation_id
from checkstand.testing import controls
from tests.dialects.fuzz_places import dodo_place, polar_place
from tests.dialects.fuzzing import Place
from tests.dialects.test_bounds import schema_of
from tests.server import RunningServer, running_server

LARGEST = 64_000
LONGEST_S = 0.25
EACH_ROUTE_GETS = 4
UUID = "00000000-0000-4000-8000-000000000000"

VALUES: dict[str, Any] = {
    "a thousand lists": [[]] * 1_000,
    "a thousand objects": [{}] * 1_000,
    "a thousand keys": {f"{number:05}": [] for number in range(1_000)},
    "a thousand ids": [UUID] * 1_000,
    "lists in lists": [[[0] * 90] * 10] * 10,
    "objects in objects": {f"a{one}": {f"b{two}": {} for two in range(60)} for one in range(60)},
    "sixty levels": json.loads('{"a":' * 60 + "[]" + "}" * 60),
    "sixty lists deep": json.loads("[" * 60 + "1" + "]" * 60),
    "a long text": "x" * 60_000,
    "a text of signs": "😀" * 15_000,
    "a text of control characters": "\x01" * 10_000,
    "a text of tags": "<script>&'\"" * 5_000,
    "an address": "https://" + "a." * 20_000 + "com/?" + "b" * 10_000,
    "an e-mail address": "a" * 30_000 + "@" + "b." * 10_000 + "com",
    "digits": "9" * 5_000,
    "more digits": "9" * 60_000,
    "a fraction": "0." + "3" * 50_000,
    "a power": "1e999999999",
    "a huge float": 1e18,
    "a tiny float": 5e-324,
    "too huge a float": 1e308,
    "the largest": 2**63 - 1,
    "the smallest": -(2**63),
    "beyond": 2**63,
    "less than none": -1,
    "the first year": "0001-01-01T00:00:00+14:00",
    "the last year": "9999-12-31T23:59:59.999999-14:00",
    "a Unix time": 253_402_300_799_999,
    "nothing": None,
    "yes": True,
    "half a character": "\ud800",
    "a NUL": "a\0b",
}
BODIES: dict[str, bytes] = {
    "brackets": b"[" * LARGEST,
    "braces": b'{"":' * (LARGEST // 4),
    "quotes": b'"' + b'\\"' * (LARGEST // 2 - 1),
    "backslashes": b'"' + b"\\" * (LARGEST - 1),
    "a long number": b"9" * LARGEST,
    "zeroes": b"0." + b"0" * (LARGEST - 2),
    "blanks": b" " * LARGEST,
    "bytes": b"\xff" * LARGEST,
    "commas": b"[" + b"," * (LARGEST - 2) + b"]",
    "small lists": b"[" + b"[]," * 21_000 + b"[]]",
    "many keys": b"{" + b",".join(b'"%d":0' % number for number in range(6_000)) + b"}",
    "one key many times": b"{" + b",".join([b'"a":[]'] * 8_000) + b"}",
    "nothing": b"",
    "null": b"null",
}
TEXTS: dict[str, str] = {
    "long": "x" * 8_000,
    "signs": "😀" * 1_000,
    "digits": "9" * 5_000,
    "the first year": "0001-01-01T00:00:00+14:00",
    "the last year": "9999-12-31T23:59:59-14:00",
    "a NUL": "a\0b",
    "dots": "../..",
    "commas": "," * 8_000,
    "percent": "%" * 2_000,
    "less than none": "-1",
    "the largest": str(2**63 - 1),
    "beyond": str(2**63),
    "quotes": "'\"" * 1_000,
    "nothing": "",
}


@dataclass(slots=True)
class Meter:
    """Says what the last request cost the server's thread: seconds of processor time, from head to the end of the answer."""

    app: ASGIApp | None = None
    took_s: float = 0.0

    def around(self, app: ASGIApp) -> ASGIApp:
        self.app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        began = time.thread_time()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.took_s = time.thread_time() - began
            await send(message)

        await self.app(scope, receive, measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One request. `name` says what is in it, for the message of a failure."""

    name: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Field:
    """Where attacks go."""

    server: RunningServer
    meter: Meter
    places: dict[str, Place]

    def attack(self, client: httpx2.Client, method: str, attack: Attack) -> list[str]:
        """What was wrong with the answer. A measurement that is too long is made again: memory is tidied up at any moment."""
        answer = self._send(client, method, attack)
        problems = []
        if answer.status_code >= 500:
            problems.append(f"{answer.status_code} {answer.text[:200]}")
        allowed = 65_536 + 2 * (len(attack.body) + len(attack.path))
        if len(answer.content) > allowed:
            problems.append(f"{len(answer.content)} bytes for {len(attack.body)}")
        took_s = self.meter.took_s
        for _ in range(2):
            if took_s > LONGEST_S:
                self._send(client, method, attack)
                took_s = min(took_s, self.meter.took_s)
        if took_s > LONGEST_S:
            problems.append(f"{took_s:.2f} s")
        return [f"{method} {attack.path[:90]} with {attack.name}: {problem}" for problem in problems]

    def _send(self, client: httpx2.Client, method: str, attack: Attack) -> httpx2.Response:
        headers = {"Content-Type": "application/json", **attack.headers}
        return client.request(method, attack.path, content=attack.body or None, headers=headers)


@pytest.fixture(scope="module")
def metered(database_url: str) -> Iterator[tuple[RunningServer, Meter]]:
    meter = Meter()
    with running_server(database_url, around=meter.around) as server:
        yield server, meter


@pytest.fixture
def field_of_attack(metered: tuple[RunningServer, Meter]) -> Field:
    """Shops of the test's own: what one attack made would be in the lists that the next one measures."""
    server, meter = metered
    places = {
        "polar": polar_place(server, server.new_shop()),
        "dodo": dodo_place(server, server.new_shop()),
    }
    return Field(server, meter, places)


@dataclass(frozen=True, slots=True)
class Target:
    """A route, and what its document says of it, if it has one."""

    api: Described
    method: str
    path: str
    operation: Operation | None


def _bare(path: str) -> str:
    return path.removeprefix("/api").rstrip("/")


def targets() -> list[Target]:
    """The route table: every method of every path."""
    found = []
    for api, routes in ((polar.api, polar.routes), (dodo.api, dodo.routes), (polar.api, controls.routes)):
        known = {(one.method, _bare(one.path)): one for one in api.operations}
        for route in routes.all:
            for method in sorted(route.methods or ()):
                found.append(Target(api, method, route.path, known.get((method, _bare(route.path)))))
    assert len(found) > 400, "the route table was not walked"
    return found


def fields_of(schema: Any) -> set[str]:
    """Every name that a body may have, at the first level of any of its forms."""
    definitions = schema.get("$defs", {})

    def names(part: Any) -> set[str]:
        if not isinstance(part, dict):
            return set()
        reference = part.get("$ref", "")
        if reference:
            return names(definitions[reference.rpartition("/")[2]])
        found = set(part.get("properties", {}))
        for form in (*part.get("anyOf", ()), *part.get("oneOf", ())):
            found |= names(form)
        return found

    return names(schema)


@cache
def _fields(operation: Operation) -> Sequence[str]:
    return sorted(fields_of(schema_of(operation))) if operation.body is not None else ()


def attacks(target: Target, place: Place, chance: Random) -> list[Attack]:
    """All of a route's."""
    operation = target.operation
    path = _named(target, place, chance)
    found = [
        Attack(name=f"{name} as the path's {part}", path=_filled(target, place, chance, {part: text}))
        for part in _parts(target.path)
        for name, text in TEXTS.items()
        if text and text != "../.."
    ]
    for key in ("Idempotency-Key", "Polar-Version", "Authorization", "X-Forwarded-For", "Accept"):
        found.append(Attack(name=f"a long {key}", path=path, headers={key: "Bearer " + "x" * 8_000}))
    if operation is not None and operation.query is not None:
        for parameter in operation.query.described():
            name = str(parameter["name"])
            found += [
                Attack(name=f"{kind} as {name}", path=f"{path}?{name}={quote(text)}") for kind, text in TEXTS.items()
            ]
            found.append(Attack(name=f"{name} 190 times", path=f"{path}?" + "&".join([f"{name}=x"] * 190)))
            found.append(Attack(name=f"{name} as an object", path=f"{path}?{name}[a]=b&{name}[][]=c"))
    if target.method == "GET":
        return found
    found += [Attack(name=name, path=path, body=body) for name, body in BODIES.items()]
    good = place.good.get(operation_id(target.api, operation), {}) if operation is not None else {}
    for name in _fields(operation) if operation is not None else ():
        for kind, value in VALUES.items():
            body = json.dumps({**good, name: value}).encode()
            found.append(
                Attack(name=f"{kind} as {name}", path=path, body=body[:LARGEST] if len(body) > LARGEST else body)
            )
    return found


def _parts(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def _named(target: Target, place: Place, chance: Random) -> str:
    return _filled(target, place, chance, {})


def _filled(target: Target, place: Place, chance: Random, given: Mapping[str, str]) -> str:
    """The path with things that exist in it, except where something else is given."""
    done: list[str] = []
    for part in target.path.split("/"):
        name = part.strip("{}")
        if not part.startswith("{"):
            done.append(part)
        elif name in given:
            done.append(quote(given[name], safe=""))
        else:
            choices = place.known.get(name) or place.ids.get(done[-1]) or [UUID]
            done.append(quote(str(chance.choice(list(choices))), safe=""))
    return "/".join(done)


def _attack(field_of_attack: Field, targets_of: Sequence[Target], most: int | None) -> list[str]:
    """What was wrong with any answer. Reads come first, while lists are what the shop began with: later they hold what other attacks made, page by page."""
    chance = Random(7)
    problems: list[str] = []
    count = 0
    for target in sorted(targets_of, key=lambda target: target.method != "GET"):
        place = field_of_attack.places[target.api.name]
        planned = attacks(target, place, chance)
        chosen = planned if most is None else chance.sample(planned, min(most, len(planned)))
        headers = {"Authorization": f"Bearer {place.key}"}
        with httpx2.Client(base_url=place.url, headers=headers, timeout=60) as client:
            for attack in chosen:
                problems += field_of_attack.attack(client, target.method, attack)
                count += 1
    print(f"{count} hostile requests to {len(targets_of)} routes, {len(problems)} problems")
    return problems


def _one_form_each() -> list[Target]:
    """Each route once: forms of one path differ in a slash or a prefix."""
    return list({(target.method, _bare(target.path)): target for target in targets()}.values())


def test_no_route_is_hurt_by_a_few_hostile_requests(field_of_attack: Field) -> None:
    assert _attack(field_of_attack, _one_form_each(), EACH_ROUTE_GETS) == []


def test_no_route_is_hurt_without_a_key(field_of_attack: Field) -> None:
    """The largest bodies without a key: most of them never reach a parser."""
    problems: list[str] = []
    with httpx2.Client(base_url=field_of_attack.server.url, timeout=60) as client:
        for target in _one_form_each():
            if target.method == "GET":
                continue
            path = _named(target, field_of_attack.places[target.api.name], Random(1))
            for name in ("small lists", "many keys", "one key many times"):
                problems += field_of_attack.attack(
                    client, target.method, Attack(name=name, path=path, body=BODIES[name])
                )
    assert problems == []


@pytest.mark.prove
def test_no_form_of_any_route_is_hurt_by_any_hostile_request(field_of_attack: Field) -> None:
    assert _attack(field_of_attack, _one_form_each(), None) == []


@pytest.mark.prove
def test_every_form_of_every_path_bears_some(field_of_attack: Field) -> None:
    assert _attack(field_of_attack, targets(), EACH_ROUTE_GETS) == []
