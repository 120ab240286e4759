"""How the fields of a dataclass are kept in the columns of a row.

By its type a field is the column of its name: scalars as they are, an enum by its value, a tuple of scalars as an array; what is a
dataclass, a mapping or a tuple of dataclasses itself as a JSON document. `spread`, `selected` and the like are for what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from operator import itemgetter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import asyncpg

from checkstand.store.codec import decode, decode_plain, encode

# A record of the driver, or one that was put together from two tables' columns. Its values are of the database's types.
Row = asyncpg.Record | Mapping[str, Any]
Writer = Callable[[Any], Sequence[object]]
FieldReader = Callable[[Row], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """How one field is kept: `columns` are written, with what `writes` makes of its value; `reads` makes it of a row's values under
    `names`, which are columns, or one expression over other tables' rows, `selected` under that name.
    """

    columns: tuple[str, ...]
    writes: Writer
    names: tuple[str, ...]
    reads: Callable[..., object]
    selected: str | None = None

    def reader(self, prefix: str) -> FieldReader:
        """Reads the field from a row whose names have this prefix."""
        reads, take = self.reads, itemgetter(*(prefix + name for name in self.names))
        if len(self.names) == 1:
            return lambda row: reads(take(row))
        return lambda row: reads(*take(row))


def by_type(name: str, hint: object, *, column: str | None = None) -> FieldMapping:
    """How a field of this type is kept where nothing else is said."""
    place = column or name
    made = _made(hint)
    if _is_document(hint):
        return FieldMapping(columns=(place,), writes=_written_document, names=(place,), reads=made)
    return FieldMapping(columns=(place,), writes=lambda value: (value,), names=(place,), reads=made)


def spread(kind: type[Any], *columns: str) -> FieldMapping:
    """A small value or None, whose own fields have a column each; None is NULL in all of them."""
    hints = hints_of(kind)
    makers = [_made(hint) for hint in hints.values()]

    def write(value: object) -> Sequence[object]:
        return [getattr(value, name) if value is not None else None for name in hints]

    def read(*values: object) -> object:
        if values[0] is None:
            return None
        return kind(**{name: make(value) for name, make, value in zip(hints, makers, values, strict=True)})

    return FieldMapping(columns=columns, writes=write, names=columns, reads=read)


def selected(name: str, expression: str, kind: Any) -> FieldMapping:
    """What other tables' rows say, as a JSON document of type `kind`, a tuple (NULL is an empty one). They are written elsewhere."""
    return FieldMapping(
        columns=(),
        writes=lambda value: (),
        names=(name,),
        reads=lambda text: decode(kind, text) if text is not None else (),
        selected=expression,
    )


def calculated(name: str, expression: str) -> FieldMapping:
    """What the database works out of the row itself; nothing is written."""
    return FieldMapping(
        columns=(), writes=lambda value: (), names=(name,), reads=lambda value: value, selected=expression
    )


def hexadecimal(table: str, column: str) -> FieldMapping:
    """Bytes in a row, and their hexadecimal digits in the value."""
    return FieldMapping(
        columns=(column,),
        writes=lambda digits: (bytes.fromhex(digits),),
        names=(column,),
        reads=lambda digits: digits,
        selected=f"encode({table}.{column}, 'hex')",
    )


def hints_of(kind: type[Any]) -> dict[str, object]:
    """The types of a dataclass's fields, by their names."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _written_document(value: object) -> Sequence[object]:
    return (encode(value) if value is not None else None,)


def _made(hint: object) -> Callable[[Any], object]:
    """Makes a field's value of its column's; NULL is None."""
    plain = _without_none(hint)
    if isinstance(plain, type) and issubclass(plain, Enum):
        return lambda value: plain(value) if value is not None else None
    if get_origin(plain) is tuple and not _is_document(hint):
        return lambda value: tuple(value) if value is not None else None
    if _is_document(hint):
        read = _document_reader(plain)
        return lambda text: read(text) if text is not None else None
    return lambda value: value


def _document_reader(plain: Any) -> Callable[[str], object]:
    if get_origin(plain) in (Mapping, dict) and not any(_is_document(part) for part in get_args(plain)):
        return decode_plain
    return lambda text: decode(plain, text)


def _is_document(hint: object) -> bool:
    """Whether values of a type are kept as JSON."""
    plain = _without_none(hint)
    origin = get_origin(plain)
    if origin is Literal:
        return False
    if origin in (tuple, Union, UnionType):
        return any(_is_document(part) for part in get_args(plain))
    return is_dataclass(plain) or (isinstance(origin, type) and issubclass(origin, Mapping))


def _without_none(hint: object) -> object:
    """The type without its None."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    parts = [part for part in get_args(hint) if part is not NoneType]
    return parts[0] if len(parts) == 1 else Union[tuple(parts)]  # noqa: UP007  # of as many as there are
