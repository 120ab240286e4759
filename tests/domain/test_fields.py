"""Answers to custom fields: what is accepted, in which form it is stored, and how it is refused.

The rules were read off a validator that is at hand here, so it is the oracle: the same value, the same verdict, the same words.

Source: docs/behaviour/polar.md#answers-to-custom-fields.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field as Limits
from pydantic import TypeAdapter, ValidationError

from checkstand.dialects.polar.wire.problem_words import PROBLEMS
from checkstand.domain.errors import Problem
from checkstand.domain.fields import (
    AttachedField,
    Field,
    FieldKind,
    Option,
    Properties,
    as_text,
    check_answers,
    from_form,
    inline_field,
    merge,
    purge,
    rename_answer,
    with_definition,
    without,
)
from tests.tables import table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS: tuple[FieldKind, ...] = ("text", "number", "date", "checkbox", "select", "email", "url")
JANUARY_2024, JANUARY_2025 = 1_704_067_200, 1_735_689_600


def asked(kind: FieldKind, slug: str = "q", *, required: bool = False, **properties: Any) -> AttachedField:
    """A question."""
    if kind == "select":
        properties.setdefault("options", (Option(value="a", label="A"), Option(value="b", label="B")))
    field = Field(
        id=UUID(int=hash(slug) % 2**64),
        organization_id=UUID(int=1),
        kind=kind,
        slug=slug,
        name=slug,
        properties=Properties(**properties),
        created_at=NOW,
    )
    return AttachedField(field=field, required=required)


def told(problem: Problem) -> tuple[str, str]:
    """Type and message, as the Polar API says them."""
    kind, text = PROBLEMS[problem.code]
    return kind, text.format(**problem.params)


def verdict(field: AttachedField, value: object, *, confirming: bool = True) -> object:
    """What is stored, or type and message of the refusal."""
    answers, problems = check_answers([field], {"q": value}, confirming=confirming)
    assert (len(answers), len(problems)) in ((1, 0), (0, 1))
    return told(problems[0]) if problems else answers["q"]


def oracle(kind: Any, value: object) -> object:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        found = adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        return first["type"], first["msg"]
    return adapter.dump_python(found, mode="json")


@table(
    ("field", "value", "kind", "text"),
    [
        (asked("text", min_length=3), "ab", "string_too_short", "String should have at least 3 characters"),
        (asked("text", min_length=1), "", "string_too_short", "String should have at least 1 character"),
        (asked("text", max_length=2), "abc", "string_too_long", "String should have at most 2 characters"),
        (asked("text"), 5, "string_type", "Input should be a valid string"),
        (asked("text", required=True), None, "string_type", "Input should be a valid string"),
        (asked("number", required=True), None, "int_type", "Input should be a valid integer"),
        (asked("number", ge=1), 0, "greater_than_equal", "Input should be greater than or equal to 1"),
        (asked("number", le=9), "10", "less_than_equal", "Input should be less than or equal to 9"),
        (asked("checkbox", required=True), False, "literal_error", "Input should be True"),
        (asked("checkbox", required=True), None, "literal_error", "Input should be True"),
        (asked("checkbox"), None, "bool_type", "Input should be a valid boolean"),
        (asked("select"), "c", "literal_error", "Input should be 'a' or 'b'"),
        (asked("select", required=True), None, "literal_error", "Input should be 'a' or 'b'"),
        (
            asked("date"),
            "foo",
            "datetime_from_date_parsing",
            "Input should be a valid datetime or date, input is too short",
        ),
        (
            asked("date", ge=JANUARY_2024),
            "2023-12-31",
            "greater_than_equal",
            "Input should be greater than or equal to 2024-01-01T00:00:00",
        ),
        (
            asked("date", le=JANUARY_2025),
            "2025-01-01T00:00:01",
            "less_than_equal",
            "Input should be less than or equal to 2025-01-01T00:00:00",
        ),
    ],
)
def test_a_refused_answer_is_told_in_the_words_of_the_original(
    field: AttachedField, value: object, kind: str, text: str
) -> None:
    _, problems = check_answers([field], {"q": value}, confirming=True)
    assert [problem.where for problem in problems] == [("custom_field_data", "q")]
    assert told(problems[0]) == (kind, text)
    assert problems[0].given == value


@table(
    ("field", "value", "stored"),
    [
        (asked("text", required=True), "", ""),
        (asked("text"), None, None),
        (asked("number"), "42", 42),
        (asked("number"), " 5.0 ", 5),
        (asked("number"), True, 1),
        (asked("number"), None, None),
        (asked("checkbox"), "true", True),
        (asked("checkbox", required=True), 1, True),
        (asked("checkbox"), "off", False),
        (asked("select"), "b", "b"),
        (asked("date"), "2024-01-02", "2024-01-02T00:00:00"),
        (asked("date"), "2024-01-02T10:00:00Z", "2024-01-02T10:00:00Z"),
        (asked("date"), "2024-01-02T10:00+05:30", "2024-01-02T10:00:00+05:30"),
        (asked("date"), 1_700_000_000, "2023-11-14T22:13:20Z"),
        (asked("date"), datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00Z"),
        (asked("date", ge=JANUARY_2024), "2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00+02:00"),
        (asked("email"), " ada@example.com ", "ada@example.com"),
        (asked("url"), "https://example.com/a?b", "https://example.com/a?b"),
    ],
)
def test_an_accepted_answer_is_stored_in_one_form(field: AttachedField, value: object, stored: object) -> None:
    assert verdict(field, value) == stored


@table("value", ["ada", "ada@", "@example.com", "a b@example.com", "ada@example", 5, "a" * 300 + "@b.de"])
def test_what_is_no_email_address_is_refused(value: object) -> None:
    answers, problems = check_answers([asked("email")], {"q": value}, confirming=False)
    assert not answers
    assert problems[0].code in ("field_not_email", "field_not_text")


@table("value", ["example.com", "javascript:alert(1)", "https://", "http://[::1", "https://a b.de", 5])
def test_what_is_no_web_address_is_refused(value: object) -> None:
    answers, problems = check_answers([asked("url")], {"q": value}, confirming=False)
    assert not answers
    assert problems[0].code in ("field_not_url", "field_not_text")


def test_a_required_field_is_missed_only_at_the_end_and_shows_all_that_was_given() -> None:
    field = asked("text", required=True)
    given = {"other": 1, "when": datetime(1970, 1, 1, tzinfo=UTC)}
    assert check_answers([field], given, confirming=False) == ({}, [])
    _, problems = check_answers([field], given, confirming=True)
    assert told(problems[0]) == ("missing", "Field required")
    assert problems[0].given == {"other": 1, "when": "1970-01-01T00:00:00+00:00"}


def test_before_the_end_a_required_field_takes_what_an_optional_one_takes() -> None:
    assert verdict(asked("text", required=True), None, confirming=False) is None
    assert verdict(asked("checkbox", required=True), False, confirming=False) is False


def test_keys_that_nobody_asked_for_are_dropped_and_problems_come_in_the_order_of_the_fields() -> None:
    fields = [asked("number", "n"), asked("text", "t"), asked("text", "fine")]
    answers, problems = check_answers(fields, {"x": 1, "t": 2, "n": "a", "fine": "f"}, confirming=False)
    assert answers == {"fine": "f"}
    assert [problem.where[1] for problem in problems] == ["n", "t"]


def test_a_fraction_read_as_a_time_is_shown_as_that_time() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    _, problems = check_answers([asked("number")], {"q": moment}, confirming=False)
    assert (problems[0].code, problems[0].given) == ("field_not_number", "1970-01-01T00:00:01.500000+00:00")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NEARLY = (
    st.text("0123456789-:TZ+._ ", max_size=30) | st.datetimes().map(datetime.isoformat) | st.sampled_from(["a", "on"])
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "min_length": st.integers(0, 4),
        "max_length": st.integers(0, 4),
        "ge": st.integers(-(2**31), 2**31 - 1),
        "le": st.integers(-(2**31), 2**31 - 1),
    },
)


@given(st.sampled_from(KINDS), JSON | NEARLY, SETTINGS, st.booleans(), st.booleans())
def test_any_value_is_stored_or_refused_and_what_is_stored_is_accepted_again(
    kind: FieldKind, value: object, settings: dict[str, int], required: bool, confirming: bool
) -> None:
    field = asked(kind, required=required, **settings)
    answers, problems = check_answers([field], {"q": value}, confirming=confirming)
    assert len(answers) + len(problems) == 1
    if problems:
        assert all(told(problems[0]))
        return
    stored = json.loads(json.dumps(answers))
    assert stored == answers
    assert check_answers([field], stored, confirming=confirming) == (answers, [])
    assert as_text(field.field, answers["q"]) or answers["q"] in (None, "")


def numbers_of(value: object) -> tuple[object, object]:
    """What the field makes of a value, and what the oracle does."""
    expected = oracle(Annotated[int, Limits(ge=-5, le=5_000)], value)
    return verdict(asked("number", required=True, ge=-5, le=5_000), value), expected


@given(st.text("0123456789+._ ", max_size=18) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none())
def test_numbers_are_read_as_by_the_oracle(value: object) -> None:
    found, expected = numbers_of(value)
    assert found == expected


@table(
    "value",
    [
        "1_000", "1__0", "_1", "1_", " 5 ", "\t5\n", "5.", "5.00", "5.5", ".0", "+5", "++5", "-5", "- 5", "-0", "005", "1_0.0",
        "1.0_0", "1e3", "0x10", "", "-", "\u0665", "9" * 4_301, True, None, 1.0, 1.5, 1e300, [], {},
    ],
)  # fmt: skip
def test_a_number_in_an_odd_form_is_read_as_by_the_oracle(value: object) -> None:
    found, expected = numbers_of(value)
    assert found == expected


def test_a_number_beyond_64_bits_is_refused() -> None:
    assert verdict(asked("number"), str(2**63 - 1)) == 2**63 - 1
    assert verdict(asked("number"), str(2**63)) == oracle(int, "9" * 4_301)


def dates_of(value: object, low_s: int = JANUARY_2024, high_s: int = JANUARY_2025) -> tuple[object, object]:
    """What the field makes of a value, and what the oracle does."""
    low, high = (datetime.fromtimestamp(bound, UTC).replace(tzinfo=None) for bound in (low_s, high_s))
    expected = oracle(Annotated[datetime, Limits(ge=low, le=high)], value)
    found = verdict(asked("date", required=True, ge=low_s, le=high_s), value)
    if isinstance(found, str) and isinstance(expected, str):
        return found[:19], expected[:19]  # a float's last digits may differ from a decimal's
    return found, expected


@given(NEARLY | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none() | st.lists(st.none()))
def test_dates_are_read_as_by_the_oracle(value: object) -> None:
    found, expected = dates_of(value)
    assert found == expected


@table(
    "value",
    [
        "2024-01-02T10:00", "2024-01-02 10:00:00", "2024-01-02_10:00:00,5", "2024-01-02t10:00:00z", "2024-01-02T10:00:00.1234567",
        "2024-01-02T10:00:00+0530", "2024-01-02T10:00:00\u22120200", "2024-01-02T10:00:00+05:60", "2024-01-02T10:00:00+24:00",
        "2024-01-02T10:00:00+02", "2024-01-02T10", "2024-01-02T24:00:00", "2024-01-02T10:00:60", "2024-01-02T", "2024-01-02x",
        "2024-01-01T00:00:00+02:00", "2023-12-31T23:00:00-02:00", "2024-1-2", "2024/01/02", "2024-02-30", "2023-02-29",
        "202a-01-01", "2024-0a-01", "2024-01-0a", "2024-00-10", "", "\u0662\u0660\u0662\u0664-01-02",
        "1710000000", "1710000000.25", "1710000000000", "+1710000000", " 1710000000", "1e9", "20000000000", "20000000001",
        "1000000000000000", "-1000000000000000", "99999999999999999999", "2024", "-5", "5.5.5", "nan",
        1_710_000_000, 1_710_000_000_000, 20_000_000_000, 20_000_000_001, -20_000_000_001, 10**15, -(10**15), 1.5, 1e300,
    ],
)  # fmt: skip
def test_a_date_in_an_odd_form_is_read_as_by_the_oracle(value: object) -> None:
    for bounds in ((JANUARY_2024, JANUARY_2025), (-(2**31), 2**31 - 1)):
        found, expected = dates_of(value, *bounds)
        assert found == expected, bounds


@pytest.mark.parametrize("value", ["0000-01-01", "0000-02-29", "0000-02-30", "0000-01-01T10:00:00Z"])
def test_there_is_no_year_0(value: object) -> None:
    assert verdict(asked("date"), value) == oracle(datetime, value)


@given(
    st.text(max_size=5)
    | st.sampled_from(["YES", "f", "n"])
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.none()
)
def test_checkboxes_are_read_as_by_the_oracle(value: object) -> None:
    assert verdict(asked("checkbox"), value) == oracle(bool, value)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True), st.text() | st.integers() | st.none())
def test_choices_are_listed_as_by_the_oracle(values: list[str], value: object) -> None:
    options = tuple(Option(value=item, label="-") for item in values)
    expected = oracle(Literal[tuple(values)], value)
    assert verdict(asked("select", required=True, options=options), value) == expected


def test_inline_fields_become_fields_of_our_kinds() -> None:
    kinds = {}
    for field_type in ("text", "number", "email", "url", "date", "dropdown", "boolean"):
        made = inline_field(
            field_id=UUID(int=7),
            organization_id=UUID(int=1),
            key="k",
            label="Your size",
            field_type=field_type,  # type: ignore[arg-type]
            required=True,
            placeholder="",
            options=["S", "M"],
            created_at=NOW,
        )
        kinds[field_type] = made.field.kind
        assert (made.required, made.field.slug, made.field.properties.form_label) == (True, "k", "Your size")
        assert made.field.properties.form_placeholder is None
        assert [item.value for item in made.field.properties.options] == (
            ["S", "M"] if field_type == "dropdown" else []
        )
    assert kinds == {
        "text": "text",
        "number": "number",
        "email": "email",
        "url": "url",
        "date": "date",
        "dropdown": "select",
        "boolean": "checkbox",
    }


def test_a_posted_form_leaves_out_what_is_empty_and_unticks_what_is_absent() -> None:
    fields = [asked("text", "t", required=True), asked("number", "n"), asked("checkbox", "c"), asked("checkbox", "d")]
    given = from_form(fields, {"t": " ", "n": "4", "d": "on", "other": "x"})
    assert given == {"n": "4", "c": False, "d": "on"}
    answers, problems = check_answers(fields, given, confirming=True)
    assert answers == {"n": 4, "c": False, "d": True}
    assert [(problem.code, problem.where[1]) for problem in problems] == [("field_missing", "t")]


def test_answers_are_shown_as_texts() -> None:
    shown = [
        as_text(asked("checkbox").field, True),
        as_text(asked("number").field, 5),
        as_text(asked("text").field, None),
    ]
    assert shown == ["true", "5", ""]
    assert as_text(asked("date").field, "2024-01-02T00:00:00") == "2024-01-02"
    assert as_text(asked("date").field, "2024-01-02T10:00:00Z") == "2024-01-02T10:00:00Z"


def test_answers_are_merged_purged_and_renamed_by_key() -> None:
    assert merge({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 3}
    assert purge([asked("text", "a")], {"a": 1, "b": 2}) == {"a": 1}
    assert list(rename_answer({"a": 1, "b": 2, "new": 9}, "a", "new").items()) == [("new", 1), ("b", 2)]
    assert rename_answer({"new": 9}, "a", "new") == {"new": 9}


def test_a_question_is_redefined_or_taken_back_where_it_is_asked() -> None:
    first, second = asked("text", "a", required=True), asked("text", "b")
    changed = asked("text", "a", min_length=3).field
    assert with_definition([first, second], changed) == (AttachedField(field=changed, required=True), second)
    assert without([first, second], first.field.id) == (second,)
