"""The OpenAPI documents, put together at the first request: routes only note what is known of them, start and import make nothing.

An `Operation` is one route as its document tells it; a `Described` is one API with what its operations share: the errors, the headers,
what a path's parts look like. Request bodies are the very models that validate them, answers the very types that the code renders;
their schemas are kept under `components`, each API's with a prefix of its own, so that both fit into one document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from types import UnionType
from typing import Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema

from checkstand.parameters import Query

Json = dict[str, Any]
Body = type[BaseModel] | UnionType | TypeAdapter[Any]
# A TypedDict, a list of them, or a union of such: what `TypeAdapter` takes, which the type system has no word for.
Answers = Any
Gives = Literal["json", "csv", "nothing", "pdf"]
VERSION = "3.1.0"
Part = Literal["validation", "serialization"]
SchemasOf = Mapping[tuple[str, Part], Json]
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_GIVEN: Mapping[Gives, Json] = {
    "csv": {"content": {"text/csv": {"schema": {"type": "string"}}}},
    "nothing": {},
    "pdf": {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route. `answers`: the type of its JSON body. `refuses`: statuses of its own, beside those that follow from what it takes."""

    method: str
    path: str
    handler: Callable[..., object]
    tag: str
    status: int = 200
    gives: Gives = "json"
    answers: Answers = None
    body: Body | None = None
    query: type[Query] | None = None
    is_public: bool = False
    is_keyed: bool = False
    refuses: tuple[int, ...] = ()

    @property
    def path_names(self) -> tuple[str, ...]:
        return tuple(PATH_PARAMETER.findall(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypes:
    """What the API tells webhook endpoints. `types`: an envelope each, whose `type` is the literal names of its events.

    `tells`: of every event, by its name, one line. `received`, `again`: the answer that is expected, and what follows on any other.
    """

    types: Sequence[Answers]
    tells: Mapping[str, str]
    headers: Sequence[Json]
    received: str
    again: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One API. `errors` are the types of its error bodies, by the names of their schemas; `refusals` tells an operation's error
    statuses, each with the schema's name or None.
    """

    name: str
    title: str
    about: str
    operations: Sequence[Operation]
    errors: Mapping[str, Answers]
    refusals: Callable[[Operation], Mapping[int, str | None]]
    path_schema: Callable[[Operation, str], Json]
    headers: Callable[[Operation], Sequence[Json]]
    events: EventTypes | None = None

    @property
    def prefix(self) -> str:
        return self.name.capitalize()

    @property
    def security(self) -> str:
        return f"{self.name}_key"


# Why an error status is answered; the bodies tell the rest.
REASONS: Mapping[int, str] = {
    400: "Refused: the payment was declined, or there is not enough to take from",
    401: "No key, or one that opens nothing",
    403: "Not permitted",
    404: "Not found",
    409: "Something else is, or was, done with this at the same time",
    410: "The session has expired",
    411: "The length of the body is not told",
    413: "The body is too large",
    422: "The request is understood and wrong; the body names each field",
    429: "Too many requests; `retry-after` tells when to come back",
    503: "Not right now: the database is away, or somebody else was faster; the same request may succeed in a moment",
}


def document(apis: Sequence[Described], *, title: str, version: str, about: str) -> Json:
    """One document of these APIs."""
    paths: Json = {}
    webhooks: Json = {}
    schemas: Json = {}
    for api in apis:
        schemas_of, named = _schemas(api)
        schemas |= _error_schemas(api, schemas_of) | named
        for operation in api.operations:
            entry = _entry(api, operation, schemas_of)
            paths.setdefault(operation.path, {})[operation.method.lower()] = entry
        events = _webhooks(api, schemas_of)
        assert not events.keys() & webhooks.keys(), "two APIs have an event of one name"
        webhooks |= events
    tags = dict.fromkeys(tag for api in apis for tag in _tags(api))
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version, "description": about},
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                api.security: {"type": "http", "scheme": "bearer", "description": f"A key of the {api.title}."}
                for api in apis
            },
        },
    }


def _tags(api: Described) -> list[str]:
    return [*(operation.tag for operation in api.operations), *([_events_tag(api)] if api.events else [])]


def _events_tag(api: Described) -> str:
    return f"{api.prefix}: events"


def _webhooks(api: Described, schemas_of: SchemasOf) -> Json:
    """Each event as the request that a merchant's endpoint gets."""
    if api.events is None:
        return {}
    shapes = {name: kind for kind in api.events.types for name in get_args(get_type_hints(kind)["type"])}
    assert shapes.keys() == api.events.tells.keys(), "every event has its type, and its line"
    return {
        name: {"post": _event(api, api.events, name, schemas_of[_event_id(kind), "serialization"])}
        for name, kind in shapes.items()
    }


def _event(api: Described, events: EventTypes, name: str, shape: Json) -> Json:
    schema = {**shape, "properties": {"type": {"const": name}}}
    return {
        "tags": [_events_tag(api)],
        "operationId": f"{api.name}_event_{re.sub(r'[^a-z]', '_', name)}",
        "summary": events.tells[name].rstrip("."),
        "description": events.tells[name],
        "parameters": list(events.headers),
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": events.received}, "default": {"description": events.again}},
        # The signature takes a key's place.
        "security": [],
    }


def _event_id(kind: Answers) -> str:
    return f"event_{kind.__name__}"


def operation_id(api: Described, operation: Operation) -> str:
    """Unique and stable: API, module and function, which a path's spelling does not change."""
    module = operation.handler.__module__.rpartition(".")[2]
    return f"{api.name}_{module}_{operation.handler.__name__}"


def _entry(api: Described, operation: Operation, schemas_of: SchemasOf) -> Json:
    text = cleandoc(operation.handler.__doc__ or operation.handler.__name__)
    entry: Json = {
        "tags": [operation.tag],
        "operationId": operation_id(api, operation),
        "summary": re.split(r"(?<=[.:;])\s", text)[0].rstrip(".:;"),
        "description": text,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": api.path_schema(operation, name)}
                for name in operation.path_names
            ),
            *(operation.query.described() if operation.query else ()),
            *api.headers(operation),
        ],
        "responses": _responses(api, operation, schemas_of),
        # A public route takes a key too; it needs none.
        "security": [{}, {api.security: []}] if operation.is_public else [{api.security: []}],
    }
    if operation.body is not None:
        schema = schemas_of[operation_id(api, operation), "validation"]
        entry["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return entry


def _responses(api: Described, operation: Operation, schemas_of: SchemasOf) -> Json:
    given = _GIVEN.get(operation.gives)
    if given is None:
        schema = schemas_of.get((operation_id(api, operation), "serialization"), {})
        given = {"content": {"application/json": {"schema": schema}}}
    found: Json = {str(operation.status): {"description": "Done", **given}}
    refusals = api.refusals(operation)
    for status in sorted({*refusals, *operation.refuses}):
        name = refusals.get(status, "Error")
        found[str(status)] = {"description": REASONS[status]}
        if name is not None:
            schema = {"$ref": f"#/components/schemas/{api.prefix}{name}"}
            found[str(status)]["content"] = {"application/json": {"schema": schema}}
    return found


def _schemas(api: Described) -> tuple[SchemasOf, Json]:
    """The schemas of each operation's body and answer, by its id, of each error and event, by its name, and what they refer to.

    They are made together, so that two models of one name get names of their own. All answers are one model's fields: so what they
    share, which is most of them, is looked at once.
    """
    told: dict[str, Any] = {
        **{operation_id(api, one): (one.answers, ...) for one in api.operations if one.answers is not None},
        **{name: (of, ...) for name, of in api.errors.items()},
        **{_event_id(kind): (kind, ...) for kind in (api.events.types if api.events else ())},
    }
    whole = create_model("Answers", __config__=ConfigDict(defer_build=True), **told)
    parts: list[tuple[str, Part, TypeAdapter[Any]]] = [
        (operation_id(api, one), "validation", _adapter(one.body)) for one in api.operations if one.body is not None
    ]
    parts.append((whole.__name__, "serialization", TypeAdapter(whole)))
    template = f"#/components/schemas/{api.prefix}{{model}}"
    found, rest = TypeAdapter.json_schemas(parts, ref_template=template, schema_generator=_Named)
    answers = rest["$defs"].pop(whole.__name__)["properties"]
    schemas_of: SchemasOf = {**found, **{(name, "serialization"): schema for name, schema in answers.items()}}
    return schemas_of, {f"{api.prefix}{name}": {**schema, "title": name} for name, schema in rest["$defs"].items()}


class _Named(GenerateJsonSchema):
    """A generic type of one noun is named after it: `Page[Order]` is `OrderPage`."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(re.sub(r"^(\w+)\[(\w+)\]$", r"\2\1", name))

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never: a field's title would be its name again."""
        return False


def _error_schemas(api: Described, schemas_of: SchemasOf) -> Json:
    """Each error's component. One that is a type of its own is among the definitions, under the same name."""
    return {f"{api.prefix}{name}": schemas_of[name, "serialization"] for name in api.errors}


def _adapter(of: Answers) -> TypeAdapter[Any]:
    return of if isinstance(of, TypeAdapter) else TypeAdapter[Any](of)
