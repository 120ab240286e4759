"""A comparison that cannot be made is left out aloud on a contributor's machine, and fails in continuous integration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.shared_folder import ComparisonLeftOut, NothingToCompareWith, shared

TESTS = Path(__file__).parent


def test_what_is_there_is_given_wherever_the_test_runs(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    for environment in ({}, {"CI": "true"}):
        assert shared("contracts", folder=tmp_path, environment=environment) == tmp_path / "contracts"


def test_a_contributor_without_the_folder_is_told_what_was_left_out(tmp_path: Path) -> None:
    with pytest.warns(ComparisonLeftOut, match=r"contracts/polar\.json is missing: .* left out"):
        assert shared("contracts/polar.json", folder=tmp_path, environment={}) is None


def test_continuous_integration_without_the_folder_fails_and_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NothingToCompareWith, match=r"contracts/polar\.json is missing"):
        shared("contracts/polar.json", folder=tmp_path, environment={"CI": "true"})


def test_nobody_else_looks_for_the_folder_by_themselves() -> None:
    own = {TESTS / "shared_folder.py", Path(__file__)}
    others = [path for path in TESTS.rglob("*.py") if path not in own and "node_modules" not in path.parts]
    assert [str(path) for path in others if re.search(r"""["'/]shared["'/]""", path.read_text())] == []
    assert len(others) > 100
