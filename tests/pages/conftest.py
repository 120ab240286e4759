"""For tests of pages: the browser, one for each worker; a module's tests run in one, since they share what it sets up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.browser import browser

__all__ = ["browser"]
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
