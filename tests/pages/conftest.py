"""For tests of pages: one server and one browser a module, and what a page must never do while it is looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.server import RunningServer, running_server

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str:
    """The system's Chromium: named by CHROMIUM, else found on the path."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found:
        return found
    assert Path(_MAC).exists(), "No Chromium on this machine: scripts/test-tools.sh says how to get one."
    return _MAC


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[RunningServer]:
    """The whole application with its worker."""
    with running_server(database_url) as running:
        yield running


@pytest.fixture(scope="module")
def browser(server: RunningServer) -> Iterator[Browser]:
    """A browser, after the server: Playwright keeps a loop in this thread for as long as it lives."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path(), args=_QUIET)
        yield launched
        launched.close()
