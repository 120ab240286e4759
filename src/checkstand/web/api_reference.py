"""What `/docs` prints, read from an OpenAPI document: operations with their parameters, bodies and answers, and the shapes they name.

>>> schemas = {"Seat": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid4"}}}}
>>> str(type_text({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}))
'list of integer, or null'
>>> str(type_text({"$ref": "#/components/schemas/Seat"}))
'<a href="#shape-Seat">Seat</a>'
>>> example_of({"$ref": "#/components/schemas/Seat"}, schemas)
{'id': '3fa85f64-5717-4562-b3fc-2c963f66afa6'}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup, escape

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
SHOWN = ("Polar", "Dodo", "Test controls", "Health")
_MOST_WORDS = 8
_DEEPEST = 4
_CODE = re.compile(r"`([^`]+)`")
_BOUNDS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters at most",
    "minItems": "{} items or more",
    "maxItems": "{} items at most",
}
_NOT_EMPTY = (("minLength", 1), ("minItems", 1))
_EXAMPLES: Final[Mapping[str, object]] = {
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "uuid4": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "date-time": "2026-12-05T12:00:00Z",
    "date": "2026-12-05",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field or parameter: `place` is path, query, header or body."""

    name: str
    place: str
    type: Markup
    is_required: bool
    note: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object with its fields, and an example with what it has to have. `kinds`: what it may be instead of one object."""

    name: str
    about: Markup
    fields: tuple[FieldRow, ...]
    kinds: Markup
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back: a status, when, and the fields as far as they are told."""

    status: str
    about: Markup
    type: Markup
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, or an event, which is a call to a merchant's endpoint and is told by its name. `bodies` has more than one entry where
    the body may have any of several shapes.
    """

    id: str
    method: str
    path: str
    title: str
    about: Markup
    parameters: tuple[FieldRow, ...]
    bodies: tuple[Shape, ...]
    answers: tuple[Answer, ...]
    is_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The whole page: operations by group, then the shapes that fields name."""

    groups: Mapping[str, Sequence[Operation]]
    shapes: Sequence[Shape]


def reference_of(document: Mapping[str, Any]) -> Reference:
    """Everything in the document's order; pages and the dashboard are left out."""
    schemas: Schemas = document["components"]["schemas"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or [""])[0]
            if tag.startswith(SHOWN):
                groups.setdefault(tag, []).append(_operation(method, path, operation, schemas))
    for name, methods in document.get("webhooks", {}).items():
        for operation in methods.values():
            groups.setdefault(operation["tags"][0], []).append(_event(name, operation, schemas))
    place = {tag: next(number for number, word in enumerate(SHOWN) if tag.startswith(word)) for tag in groups}
    groups = {tag: groups[tag] for tag in sorted(groups, key=place.__getitem__)}
    return Reference(groups=groups, shapes=[shape_of(name, schemas[name], schemas) for name in sorted(schemas)])


def _operation(method: str, path: str, operation: Schema, schemas: Schemas) -> Operation:
    title = operation.get("summary", "").rstrip(".")
    about = operation.get("description", "")
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        id=re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-"),
        method=method.upper(),
        path=path,
        title=title,
        about=coded(about if about.rstrip(".") != title else ""),
        parameters=tuple(_parameter(one) for one in operation.get("parameters", ())),
        bodies=tuple(shape_of(name, kind, schemas) for name, kind in kinds_of(content.get("schema", {}), schemas)),
        answers=tuple(_answer(status, one, schemas) for status, one in operation.get("responses", {}).items()),
    )


def _event(name: str, operation: Schema, schemas: Schemas) -> Operation:
    """An event as a call. Of its envelope the fields are enough, which link to the shape that is inside."""
    made = _operation("event", f"/{name}", operation, schemas)
    bodies = tuple(replace(body, about=Markup(""), example="") for body in made.bodies)
    answers = tuple(replace(one, status="other" if one.status == "default" else one.status) for one in made.answers)
    return replace(made, path=name, is_event=True, bodies=bodies, answers=answers)


def _parameter(item: Schema) -> FieldRow:
    schema = item.get("schema", {})
    return FieldRow(
        name=item["name"],
        place=item["in"],
        type=type_text(schema),
        is_required=bool(item.get("required")),
        note=_note(schema, item.get("description", "")),
    )


def _answer(status: str, answer: Schema, schemas: Schemas) -> Answer:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    fields: dict[str, FieldRow] = {}
    # What has a name is printed once, among the shapes.
    for _, kind in kinds_of(schema, schemas) if "$ref" not in schema else ():
        for row in _fields(kind):
            fields.setdefault(row.name, row)
    return Answer(
        status=status,
        about=coded(answer.get("description", "")),
        type=type_text(schema) if schema else Markup(""),
        fields=tuple(fields.values()),
    )


def kinds_of(schema: Schema, schemas: Schemas, name: str = "") -> list[tuple[str, Schema]]:
    """A schema under its name, or those that it may be of."""
    if "$ref" in schema:
        name = _named(schema)
        return kinds_of(schemas[name], schemas, name)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return [kind for choice in choices if choice.get("type") != "null" for kind in kinds_of(choice, schemas, name)]
    return [(name, schema)] if schema else []


