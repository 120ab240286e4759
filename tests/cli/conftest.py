"""One development server for all tests of a process that only use it, and a place of its own for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.running import Dev, Place, open_place


@pytest.fixture
def at() -> Iterator[Place]:
    """A place of the test's own."""
    with open_place() as made:
        yield made


@pytest.fixture(scope="session")
def shop_place() -> Iterator[Place]:
    """Where the shared server runs."""
    with open_place() as made:
        yield made


@pytest.fixture(scope="session")
def shop(shop_place: Place) -> Dev:
    """A development server that tests share; its data folder is `shop_place`'s own."""
    return shop_place.dev()
