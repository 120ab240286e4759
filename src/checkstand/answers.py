"""Words that the types of answers share, for both APIs: each is a plain value to the code and says in a document what it means.

Answers are `TypedDict`s, so that mypy holds the functions that render them to their shape, and the OpenAPI documents are made from the
same types. They come from `typing_extensions`, because Pydantic reads no others on Python 3.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar, cast

from pydantic import Field, WithJsonSchema

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Uuid = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Url = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]
Minor = Annotated[int, WithJsonSchema({"type": "integer", "description": "In the currency's smallest unit."})]
# A list of what this server does not have: the key is there for the clients, and nothing in it.
Empty = Annotated[list[object], Field(max_length=0)]
Shape = TypeVar("Shape")


def only(shape: type[Shape], whole: Mapping[str, object]) -> Shape:
    """The part of an answer that has exactly the keys of another shape, in that shape's order.

    The types of the values are the whole answer's; that they fit is for the caller to see to, and for the tests of answers to hold.
    """
    return cast(Shape, {name: whole[name] for name in shape.__annotations__})
