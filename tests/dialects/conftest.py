"""A shop of the test's own behind either API."""

from __future__ import annotations

import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import DodoShop
from tests.dialects.polar_http import Polar
from tests.server import RunningServer


@pytest.fixture
def dodo(server: RunningServer, shop: DemoShop) -> DodoShop:
    """A shop of the test's own behind its Dodo key."""
    return DodoShop(server, shop)


@pytest.fixture
def polar(server: RunningServer, shop: DemoShop) -> Polar:
    """A shop of the test's own behind its Polar token."""
    return Polar(server, shop)
