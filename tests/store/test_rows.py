"""One description of a table's columns: it fits the database, and what it writes is what it reads."""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from asyncpg import UniqueViolationError

import checkstand.store
from checkstand.store.database import Database
from checkstand.store.field_mapping import selected, spread
from checkstand.store.rows import Table, insert_row

T = TypeVar("T")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


COLUMNS = """
    SELECT column_name, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AS needed
    FROM information_schema.columns
    WHERE table_name = $1
"""


def every_table() -> dict[str, Table[object]]:
    """All tables that the store describes, by where they are."""
    found: dict[str, Table[object]] = {}
    for module in pkgutil.walk_packages(checkstand.store.__path__, "checkstand.store."):
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, Table):
                found[f"{value.name} as {name}"] = value
    return found


def test_every_description_fits_the_columns_that_its_table_has(things: Place) -> None:
    tables = every_table()
    assert len(tables) > 15
    misfits: list[str] = []
    for place, table in tables.items():
        known = {row["column_name"]: row["needed"] for row in things.run(things.db.fetch(COLUMNS, table.name))}
        written = set(table.insertion.partition("(")[2].partition(")")[0].split(", "))
        misfits += [f"{place}: no column {name}" for name in written - set(known)]
        misfits += [
            f"{place}: {name} is never written" for name, needed in known.items() if needed and name not in written
        ]
        things.run(
            things.db.fetch(f"SELECT {table.columns} FROM {table.name} LIMIT 1")
        )  # raises where a column is not there
    assert misfits == []


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    unit: Size
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A field of each kind that a table can keep."""

    id: UUID
    organization_id: UUID
    label: str | None = None
    size: Size | None = None
    tags: tuple[str, ...] = ()
    owners: tuple[UUID, ...] = ()
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    notes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    trial: Span | None = None
    named_otherwise: int = 0
    counted: int = 0
    pieces: tuple[Part, ...] = ()
    created_at: datetime = NOW


PIECES = Table("pieces", Part, owned=("organization_id", "thing_id", "position"))
THINGS = Table(
    "things",
    Thing,
    kept={
        "trial": spread(Span, "trial_unit", "trial_count"),
        "named_otherwise": "named",
        "pieces": selected(
            "pieces",
            f"(SELECT {PIECES.documents('pieces', order='position')} FROM pieces WHERE thing_id = things.id)",
            tuple[Part, ...],
        ),
    },
    unwritten=("counted",),
    also={"label_length": lambda thing: len(thing.label or "")},
)


@dataclass(frozen=True, slots=True)
class Place:
    """A database with the two tables above in it."""

    runner: asyncio.Runner
    db: Database

    def run(self, work: Coroutine[object, object, T]) -> T:
        return self.runner.run(work)


@pytest.fixture
def things(database_url: str) -> Iterator[Place]:
    with asyncio.Runner() as runner:
        place = Place(runner, runner.run(Database.connect(database_url)))
        runner.run(place.db.execute(SCHEMA))
        yield place
        runner.run(place.db.execute("DROP TABLE things; DROP TABLE pieces"))
        runner.run(place.db.close())


SCHEMA = """
    CREATE TABLE things (
        id uuid UNIQUE, organization_id uuid, label text, size text, tags text[], owners uuid[], part json, parts json, notes json,
        trial_unit text, trial_count integer, named integer, counted integer NOT NULL DEFAULT 7, label_length integer,
        created_at timestamptz
    );
    CREATE TABLE pieces (organization_id uuid, thing_id uuid, position integer, name text, at timestamptz)
