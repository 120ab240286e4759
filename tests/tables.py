"""A table of many small cases as one test: all of them run, and every one that does not hold is listed.

A test for each case costs more than a case that is worked out in microseconds. Where a case needs a fixture of its own, or takes its
time, `pytest.mark.parametrize` stays.

    @table(("text", "amount_minor"), [("12", 1200), ("12.5", 1250)])
    def test_amounts_are_read_as_people_type_them(text: str, amount_minor: int) -> None:
        assert parse_amount(text, "usd") == amount_minor
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

Test = Callable[..., None]


def table(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Call the test with every case, as `pytest.mark.parametrize` does, but as one test. All cases share its fixtures.

    Raises an ExceptionGroup with what each failing case said; the case itself is a note on it.
    """
    given, rows = (names,) if isinstance(names, str) else names, list(cases)
    assert rows, "a table without cases proves nothing"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def whole_table(**fixtures: object) -> None:
            failures = [failure for row in rows if (failure := _failure(test, given, row, fixtures)) is not None]
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(rows)} cases", failures)

        asked = inspect.signature(test).parameters.values()
        fixtures = [parameter for parameter in asked if parameter.name not in given]
        whole_table.__signature__ = inspect.Signature(fixtures)  # type: ignore[attr-defined]  # what pytest reads
        return whole_table

    return decorate


def _failure(test: Test, names: tuple[str, ...], row: Any, fixtures: dict[str, object]) -> Exception | None:
    case = {names[0]: row} if len(names) == 1 else dict(zip(names, row, strict=True))
    try:
        test(**case, **fixtures)
    except Exception as failure:  # noqa: BLE001 - each is told
        failure.add_note(f"case: {case!r}")
        return failure
    return None
