"""Tables and the values that their rows hold: one description of the columns makes SELECT lists, INSERTs, UPDATEs and values.

A field of the dataclass is the column of its name (see `field_mapping.py`), and only what differs is said:

    LINKS = Table("checkout_links", CheckoutLink, kept={"trial": spread(Span, "trial_interval", "trial_count")})

    await LINKS.insert(db, link)
    await LINKS.one(db, f"SELECT {LINKS.columns} FROM checkout_links WHERE client_secret = $1", secret)

So a new field costs a migration and a line of the dataclass. What a statement asks stays in it, beside the function that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar
from uuid import UUID

from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import FieldMapping, FieldReader, Row, by_type, hints_of
from checkstand.store.query import Page, Query

T = TypeVar("T")
_KEY = ("organization_id", "id")


def _insertion(table: str, names: Sequence[str], first: int) -> str:
    places = ", ".join(f"${number}" for number in range(first, first + len(names)))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"


async def insert_row(db: Executor, table: str, *, unless_there: bool = False, **columns: object) -> bool:
    """Store a row that holds no value of the domain, column by column; a column of JSON is given its text.

    `unless_there`: a row of the same key stays as it is, and False is returned.
    """
    statement = _insertion(table, list(columns), 1) + (" ON CONFLICT DO NOTHING" if unless_there else "")
    return (await db.execute(statement, *columns.values())).endswith(" 1")


class Table(Generic[T]):
    """The rows of one table and the values of type `kind` that they hold.

    `kept`: how fields are kept that are not the column of their name (a text: the column's name). `unwritten`: fields that other
    statements count or number. `unkept`: fields that no column holds; they have their default. `also`: columns that are written from
    the value for a query or a constraint, and not read. `owned`: columns that say whose part a row is; their values come before those
    of `arguments`.
    """

    def __init__(
        self,
        name: str,
        kind: type[T],
        *,
        kept: Mapping[str, FieldMapping | str] | None = None,
        unwritten: Sequence[str] = (),
        unkept: Sequence[str] = (),
        also: Mapping[str, Callable[[T], object]] | None = None,
        owned: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._kind = kind
        self._said = dict(kept or {})
        self._unwritten = frozenset(unwritten)
        self._unkept = frozenset(unkept)
        self._also = dict(also or {})
        self._owned = tuple(owned)
        self._readers: dict[str, Sequence[tuple[str, FieldReader]]] = {}

    # What statements are made of

    @cached_property
    def columns(self) -> str:
        """The SELECT list."""
        return self.select(self.name)

    def select(self, alias: str, *, prefix: str = "") -> str:
        """The SELECT list under an alias; with a prefix to its names where two tables meet in one row."""
        chosen: list[str] = []
        for kept in self._kept.values():
            if kept.selected is not None:
                chosen.append(f"{kept.selected} AS {prefix}{kept.names[0]}")
            else:
                chosen += [f"{alias}.{name}" + (f" AS {prefix}{name}" if prefix else "") for name in kept.names]
        return ", ".join(chosen)

    def document(self, alias: str) -> str:
        """A row as a JSON document of its value's own shape, to be `selected`."""
        parts: list[str] = []
        for name, kept in self._kept.items():
            assert kept.selected is not None or len(kept.names) == 1, f"{name} needs an expression that is `selected`"
            parts.append(f"'{name}', {kept.selected or f'{alias}.{kept.names[0]}'}")
        return f"json_build_object({', '.join(parts)})"

    def documents(self, alias: str, *, order: str) -> str:
        """All rows of a statement as one JSON array of such documents."""
        return f"json_agg({self.document(alias)} ORDER BY {order})"

    @cached_property
    def insertion(self) -> str:
        """`INSERT INTO … VALUES …` of a whole row of `arguments`. ON CONFLICT and RETURNING may follow."""
        return self.insertion_from(1)

    def insertion_from(self, first: int) -> str:
        """The same with parameters from `first`: beside a statement that has some of its own."""
        return _insertion(self.name, [*self._owned, *self._columns(self._written), *self._also], first)

    def assignments(self, *names: str, first: int) -> str:
        """What follows SET for these fields, with parameters from `first`; their values are `arguments(value, *names)`."""
        return ", ".join(f"{column} = ${number}" for number, column in enumerate(self._columns(names), first))

    def arguments(self, value: T, *names: str) -> list[object]:
        """What a whole row is written with, or these fields of it."""
        given = [one for name in names or self._written for one in self._kept[name].writes(getattr(value, name))]
        return given if names else [*given, *(derived(value) for derived in self._also.values())]

    def read(self, row: Row, *, prefix: str = "") -> T:
        """The value that a row holds."""
        readers = self._readers.get(prefix)
        if readers is None:
            readers = [(name, kept.reader(prefix)) for name, kept in self._kept.items()]
            self._readers[prefix] = readers
        return self._kind(**{name: read(row) for name, read in readers})

    # Statements that all tables have

    async def one(self, db: Reader, statement: str, *arguments: object) -> T | None:
        """The value of a statement's first row, None where there is none."""
        row = await db.fetchrow(statement, *arguments)
        return self.read(row) if row is not None else None

    async def all(self, db: Reader, statement: str, *arguments: object) -> list[T]:
        """The values of all rows of a statement, in their order."""
        return [self.read(row) for row in await db.fetch(statement, *arguments)]

    async def grouped(self, db: Reader, name: str, statement: str, *arguments: object) -> dict[UUID, tuple[T, ...]]:
        """The values of all rows of a statement by the id in one of their columns, in the statement's order."""
        found: dict[UUID, list[T]] = {}
        for row in await db.fetch(statement, *arguments):
            found.setdefault(row[name], []).append(self.read(row))
        return {key: tuple(values) for key, values in found.items()}

    async def page(self, db: Reader, query: Query, *, offset: int, limit: int, counted: bool = True) -> Page[T]:
        """A page of values with the count of all (see `query.py`)."""
        found = await query.page(db, self.columns, offset=offset, limit=limit, counted=counted)
        return found.of([self.read(row) for row in found.items])

    async def by_id(self, db: Reader, organization_id: UUID, row_id: UUID, *, hold: bool = False) -> T | None:
        """The organization's value of this id. `hold`: nobody else changes it until the transaction ends."""
        statement = f"""
            SELECT {self.columns}
            FROM {self.name}
            WHERE organization_id = $1
              AND id = $2
            {"FOR NO KEY UPDATE" if hold else ""}
        """
        return await self.one(db, statement, organization_id, row_id)

    async def living(self, db: Reader, organization_id: UUID, row_id: UUID, *, hold: bool = False) -> T | None:
        """The same, unless it was deleted. The table has a column `deleted_at`."""
        statement = f"""
            SELECT {self.columns}
            FROM {self.name}
            WHERE organization_id = $1
              AND id = $2
              AND deleted_at IS NULL
            {"FOR NO KEY UPDATE" if hold else ""}
        """
        return await self.one(db, statement, organization_id, row_id)

    async def by_ids(self, db: Reader, organization_id: UUID, row_ids: Sequence[UUID]) -> dict[UUID, T]:
        """The organization's values among these ids."""
        statement = f"""
            SELECT {self.columns}
            FROM {self.name}
            WHERE organization_id = $1
              AND id = ANY($2::uuid[])
        """
        rows = await db.fetch(statement, organization_id, list(row_ids))
        return {row["id"]: self.read(row) for row in rows}

    async def insert(self, db: Executor, value: T) -> None:
        """Store a new row."""
        await db.execute(self.insertion, *self.arguments(value))

    async def update(self, db: Executor, value: T, *names: str) -> bool:
        """Store what the row of this organization and id has become: all of it, or these fields. False when there is no such row."""
        changed = names or tuple(name for name in self._written if name not in _KEY)
        statement = f"""
            UPDATE {self.name}
            SET {self.assignments(*changed, first=3)}
            WHERE organization_id = $1
              AND id = $2
        """
        status = await db.execute(statement, *self.arguments(value, *_KEY), *self.arguments(value, *changed))
        return status.endswith(" 1")

    # How the fields are kept

    @cached_property
    def _kept(self) -> dict[str, FieldMapping]:
        hints = hints_of(self._kind)
        return {name: self._way(name, hint) for name, hint in hints.items() if name not in self._unkept}

    def _way(self, name: str, hint: object) -> FieldMapping:
        said = self._said.get(name)
        return said if isinstance(said, FieldMapping) else by_type(name, hint, column=said)

    def _columns(self, names: Sequence[str]) -> list[str]:
        return [column for name in names for column in self._kept[name].columns]

    @cached_property
    def _written(self) -> tuple[str, ...]:
        return tuple(name for name in self._kept if name not in self._unwritten)
