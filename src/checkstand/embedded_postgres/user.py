"""As which user the embedded PostgreSQL runs, and where it may therefore live.

Rule: PostgreSQL refuses to run as root. An ordinary user runs it as itself. Root runs it as an existing unprivileged
user (the owner of the data, else of the folder, else `postgres`, else `nobody`); no user is ever created. That user
must be able to walk to the data. A private folder that is still empty (as `mkdtemp` makes them) is opened for passing
through. Where that is not enough (a HOME of mode 0700 above it), the database lives in /var/lib/checkstand/<hash of the
folder's path>, and the file `postgresql.path` in the folder says so.

The sockets live in a short private folder below the temporary one (a socket's path is limited to about 100 bytes), not
below XDG_RUNTIME_DIR: that one vanishes when its user logs out, and the server does not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checkstand.embedded_postgres.errors import OWN_DATABASE, EmbeddedError, from_os

SHARED_PLACE = Path("/var/lib/checkstand")
DATA_NAME = "postgresql"
POINTER_NAME = "postgresql.path"
SOCKET_NAME = ".s.PGSQL.5432"
PORT = 5432

_SOCKET_PATH_MAX_BYTES = 103  # sun_path: 104 with the closing zero on macOS and the BSDs, 108 on Linux
_TAME_PATH = re.compile(r"/[A-Za-z0-9_./+-]*")  # needs no quoting in a DSN, nor in unix_socket_directories
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "NIX_LD", "NIX_LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user PostgreSQL runs as. `switch`: we are root and must become that user first."""

    uid: int
    gid: int
    name: str
    switch: bool

    def popen(self, argv: Sequence[str | Path], *, output: int) -> subprocess.Popen[bytes]:
        """Start a program as this user: own session (Ctrl-C is ours, not the database's), clean environment."""
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            close_fds=True,
            cwd="/",
            env=environment(os.environ),
            start_new_session=True,
            umask=0o077,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def run(self, argv: Sequence[str | Path], *, timeout_s: float) -> tuple[int, str]:
        """Run a program as this user to its end: exit code, and all it printed. Raises OSError, TimeoutExpired."""
        with self.popen(argv, output=subprocess.PIPE) as process:
            try:
                printed, _ = process.communicate(timeout=timeout_s)
            except BaseException:
                process.kill()
                raise
        return process.returncode, printed.decode("utf-8", "replace")

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can walk to `folder`; asked of the system, since modes alone don't tell (ACLs, mounts)."""
        if not self.switch:
            return os.access(folder, os.X_OK)
        try:
            return self.run(["/bin/sh", "-c", 'cd -- "$0"', folder], timeout_s=10)[0] == 0
        except OSError as error:
            raise EmbeddedError(
                "Checkstand runs as root, PostgreSQL refuses to, and this system does not let root become "
                f"'{self.name}' ({error.strerror}). Run Checkstand as an ordinary user, {OWN_DATABASE}."
            ) from error

    def give(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid)


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What PostgreSQL's programs see: no PG* variable, no locale, none of our secrets."""
    passed = {name: inherited[name] for name in _PASSED_ON if name in inherited}
    return {"PATH": "/usr/bin:/bin", **passed, "LC_ALL": "C", "TZ": "UTC"}


