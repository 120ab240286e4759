"""Request models of custom fields: one per kind, told apart by `type` (docs/behaviour/polar.md#custom-fields)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    UUID4,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkstand.dialects.polar.wire.models import (
    Base,
    Metadata,
)
from checkstand.domain import fields
from checkstand.ops.bounds import LONGEST_LINE, MOST_MEMBERS

INT32 = 2_147_483_647
Kind = Literal["text", "number", "date", "checkbox", "select"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE)]
Slug = Annotated[str, StringConstraints(min_length=1, pattern=r"^[a-z0-9-_]+$")]
Length = Annotated[int, Field(ge=0, le=INT32)]
Bound = Annotated[int, Field(ge=-INT32 - 1, le=INT32)]


class PropertiesIn(Base):
    """What every kind may say. Null and the empty string mean not said."""

    form_label: Words | None = None
    form_help_text: Words | None = None
    form_placeholder: Words | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if value is not None and value != ""}
        if isinstance(given, cls):
            return given
        raise PydanticCustomError("dict_type", "Input should be a valid dictionary")

    def meant(self) -> fields.Properties:
        """The properties as the domain knows them."""
        given = self.model_dump(exclude_unset=True, exclude={"options"})
        return fields.Properties(**given)


class TextProperties(PropertiesIn):
    """`min_length` above `max_length` is not noticed."""

    textarea: bool | None = None
    min_length: Length | None = None
    max_length: Length | None = None


class BoundProperties(PropertiesIn):
    """Numbers, or Unix seconds of dates."""

    ge: Bound | None = None
    le: Bound | None = None

    @field_validator("le")
    @classmethod
    def _in_order(cls, value: int | None, info: ValidationInfo) -> int | None:
        lowest = info.data.get("ge")
        if value is not None and lowest is not None and lowest > value:
            raise ValueError("le must be greater than or equal to ge")
        return value


class OptionIn(Base):
    """One choice of a list; equal values are not refused."""

    value: Words
    label: Words


class SelectProperties(PropertiesIn):
    """A list to choose from."""

    options: Annotated[list[OptionIn], Field(min_length=1, max_length=MOST_MEMBERS)]

    def meant(self) -> fields.Properties:
        """The properties as the domain knows them."""
        options = tuple(fields.Option(value=item.value, label=item.label) for item in self.options)
        return fields.Properties(
            form_label=self.form_label,
            form_help_text=self.form_help_text,
            form_placeholder=self.form_placeholder,
            options=options,
        )


class FieldCreate(Base):
    """A new field, whatever its kind."""

    renamed: ClassVar = {"type": "kind"}
    apart = frozenset({"organization_id"})
    type: Kind
    slug: Slug
    name: Words
    metadata: Metadata = Field(default_factory=dict)
    organization_id: UUID4 | None = None
    properties: PropertiesIn


class CreateText(FieldCreate):
    """A line or an area of text."""

    type: Literal["text"]
    properties: TextProperties


class CreateNumber(FieldCreate):
    """A whole number."""

    type: Literal["number"]
    properties: BoundProperties


class CreateDate(FieldCreate):
    """A date, with or without a time."""

    type: Literal["date"]
    properties: BoundProperties


class CreateCheckbox(FieldCreate):
    """Yes or no."""

    type: Literal["checkbox"]
    properties: PropertiesIn


class CreateSelect(FieldCreate):
    """A question that is answered by one choice of a list."""

    type: Literal["select"]
    properties: SelectProperties


class FieldUpdate(Base):
    """Absent and null mean unchanged; `type` has to be what it is."""

    renamed: ClassVar = {"type": "kind"}
    lasting = frozenset({"slug", "name", "properties"})
    type: Kind
    slug: Slug | None = None
    name: Words | None = None
    metadata: Metadata = Field(default_factory=dict)
    properties: PropertiesIn | None = None


class UpdateText(FieldUpdate):
    """A line or an area of text."""

    type: Literal["text"]
    properties: TextProperties | None = None


class UpdateNumber(FieldUpdate):
    """A whole number."""

    type: Literal["number"]
    properties: BoundProperties | None = None


class UpdateDate(FieldUpdate):
    """A date, with or without a time."""

    type: Literal["date"]
    properties: BoundProperties | None = None


class UpdateCheckbox(FieldUpdate):
    """Yes or no."""

    type: Literal["checkbox"]
    properties: PropertiesIn | None = None


class UpdateSelect(FieldUpdate):
    """A question that is answered by one choice of a list."""

    type: Literal["select"]
    properties: SelectProperties | None = None


AnyCreate = CreateText | CreateNumber | CreateDate | CreateCheckbox | CreateSelect
AnyUpdate = UpdateText | UpdateNumber | UpdateDate | UpdateCheckbox | UpdateSelect
LATER = ConfigDict(defer_build=True)
CREATE: TypeAdapter[AnyCreate] = TypeAdapter(Annotated[AnyCreate, Field(discriminator="type")], config=LATER)
UPDATE: TypeAdapter[AnyUpdate] = TypeAdapter(Annotated[AnyUpdate, Field(discriminator="type")], config=LATER)
