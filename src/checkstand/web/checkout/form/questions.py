"""The answers to the merchant's own questions (Polar's custom fields, Dodo's inline ones), read from what was posted.

Answers are kept as soon as they are right; a required one that is missing is said when the buyer pays. A field that was
emptied takes its answer back. How the questions look is in `view/questions.py`.

Source: docs/behaviour/polar.md#answers-to-custom-fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Problem
from checkstand.domain.fields import WHERE, Answer, AttachedField, check_answers
from checkstand.domain.fields import Field as Question
from checkstand.domain.problem_codes import ProblemCode
from checkstand.web.checkout.form.reader import Complaint, Reader, complaint
from checkstand.web.checkout.words.markdown import plain

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
