"""What some tests compare with lies in a folder `shared` beside the repository: the published contracts and recorded answers.

A contributor may be without it: what is compared with it is left out, and a warning at the end says so. Continuous integration
(`CI` in the environment) must have it: there a comparison that cannot be made fails.
"""

from __future__ import annotations

import functools
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "shared"
CONFORMANCE = "conformance/polar"


class NothingToCompareWith(AssertionError):
    """Continuous integration is without what it must compare with."""


class ComparisonLeftOut(UserWarning):
    """A contributor is without it."""


def shared(name: str, *, folder: Path = FOLDER, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where something of the folder is; None, with a warning, where a contributor has none. Raises NothingToCompareWith in CI."""
    path = folder / name
    if path.exists():
        return path
    missing = f"{path} is missing"
    if environment.get("CI"):
        raise NothingToCompareWith(f"{missing}: put it there, or answers are compared with nothing")
    warnings.warn(f"{missing}: what is compared with it was left out", ComparisonLeftOut, stacklevel=2)
    return None


@functools.cache
def contract(file: str) -> dict[str, Any]:
    """A published contract, read once; empty where a contributor has none."""
    path = shared(f"contracts/{file}")
    return dict(json.loads(path.read_text())) if path else {}
