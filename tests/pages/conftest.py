"""For tests of pages: the browser, one for each worker; a module's tests run in one, since they share what it sets up."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkstand.testing.demo import DemoShop
from tests.pages.browser import browser
from tests.pages.buyer import Stand
from tests.pages.catalogue import Shelf
from tests.server import RunningServer

__all__ = ["browser"]
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def stand(server: RunningServer, shop: DemoShop) -> Stand:
    """A shop of the test's own, and the sessions that a test opens in it."""
    return Stand(server, shop)


@pytest.fixture
def shelf(stand: Stand) -> Shelf:
    """The same shop with products of the test's own in it."""
    return Shelf(stand)
