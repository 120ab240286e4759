"""Custom fields: questions a merchant asks in a checkout, and which answers are accepted.

Rule: a field is required only when the session is confirmed; keys nobody asked for are dropped; an answer is stored
in one form per kind (a number as an integer, a date as ISO text). Dodo's inline fields are the same thing with the key as slug.
How loosely a value may be written is in `lax.py`.

Source: docs/behaviour/polar.md#answers-to-custom-fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from checkstand.domain.errors import Problem
from checkstand.domain.lax import Unreadable, iso_text, moment, truth, unix_moment, whole_number
from checkstand.domain.problem_codes import ProblemCode

FieldKind = Literal["text", "number", "date", "checkbox", "select", "email", "url"]
DodoFieldType = Literal["text", "number", "email", "url", "date", "dropdown", "boolean"]
Answer = str | int | bool | None
Answers = Mapping[str, Answer]

WHERE = "custom_field_data"
LONGEST_EMAIL = 254
LONGEST_URL = 2_083
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_DODO_KINDS: Mapping[DodoFieldType, FieldKind] = {
    "text": "text",
    "number": "number",
    "email": "email",
    "url": "url",
    "date": "date",
    "dropdown": "select",
    "boolean": "checkbox",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a `select`."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What bounds and explains a field. Bounds of a date are Unix seconds; which apply depends on the kind."""

    form_label: str | None = None
    form_help_text: str | None = None
    form_placeholder: str | None = None
    textarea: bool | None = None
    min_length: int | None = None
    max_length: int | None = None
    ge: int | None = None
    le: int | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A question. `slug` is the key of its answer; the kind never changes."""

    id: UUID
    organization_id: UUID
    kind: FieldKind
    slug: str
    name: str
    properties: Properties = field(default_factory=Properties)
    metadata: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    created_at: datetime
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedField:
    """A question as a product or a session asks it."""

    field: Field
    required: bool = False


def inline_field(
    *,
    field_id: UUID,
    organization_id: UUID,
    key: str,
    label: str,
    field_type: DodoFieldType,
    required: bool = False,
    placeholder: str | None = None,
    options: Sequence[str] = (),
    created_at: datetime,
) -> AttachedField:
    """A question that one session of Dodo's asks: it belongs to no product and is stored nowhere else.

    Source: docs/behaviour/dodo.md#additions-to-the-contract.
    """
    kind = _DODO_KINDS[field_type]
    choices = tuple(Option(value=value, label=value) for value in options) if kind == "select" else ()
    properties = Properties(form_label=label, form_placeholder=placeholder or None, options=choices)
    asked = Field(
        id=field_id,
        organization_id=organization_id,
        kind=kind,
        slug=key,
        name=label,
        properties=properties,
        created_at=created_at,
    )
    return AttachedField(field=asked, required=required)


def check_answers(
    fields: Sequence[AttachedField], given: Mapping[str, object], *, confirming: bool
) -> tuple[Answers, list[Problem]]:
    """The answers that are good, in the form they are stored in, and what is wrong with the others, in the fields' order.

    Only what was given is answered: an optional field that is absent stays absent. `given` is never trusted to be of any type.
    """
    answers: dict[str, Answer] = {}
    problems: list[Problem] = []
    for attached in fields:
        slug = attached.field.slug
        required = confirming and attached.required
        if slug not in given:
            if required:
                problems.append(Problem(ProblemCode.FIELD_MISSING, (WHERE, slug), _shown_input(given)))
            continue
        value = given[slug]
        try:
            answers[slug] = _answer(attached.field, value, required=required)
        except Unreadable as refusal:
            problems.append(Problem(refusal.code, (WHERE, slug), _shown_input(value), refusal.params))
    return answers, problems


def _answer(asked: Field, given: object, *, required: bool) -> Answer:
    """One answer as it is stored. Raises Unreadable."""
    if asked.kind == "checkbox":
        return _checkbox(given, required=required)
    if given is None and not required:
        return None
    return _READERS[asked.kind](asked.properties, given)


def _checkbox(given: object, *, required: bool) -> bool:
    """A required checkbox is one that has to be ticked; an optional one takes no null."""
    if not required:
        return truth(given)
    try:
        ticked = truth(given)
    except Unreadable:
        ticked = False
    if not ticked:
        raise Unreadable(ProblemCode.FIELD_NOT_TICKED)
    return True


def _text(properties: Properties, given: object) -> str:
    if not isinstance(given, str):
        raise Unreadable(ProblemCode.FIELD_NOT_TEXT)
    low, high = properties.min_length, properties.max_length
    if low is not None and len(given) < low:
        raise Unreadable(ProblemCode.FIELD_TOO_SHORT, _counted(low))
    if high is not None and len(given) > high:
        raise Unreadable(ProblemCode.FIELD_TOO_LONG, _counted(high))
    return given


def _counted(limit: int) -> dict[str, int | str]:
    return {"limit": limit, "characters": "character" if limit == 1 else "characters"}


def _number(properties: Properties, given: object) -> int:
    number = whole_number(given)
    if properties.ge is not None and number < properties.ge:
        raise Unreadable(ProblemCode.FIELD_BELOW_MINIMUM, {"limit": properties.ge})
    if properties.le is not None and number > properties.le:
        raise Unreadable(ProblemCode.FIELD_ABOVE_MAXIMUM, {"limit": properties.le})
    return number


def _date(properties: Properties, given: object) -> str:
    """Compared as written: the buyer's own calendar and clock decide, whatever offset they stand at."""
    value = moment(given)
    on_the_wall = value.replace(tzinfo=None)
    if properties.ge is not None and on_the_wall < (bound := unix_moment(properties.ge)):
        raise Unreadable(ProblemCode.FIELD_BELOW_MINIMUM, {"limit": iso_text(bound)})
    if properties.le is not None and on_the_wall > (bound := unix_moment(properties.le)):
        raise Unreadable(ProblemCode.FIELD_ABOVE_MAXIMUM, {"limit": iso_text(bound)})
    return iso_text(value)


