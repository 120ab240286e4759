"""Custom fields to Polar's JSON: the definition by kind, and the form in which products and checkouts embed it.

Source: docs/behaviour/polar.md#custom-fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from checkstand.dialects.polar.answers import custom_field as answers
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.fields import AttachedField, Field, Properties

Shape = TypeVar("Shape")


def custom_field(field: Field) -> answers.CustomField:
    """A field of the catalogue. The kinds that only Dodo asks inline are text here."""
    record, naming, given = _record(field), _naming(field), field.properties
    if field.kind == "number":
        return {**record, "type": "number", **naming, "properties": _given(answers.BoundFieldProperties, given)}
    if field.kind == "date":
        return {**record, "type": "date", **naming, "properties": _given(answers.BoundFieldProperties, given)}
    if field.kind == "checkbox":
        return {**record, "type": "checkbox", **naming, "properties": _given(answers.FieldLabels, given)}
    if field.kind == "select":
        return {**record, "type": "select", **naming, "properties": _choices(given)}
    return {**record, "type": "text", **naming, "properties": _given(answers.TextFieldProperties, given)}


def _record(field: Field) -> answers.CustomFieldRecord:
    return {
        "id": str(field.id),
        "created_at": moment(field.created_at),
        "modified_at": moment(field.modified_at),
        "metadata": dict(field.metadata),
    }


def _naming(field: Field) -> answers.CustomFieldNaming:
    return {"slug": field.slug, "name": field.name, "organization_id": str(field.organization_id)}


def _given(shape: type[Shape], given: Properties) -> Shape:
    """Those properties of a kind that were set: none is ever null."""
    # Which of them are there is known only now; the shape requires none.
    return cast(Shape, {name: value for name in shape.__annotations__ if (value := getattr(given, name)) is not None})


def _choices(given: Properties) -> answers.SelectFieldProperties:
    options: list[answers.SelectOption] = [{"value": item.value, "label": item.label} for item in given.options]
    return {**_given(answers.FieldLabels, given), "options": options}


def attached_custom_fields(fields: Sequence[AttachedField]) -> list[answers.AttachedCustomField]:
    """The questions of a product or a checkout, in their order."""
    return [
        {
            "custom_field_id": str(item.field.id),
            "custom_field": custom_field(item.field),
            "order": position,
            "required": item.required,
        }
        for position, item in enumerate(fields)
    ]
