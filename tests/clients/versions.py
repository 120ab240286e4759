"""The official clients of `versions.toml`, and what each of them needs to be started."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
Language = Literal["python", "javascript", "adapters"]
_PACKAGES = {"polar-sdk": "polar", "@polar-sh/sdk": "polar", "dodopayments": "dodo"}


@dataclass(frozen=True, slots=True)
class OfficialClient:
    """One published version of a client or an adapter. `place`: where it is installed, as `versions.toml` says."""

    api: str
    language: Language
    package: str
    version: str
    place: str
    daily: bool

    @property
    def name(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version for comparing."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def is_generated(self) -> bool:
        """A Polar client before 1.0: it checks every answer against schemas of its own time."""
        return self.api == "polar" and self.language != "adapters" and self.numbers < (1,)

    @property
    def python_path(self) -> str:
        """The folder that a Python client is loaded from; empty: the environment of the tests."""
        return "" if self.place.startswith(".venv") else str(ROOT / ".clients" / self.place)


@functools.cache
def clients() -> tuple[OfficialClient, ...]:
    """All of them, in the order of the file."""
    told = tomllib.loads((HERE / "versions.toml").read_text("utf-8"))
    languages: tuple[Language, ...] = ("python", "javascript", "adapters")
    return tuple(_client(language, place, row) for language in languages for place, row in told[language].items())


def _client(language: Language, place: str, row: dict[str, str | bool]) -> OfficialClient:
    package = str(row.get("package", place))
    api = _PACKAGES.get(package) or ("polar" if package.startswith("@polar-sh/") else "dodo")
    return OfficialClient(api, language, package, str(row["version"]), place, bool(row.get("daily")))


def refusals(client: OfficialClient) -> dict[str, str]:
    """What a client is known to throw at, through no fault of an answer: the reason by operation."""
    told = tomllib.loads((HERE / "versions.toml").read_text("utf-8")).get("refuses", [])
    return {name: row["reason"] for row in told if client.place in row["clients"] for name in row["operations"]}
