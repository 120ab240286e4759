"""The merchant's own questions (Polar's custom fields, Dodo's inline ones): as fields of the form, and the answers read back.

Answers are kept as soon as they are right; a required one that is missing is said when the buyer pays. A field that was
emptied takes its answer back.

Source: docs/behaviour/polar.md#answers-to-custom-fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Problem
from checkstand.domain.fields import WHERE, Answer, AttachedField, as_text, check_answers
from checkstand.domain.fields import Field as Question
from checkstand.domain.lax import iso_text, unix_moment
from checkstand.domain.problem_codes import ProblemCode
from checkstand.web.checkout.fields import Field
from checkstand.web.checkout.markdown import marked, plain
from checkstand.web.checkout.reader import Complaint, Reader, complaint
from checkstand.web.checkout.session import LONGEST_ANSWER
from checkstand.web.checkout.texts import Texts

ASKED: Final = "answers_asked"
PREFIX: Final = "answer_"
_SAFE_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_TEXTS: Final[Mapping[ProblemCode, str]] = {
    ProblemCode.FIELD_MISSING: "missing",
    ProblemCode.FIELD_NOT_TICKED: "tick",
    ProblemCode.FIELD_NOT_AN_OPTION: "choose",
    ProblemCode.FIELD_TOO_SHORT: "too_short",
    ProblemCode.FIELD_TOO_LONG: "too_long",
    ProblemCode.FIELD_NOT_EMAIL: "email",
    ProblemCode.FIELD_NOT_URL: "url",
}
_BY_KIND: Final = {"number": "number", "date": "date", "checkbox": "tick", "select": "choose"}
_INPUT_KINDS: Final = {"date": "date", "email": "email", "url": "url", "checkbox": "checkbox", "select": "select"}


def input_name(slug: str) -> str:
    """The name of an answer's input, which is an id in the page as well; Dodo's keys may hold anything."""
    return PREFIX + (slug if _SAFE_SLUG.fullmatch(slug) else f"x{slug.encode().hex()}")


def label_of(asked: Question) -> str:
    """What the buyer is asked, without marks."""
    return plain(asked.properties.form_label or asked.name)


def read_answers(reader: Reader) -> None:
    """The answers that are right become a change, the others complaints."""
    if ASKED not in reader.typed:
        return
    fields = reader.checkout.fields
    given = _given(fields, reader.typed, reader.checkout.custom_field_data)
    answers, problems = check_answers(fields, given, confirming=False)
    reader.complaints += [complaint_of(problem, reader.checkout) for problem in problems]
    if answers:
        reader.change("answers", answers)


def _given(
    fields: tuple[AttachedField, ...], typed: Mapping[str, str], known: Mapping[str, Answer]
) -> dict[str, object]:
    given: dict[str, object] = {}
    for attached in fields:
        asked, name = attached.field, input_name(attached.field.slug)
        if asked.kind == "checkbox":
            given[asked.slug] = name in typed
        elif text := typed.get(name, ""):
            given[asked.slug] = text.replace("\r\n", "\n")
        elif name in typed and known.get(asked.slug) is not None:
            given[asked.slug] = None
    return given


def complaint_of(problem: Problem, checkout: Checkout) -> Complaint:
    """What is wrong with an answer, in the words of its kind."""
    slug = str(problem.where[-1])
    asked = next((one.field for one in checkout.fields if one.field.slug == slug), None)
    if problem.where[0] != WHERE or asked is None:
        return complaint("form", "problem.unknown")
    limit = problem.params.get("limit", "")
    values = {"label": label_of(asked), "limit": limit, "characters": problem.params.get("characters", "")}
    if problem.given is None and asked.kind != "checkbox":
        key = "missing"
    elif problem.code in (ProblemCode.FIELD_BELOW_MINIMUM, ProblemCode.FIELD_ABOVE_MAXIMUM):
        key = f"{asked.kind}_{'min' if problem.code is ProblemCode.FIELD_BELOW_MINIMUM else 'max'}"
        values["limit"] = str(limit).partition("T")[0]
    else:
        key = _TEXTS.get(problem.code) or _BY_KIND.get(asked.kind, "missing")
    if key == "missing":
        key = _BY_KIND.get(asked.kind, "missing")
    return complaint(input_name(slug), f"problem.answer.{key}", **values)


def question_fields(
    checkout: Checkout, typed: Mapping[str, str], errors: Mapping[str, str], t: Texts
) -> tuple[Field, ...]:
    """The questions as the form shows them, with what is known or typed."""
    return tuple(_field(attached, checkout.custom_field_data, typed, errors, t) for attached in checkout.fields)


def _field(
    attached: AttachedField, known: Mapping[str, Answer], typed: Mapping[str, str], errors: Mapping[str, str], t: Texts
) -> Field:
    asked, properties = attached.field, attached.field.properties
    name = input_name(asked.slug)
    text = as_text(asked, known.get(asked.slug))
    is_box = asked.kind == "checkbox"
    if is_box:
        value = "true" if (name in typed if ASKED in typed else text == "true") else ""
    else:
        value = typed.get(name, text[:10] if asked.kind == "date" else text)
    label = marked(properties.form_label or asked.name)
    if attached.required == is_box:
        # Most fields are required and most boxes are not: what differs is said.
        label = marked(t("required" if is_box else "optional", label=properties.form_label or asked.name))
    kind = "textarea" if asked.kind == "text" and properties.textarea else _INPUT_KINDS.get(asked.kind, "text")
    return Field(
        name=name,
        label=label,
        value=value,
        error=errors.get(name, ""),
        hint=marked(properties.form_help_text or ""),
        kind=kind,
        is_required=attached.required,
        choices=tuple((option.value, option.label) for option in properties.options) if kind == "select" else (),
        empty_choice=properties.form_placeholder or t("questions.choose"),
        attributes=_attributes(asked, kind),
    )


def _attributes(asked: Question, kind: str) -> dict[str, str]:
    """What a browser should know: bounds, length, which keyboard. Nothing here is trusted when the answer comes back."""
    properties = asked.properties
    attributes: dict[str, str] = {}
    if kind not in ("select", "checkbox", "date") and properties.form_placeholder:
        attributes["placeholder"] = plain(properties.form_placeholder)
    if asked.kind in ("text", "email", "url"):
        attributes["maxlength"] = str(min(properties.max_length or LONGEST_ANSWER, LONGEST_ANSWER))
        if properties.min_length:
            attributes["minlength"] = str(properties.min_length)
    if asked.kind == "number":
        # A telephone's number pad has no minus sign.
        attributes |= {"inputmode": "text" if (properties.ge or 0) < 0 else "numeric", "maxlength": "20"}
        bounds = {"data-min": properties.ge, "data-max": properties.le}
        attributes |= {name: str(limit) for name, limit in bounds.items() if limit is not None}
    if asked.kind == "date":
        bounds = {"min": properties.ge, "max": properties.le}
        attributes |= {name: iso_text(unix_moment(limit))[:10] for name, limit in bounds.items() if limit is not None}
    if asked.kind in ("email", "url"):
        attributes |= {"inputmode": asked.kind, "spellcheck": "false", "autocapitalize": "off"}
    return {"autocomplete": "off", **attributes}
