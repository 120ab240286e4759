"""Custom fields to Polar's JSON: the definition by kind, and the form in which products and checkouts embed it (polar.md 9.1)."""

from __future__ import annotations

from collections.abc import Sequence

from checkstand.dialects.polar.wire import Json, moment
from checkstand.domain.fields import AttachedField, Field, Properties

_OWN_PROPERTIES = {
    "text": ("textarea", "min_length", "max_length"),
    "number": ("ge", "le"),
    "date": ("ge", "le"),
}
_LABELS = ("form_label", "form_help_text", "form_placeholder")


def custom_field(field: Field) -> Json:
    """A field of the catalogue. The kinds that only Dodo asks inline are text here."""
    kind = "text" if field.kind in ("email", "url") else field.kind
    return {
        "id": str(field.id),
        "created_at": moment(field.created_at),
        "modified_at": moment(field.modified_at),
        "metadata": dict(field.metadata),
        "type": kind,
        "slug": field.slug,
        "name": field.name,
        "organization_id": str(field.organization_id),
        "properties": _properties(kind, field.properties),
    }


def _properties(kind: str, given: Properties) -> Json:
    """Only what was set: no property is ever null."""
    names = (*_LABELS, *_OWN_PROPERTIES.get(kind, ()))
    shown: Json = {name: value for name in names if (value := getattr(given, name)) is not None}
    if kind == "select":
        shown["options"] = [{"value": option.value, "label": option.label} for option in given.options]
    return shown


def attached_custom_fields(fields: Sequence[AttachedField]) -> list[Json]:
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
