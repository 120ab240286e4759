"""`expect` for both: what a real browser shows, and what was read without one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import playwright.sync_api

from tests.pages.markup import plain
from tests.pages.reader import WITHIN_S, Found


class _Expectations:
    """What Playwright's `expect` says of a locator. A page that looks again by itself is given time to."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def _hold(self, holds: Callable[[], bool], what: str, *, is_tried: bool = True) -> None:
        until = time.monotonic() + WITHIN_S
        while not holds():
            reader = self._found.reader
            if not is_tried or time.monotonic() > until or not reader.refresh():
                raise AssertionError(f"{what}; found {[str(one)[:300] for one in self._found.find()]} at {reader.url}")
            time.sleep(0.1)

    def _texts(self) -> list[str]:
        return [plain(one.get_text()) for one in self._found.find()]

    def to_have_text(self, expected: str | re.Pattern[str] | Sequence[str]) -> None:
        def holds() -> bool:
            texts = self._texts()
            if isinstance(expected, re.Pattern):
                return len(texts) == 1 and expected.search(texts[0]) is not None
            return texts == ([plain(expected)] if isinstance(expected, str) else [plain(one) for one in expected])

        self._hold(holds, f"text {expected!r}")

    def to_contain_text(self, expected: str | re.Pattern[str]) -> None:
        def holds() -> bool:
            texts = self._texts()
            if len(texts) != 1:
                return False
            return plain(expected) in texts[0] if isinstance(expected, str) else expected.search(texts[0]) is not None

        self._hold(holds, f"text with {expected!r}")

    def not_to_contain_text(self, text: str) -> None:
        self._hold(lambda: not any(plain(text) in one for one in self._texts()), f"no text with {text!r}")

    def to_have_count(self, count: int) -> None:
        self._hold(lambda: self._found.count() == count, f"{count} of them")

    def to_have_value(self, value: str) -> None:
        self._hold(lambda: self._found.input_value() == value, f"value {value!r}")

    def to_be_checked(self) -> None:
        self._hold(self._found.is_checked, "ticked")

    def to_be_disabled(self) -> None:
        self._hold(lambda: self._found.element().has_attr("disabled"), "disabled")

    def to_be_visible(self) -> None:
        self._hold(self._found.is_visible, "visible")

    def to_have_attribute(self, name: str, value: str) -> None:
        self._hold(lambda: self._found.get_attribute(name) == value, f"{name}={value!r}")


def expect(actual: Any) -> Any:
    """Playwright's `expect`, or the same of what was read without a browser."""
    return _Expectations(actual) if isinstance(actual, Found) else playwright.sync_api.expect(actual)