"""
FULL = Thing(
    id=uuid4(),
    organization_id=uuid4(),
    label="Ä \"quoted\" 'label'",
    size=Size.LARGE,
    tags=("a", "b,c", ""),
    owners=(uuid4(), uuid4()),
    part=Part(name="one", at=NOW),
    parts=(Part(name="two"), Part(name="three", at=NOW)),
    notes={"n": 1, "x": 1.0, "yes": True, "text": "1"},
    trial=Span(unit=Size.SMALL, count=3),
    named_otherwise=5,
    counted=7,
)
BARE = Thing(id=uuid4(), organization_id=FULL.organization_id, counted=7)


@pytest.mark.parametrize("thing", [FULL, BARE], ids=["full", "bare"])
def test_what_is_written_is_read_with_the_same_types(things: Place, thing: Thing) -> None:
    things.run(THINGS.insert(things.db, thing))
    read = things.run(THINGS.by_id(things.db, thing.organization_id, thing.id))
    assert read == thing
    assert read is not None
    assert [(name, type(value)) for name, value in read.notes.items()] == [
        (name, type(value)) for name, value in thing.notes.items()
    ]
    assert type(read.size) is type(thing.size)
    assert type(read.tags) is tuple
    assert things.run(things.db.fetchval("SELECT label_length FROM things WHERE id = $1", thing.id)) == len(
        thing.label or ""
    )


def test_the_rows_of_another_organization_are_neither_found_nor_changed(things: Place) -> None:
    things.run(THINGS.insert(things.db, BARE))
    assert things.run(THINGS.by_id(things.db, uuid4(), BARE.id)) is None
    assert things.run(THINGS.by_ids(things.db, uuid4(), [BARE.id])) == {}
    assert not things.run(THINGS.update(things.db, replace(BARE, organization_id=uuid4(), label="theirs")))
    assert things.run(THINGS.by_ids(things.db, BARE.organization_id, [BARE.id, uuid4()])) == {BARE.id: BARE}


def test_a_whole_update_keeps_what_other_statements_count(things: Place) -> None:
    things.run(THINGS.insert(things.db, FULL))
    things.run(things.db.execute("UPDATE things SET counted = 8"))
    emptied = replace(BARE, id=FULL.id)
    assert things.run(THINGS.update(things.db, emptied))
    assert things.run(THINGS.by_id(things.db, FULL.organization_id, FULL.id)) == replace(emptied, counted=8)


def test_an_update_of_some_fields_leaves_the_others(things: Place) -> None:
    things.run(THINGS.insert(things.db, FULL))
    changed = replace(FULL, label=None, trial=None, named_otherwise=9, tags=())
    assert things.run(THINGS.update(things.db, changed, "trial", "named_otherwise"))
    assert things.run(THINGS.by_id(things.db, FULL.organization_id, FULL.id)) == replace(
        FULL, trial=None, named_otherwise=9
    )


def test_parts_in_rows_of_their_own_are_read_in_their_order(things: Place) -> None:
    things.run(THINGS.insert(things.db, FULL))
    pieces = [Part(name="second"), Part(name="first", at=NOW)]
    rows = [(FULL.organization_id, FULL.id, 2 - index, *PIECES.arguments(piece)) for index, piece in enumerate(pieces)]
    things.run(things.db.executemany(PIECES.insertion, rows))
    read = things.run(THINGS.by_id(things.db, FULL.organization_id, FULL.id))
    assert read == replace(FULL, pieces=(pieces[1], pieces[0]))


def test_a_row_without_a_value_is_stored_column_by_column_and_stays_where_one_of_its_key_is(things: Place) -> None:
    def store(label: str) -> bool:
        row = {"id": BARE.id, "organization_id": BARE.organization_id, "label": label, "notes": '{"a": 1}'}
        return things.run(insert_row(things.db, "things", unless_there=True, **row))

    assert (store("first"), store("second")) == (True, False)
    found = things.run(things.db.fetchrow("SELECT label, notes->>'a' AS a FROM things WHERE id = $1", BARE.id))
    assert found is not None
    assert (found["label"], found["a"]) == ("first", "1")
    with pytest.raises(UniqueViolationError):
        things.run(insert_row(things.db, "things", id=BARE.id))


def test_two_tables_in_one_row_are_told_apart_by_a_prefix(things: Place) -> None:
    other = replace(BARE, id=uuid4(), label="other")
    things.run(THINGS.insert(things.db, FULL))
    things.run(THINGS.insert(things.db, other))
    plain = Table(
        "things",
        Thing,
        kept={"trial": spread(Span, "trial_unit", "trial_count"), "named_otherwise": "named", "pieces": NONE},
    )
    statement = f"""
        SELECT {plain.select("a")}, {plain.select("b", prefix="b_")}
        FROM things AS a
        CROSS JOIN things AS b
        WHERE a.id = $1
          AND b.id = $2
    """
    row = things.run(things.db.fetchrow(statement, FULL.id, other.id))
    assert row is not None
    assert plain.read(row) == FULL
    assert plain.read(row, prefix="b_") == other


NONE = selected("pieces", "NULL::json", tuple[Part, ...])
