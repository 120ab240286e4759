"""Custom fields (docs/behaviour/polar.md#custom-fields), told apart by `type`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from checkstand.answers import Moment, Uuid
from checkstand.dialects.polar.answers.common import Metadata


class FieldLabels(TypedDict):
    """What explains a field. What was not set is left out."""

    form_label: NotRequired[str]
    form_help_text: NotRequired[str]
    form_placeholder: NotRequired[str]


class TextFieldProperties(FieldLabels):
    """What bounds a text, in characters."""

    textarea: NotRequired[bool]
    min_length: NotRequired[int]
    max_length: NotRequired[int]


class BoundFieldProperties(FieldLabels):
    """What bounds a number or a date; a date's bounds are Unix seconds."""

    ge: NotRequired[int]
    le: NotRequired[int]


class SelectOption(TypedDict):
    """One choice of a list."""

    value: str
    label: str


class SelectFieldProperties(FieldLabels):
    """What may be chosen."""

    options: list[SelectOption]


class CustomFieldRecord(TypedDict):
    """Which field it is."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    metadata: Metadata


class CustomFieldNaming(TypedDict):
    """What a field is called, and whose it is."""

    slug: Annotated[str, Field(description="The key of its answers.")]
    name: str
    organization_id: Uuid


class TextCustomField(CustomFieldRecord, CustomFieldNaming):
    """A line or an area of text."""

    type: Literal["text"]
    properties: TextFieldProperties


class NumberCustomField(CustomFieldRecord, CustomFieldNaming):
    """A whole number."""

    type: Literal["number"]
    properties: BoundFieldProperties


class DateCustomField(CustomFieldRecord, CustomFieldNaming):
    """A date, with or without a time."""

    type: Literal["date"]
    properties: BoundFieldProperties


class CheckboxCustomField(CustomFieldRecord, CustomFieldNaming):
    """Yes or no."""

    type: Literal["checkbox"]
    properties: FieldLabels


class SelectCustomField(CustomFieldRecord, CustomFieldNaming):
    """A question that is answered by one choice of a list."""

    type: Literal["select"]
    properties: SelectFieldProperties


CustomField = TypeAliasType(
    "CustomField",
    Annotated[
        TextCustomField | NumberCustomField | DateCustomField | CheckboxCustomField | SelectCustomField,
        Field(discriminator="type", description="A question that a merchant asks, by its `type`."),
    ],
)


class AttachedCustomField(TypedDict):
    """A question of a product or a checkout. `order` counts from 0."""

    custom_field_id: Uuid
    custom_field: CustomField
    order: int
    required: bool