def _option(properties: Properties, given: object) -> str:
    values = [option.value for option in properties.options]
    if isinstance(given, str) and given in values:
        return given
    quoted = [repr(value) for value in dict.fromkeys(values)]
    listed = f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)
    raise Unreadable(ProblemCode.FIELD_NOT_AN_OPTION, {"options": listed})


def _email(properties: Properties, given: object) -> str:
    text = _text(properties, given).strip()
    if len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        raise Unreadable(ProblemCode.FIELD_NOT_EMAIL)
    return text


def _url(properties: Properties, given: object) -> str:
    text = _text(properties, given).strip()
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or len(text) > LONGEST_URL or re.search(r"\s", text):
        raise Unreadable(ProblemCode.FIELD_NOT_URL)
    return text


_READERS: Mapping[FieldKind, Callable[[Properties, object], Answer]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "select": _option,
    "email": _email,
    "url": _url,
}


def _shown_input(value: object) -> object:
    """What was given, as JSON can tell it again."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _shown_input(item) for key, item in value.items()}
    return value


def from_form(fields: Sequence[AttachedField], posted: Mapping[str, str]) -> dict[str, object]:
    """What an HTML form says, as answers: an empty input is no answer, a checkbox that is not sent is not ticked.

    An empty answer is left out, so that a required one is `field_missing`.
    """
    given: dict[str, object] = {}
    for attached in fields:
        text = posted.get(attached.field.slug, "")
        if attached.field.kind == "checkbox":
            given[attached.field.slug] = text or False
        elif text.strip():
            given[attached.field.slug] = text
    return given


def as_text(asked: Field, answer: Answer) -> str:
    """An answer in words: `true` and `false`, a date without its midnight. Empty for none."""
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return str(answer).lower()
    return str(answer).removesuffix("T00:00:00") if asked.kind == "date" else str(answer)


def merge(stored: Answers, new: Answers) -> Answers:
    """Key by key: what is new replaces what was there; what is not mentioned stays."""
    return {**stored, **new}


def purge(fields: Sequence[AttachedField], stored: Answers) -> Answers:
    """The answers without those to other questions."""
    asked = {attached.field.slug for attached in fields}
    return {slug: answer for slug, answer in stored.items() if slug in asked}


def rename_answer(stored: Answers, old: str, new: str) -> Answers:
    """The answers after a slug was renamed, in their order; what another field once left under the new slug goes."""
    if old not in stored or old == new:
        return stored
    return {new if slug == old else slug: answer for slug, answer in stored.items() if slug != new}


def with_definition(fields: Sequence[AttachedField], changed: Field) -> tuple[AttachedField, ...]:
    """The same questions with one of them as it is defined now."""
    return tuple(replace(item, field=changed) if item.field.id == changed.id else item for item in fields)


def without(fields: Sequence[AttachedField], field_id: UUID) -> tuple[AttachedField, ...]:
    """The same questions without one of them."""
    return tuple(item for item in fields if item.field.id != field_id)
