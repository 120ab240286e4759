"""Folders for tests of the database that we start ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkstand.embedded_postgres.cluster import start, stop
from tests.store.embedded_place import copy_database, place


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A folder with a database that was started once, to be copied: making one takes seconds."""
    with place() as folder:
        stop(start(folder))
        yield folder


@pytest.fixture
def spot(template: Path) -> Iterator[Path]:
    """A folder with a database that does not run."""
    with place() as folder:
        yield copy_database(template, folder)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A folder with nothing in it."""
    with place() as folder:
        yield folder
