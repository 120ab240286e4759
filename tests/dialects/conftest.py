"""The Dodo dialect's shop, for every test of it."""

from __future__ import annotations

import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import DodoShop
from tests.server import RunningServer


@pytest.fixture
def dodo(server: RunningServer, shop: DemoShop) -> DodoShop:
    """A shop of the test's own behind its Dodo key."""
    return DodoShop(server, shop)