def account_for(folder: Path, data: Path) -> Account:
    """The user that runs the database of `data`, a folder that may not exist yet."""
    owner = _owner(data)
    me = os.geteuid()
    if me != 0:
        if owner not in (None, me):
            raise EmbeddedError(
                f"The database in '{data}' belongs to {_name(owner)}. Run Checkstand as that user, "
                "or choose another data folder."
            )
        return _named_account(me, switch=False)
    if owner == 0:
        raise EmbeddedError(
            f"The database in '{data}' belongs to root, and PostgreSQL refuses to run as root. "
            f"Give it back to the user that ran it before, for instance: chown -R nobody '{data}'."
        )
    if owner is not None:
        return _named_account(owner, switch=True)
    folder_owner = _owner(folder)
    for candidate in (folder_owner, "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(candidate) if isinstance(candidate, str) else pwd.getpwuid(candidate or 0)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name, switch=True)
    raise EmbeddedError(
        "Checkstand runs as root, PostgreSQL refuses to, and there is no user 'nobody' to run it as. "
        f"Run Checkstand as an ordinary user, {OWN_DATABASE}."
    )


def known_home(folder: Path) -> Path:
    """The folder that holds the database's data and lock: `folder` itself, or the place its pointer file names."""
    pointer = folder / POINTER_NAME
    return _pointed_at(pointer) if pointer.exists() else folder


def home_for(folder: Path) -> Path:
    """The same, and for a new database the decision where it will live."""
    home = known_home(folder)
    data = folder / DATA_NAME
    if home != folder or os.geteuid() != 0 or data.exists() or _opened(folder, account_for(folder, data)):
        return home
    home = SHARED_PLACE / digest(folder)
    try:
        shared_place()
        home.mkdir(mode=0o711, exist_ok=True)
        home.chmod(0o711)
        (folder / POINTER_NAME).write_text(f"{home}\n")
    except OSError as error:
        raise from_os(error, home) from error
    return home


def _opened(folder: Path, account: Account) -> bool:
    """Whether the user gets into `folder`, if need be by the right to pass through it while nothing is in it yet."""
    if account.can_enter(folder):
        return True
    mode = stat.S_IMODE(folder.stat().st_mode)
    if any(folder.iterdir()):
        return False
    folder.chmod(mode | 0o011)
    if account.can_enter(folder):
        return True
    folder.chmod(mode)
    return False


def shared_place(place: Path = SHARED_PLACE) -> Path:
    """Root's place that every user can walk to; refuses one that another user could have prepared."""
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise EmbeddedError(f"'{place}' must be a folder that only root can write to: chown root and chmod 755 it.")
    if found.st_mode & 0o755 != 0o755:
        place.chmod(0o755)
    return place


def socket_folder(data: Path, account: Account) -> Path:
    """A short private folder (mode 0700) for the sockets of `data`, the same one each time where that is safe."""
    name = f"checkstand-{account.uid}-{digest(data)}"
    for base in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 (see _private_folder)
        if not _TAME_PATH.fullmatch(base) or len(f"{base}/{name}-12345678/{SOCKET_NAME}") > _SOCKET_PATH_MAX_BYTES:
            continue
        try:
            folder = _private_folder(Path(base), name, account)
        except OSError:
            continue  # not there, or not writable: the next one may be
        if account.can_enter(folder):
            _unlink_sockets(folder)
            return folder
        folder.rmdir()
    raise EmbeddedError("No folder for the database's socket: /tmp must exist and be writable (chmod 1777 /tmp).")


def remove_sockets(folder: Path) -> None:
    """Take away the socket folder of a server that ended, also one that was killed."""
    with contextlib.suppress(OSError):  # swept away already; else an empty name in the temporary folder harms nobody
        _unlink_sockets(folder)
        folder.rmdir()


def _unlink_sockets(folder: Path) -> None:
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)


def open_private(path: Path, flags: int) -> int:
    """Open (or create, mode 0600) a file beside the data; made by root, it still belongs to its folder's owner."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _private_folder(base: Path, name: str, account: Account) -> Path:
    folder = base / name
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()  # a link, another's folder, or one that others can write to is a trap, not ours
        if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077:
            return folder
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    account.give(folder)
    return folder


def _pointed_at(pointer: Path) -> Path:
    try:
        home = Path(pointer.read_text().strip())
    except OSError as error:
        raise from_os(error, pointer.parent) from error
    if home.parent != SHARED_PLACE or not home.is_dir():
        raise EmbeddedError(
            f"'{pointer}' says that the database lives in '{home}', which is not there. Bring that folder back, "
            f"or remove '{pointer}' to begin with an empty database."
        )
    return home


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os(error, path) from error


def _name(uid: int | None) -> str:
    try:
        return f"the user '{pwd.getpwuid(uid or 0).pw_name}'"
    except KeyError:
        return f"the user id {uid}"


def _named_account(uid: int, *, switch: bool) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"The user id {uid} has no entry in /etc/passwd, and PostgreSQL insists on one. Add one, "
            f"run Checkstand as a user that has one, {OWN_DATABASE}."
        ) from None
    return Account(uid=uid, gid=entry.pw_gid, name=entry.pw_name, switch=switch)