def shape_of(name: str, schema: Schema, schemas: Schemas) -> Shape:
    """A named schema as the page shows it."""
    is_choice = "properties" not in schema
    example = example_of(schema, schemas)
    return Shape(
        name=name,
        about=coded(schema.get("description", "")),
        fields=tuple(_fields(schema)),
        kinds=type_text(schema) if is_choice else Markup(""),
        example=json.dumps(example, indent=2, ensure_ascii=False) if example not in (None, {}, "") else "",
    )


def _fields(schema: Schema) -> list[FieldRow]:
    """Required ones first, else in the document's order."""
    required = schema.get("required", ())
    rows = [
        FieldRow(
            name=name, place="body", type=type_text(one), is_required=name in required, note=_note(one, _told(one))
        )
        for name, one in schema.get("properties", {}).items()
        if isinstance(one, Mapping)
    ]
    return sorted(rows, key=lambda row: not row.is_required)


def type_text(schema: object) -> Markup:
    """A schema's type in words, with links to the shapes that it names."""
    if not isinstance(schema, Mapping):
        return Markup("anything")
    if "$ref" in schema:
        name = _named(schema)
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _one_of(list(dict.fromkeys(type_text(choice) for choice in choices)))
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        shown = [_code(value) for value in schema["enum"][:_MOST_WORDS]]
        more = len(schema["enum"]) - len(shown)
        return _one_of(shown) + (f" and {more} more" if more else "")
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return _one_of([escape(one) for one in kind])
    if "prefixItems" in schema:
        return Markup("list of {}").format(Markup(" and ").join(map(type_text, schema["prefixItems"])))
    if kind == "array":
        is_empty = schema.get("maxItems") == 0
        return Markup("empty list") if is_empty else Markup("list of {}").format(type_text(schema.get("items", {})))
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return Markup("object of {}").format(type_text(schema["additionalProperties"]))
    form = {"uuid4": "uuid", "ipvanyaddress": "IP address"}.get(schema.get("format", ""), schema.get("format", ""))
    return Markup("{} ({})").format(kind, form) if form else escape(kind)


def _one_of(texts: Sequence[Markup]) -> Markup:
    """`a, b, or null`: a union, or the words of an enumeration."""
    last = Markup(", or ").join([Markup(", ").join(texts[:-1]), texts[-1]]) if len(texts) > 1 else Markup("")
    return last or (texts[0] if texts else Markup("nothing"))


def _code(value: object) -> Markup:
    return Markup("<code>{}</code>").format(json.dumps(value, ensure_ascii=False))


def _named(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _told(schema: Schema) -> str:
    """What is said of a value: of what it may be, such as its unit, and of itself.

    >>> _told({"anyOf": [{"type": "integer", "description": "In percent."}, {"type": "null"}], "description": "Null without any."})
    'In percent. Null without any.'
    """
    told = [one["description"] for one in (*schema.get("anyOf", ()), schema) if "description" in one]
    return " ".join(dict.fromkeys(told))


def _note(schema: Schema, about: str) -> Markup:
    """What is said of a value, its bounds, and what it is when left out."""
    choices = schema.get("anyOf") or [schema]
    bounds = [
        "not empty" if (key, choice[key]) in _NOT_EMPTY else text.format(f"{choice[key]:,}")
        for choice in choices
        # A list of a fixed length says so by its type.
        if isinstance(choice, Mapping) and "prefixItems" not in choice and choice.get("maxItems") != 0
        for key, text in _BOUNDS.items()
        if isinstance(choice.get(key), int) and choice[key] < 2**53
    ]
    parts = [coded(about)] if about else []
    if bounds:
        parts.append(escape(", ".join(dict.fromkeys(bounds)).capitalize() + "."))
    default = schema.get("default")
    if default is not None:
        parts.append(Markup("Default: {}.").format(_code(default)))
    return Markup(" ").join(parts)


def coded(text: str) -> Markup:
    """A text with what stands in backticks as code.

    >>> coded("`retry-after` tells <when>")
    Markup('<code>retry-after</code> tells &lt;when&gt;')
    """
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped one expression before)


def example_of(schema: object, schemas: Schemas, depth: int = 0) -> object:
    """A value that fits: an object with what it has to have."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return example_of(schemas[_named(schema)], schemas, depth)
    for told in ("example", "const"):
        if told in schema:
            return schema[told]
    for many in ("examples", "enum"):
        if schema.get(many):
            return schema[many][0]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return example_of(choices[0], schemas, depth)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: example_of(properties.get(name), schemas, depth + 1) for name in schema.get("required", ())}
    if kind == "array":
        items = schema.get("prefixItems", [] if schema.get("maxItems") == 0 else [schema.get("items")])
        return [example_of(one, schemas, depth + 1) for one in items]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return schema.get("default", True)
    return _EXAMPLES.get(schema.get("format", ""), "text") if kind == "string" else None
