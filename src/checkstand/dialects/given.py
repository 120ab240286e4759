"""What a request's body gives of a thing: the fields that were sent, under the domain's names and as its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel


@runtime_checkable
class Part(Protocol):
    """A part of a body that the domain has a value of its own for."""

    def meant(self) -> object: ...


class GivingModel(BaseModel):
    """A request model that tells what was sent.

    `renamed`: the domain's names of fields that the wire calls otherwise. `lasting`: fields that a thing cannot be without; null says
    nothing of them, as if they were absent. `apart`: fields that are no part of the thing, or that `given` of the model translates.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    lasting: ClassVar[frozenset[str]] = frozenset()
    apart: ClassVar[frozenset[str]] = frozenset()

    def gave(self, name: str) -> bool:
        """True when the caller sent this field, null included."""
        return name in self.model_fields_set

    def given(self) -> dict[str, object]:
        """The fields of the thing that the caller sent, in the order of the model."""
        sent, lasting, renamed = self.model_fields_set - self.apart, self.lasting, self.renamed
        return {
            renamed.get(name, name): _meant(value)
            for name, value in self.__dict__.items()
            if name in sent and (value is not None or name not in lasting)
        }

    def given_of(self, kind: type) -> dict[str, object]:
        """Those of the given fields that are fields of the dataclass `kind`, a part of the thing."""
        names = _fields_of(kind)
        return {name: value for name, value in self.given().items() if name in names}


@cache
def _fields_of(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))


def _meant(value: object) -> object:
    """A field as the domain has it: parts by their own word for it, lists as tuples."""
    if isinstance(value, list):
        return tuple(_meant(item) for item in value)
    # Models alone are asked: to ask a text whether it has a protocol's method takes longer than all the rest.
    return value.meant() if isinstance(value, BaseModel) and isinstance(value, Part) else value
