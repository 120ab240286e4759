"""The PostgreSQL that Checkstand starts for itself, in its data folder, where no database URL is given.

Rule: one data folder, one owner. The owner holds `postgresql.lock` for its life; PostgreSQL outlives a killed owner,
and the next owner adopts it. What a crash leaves behind (stale pid file, stale socket, half-made cluster) the next
start puts right. The server listens on a private unix socket only, and logs to `postgresql.log` in the folder.

    cluster = await asyncio.to_thread(start, Path("data"))
    await asyncio.to_thread(stop, cluster)

Which programs run is decided in `binaries.py`; as whom, and where root's database lives, in
`user.py`; with which settings in `server.py`; how failures are told in `errors.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from checkstand.embedded_postgres import server
from checkstand.embedded_postgres.binaries import choose, installed
from checkstand.embedded_postgres.errors import EmbeddedError, from_os, from_output
from checkstand.embedded_postgres.user import (
    DATA_NAME,
    POINTER_NAME,
    account_for,
    home_for,
    known_home,
    open_private,
    remove_sockets,
)

__all__ = ["Cluster", "EmbeddedError", "discard", "discard_abandoned", "exists", "find", "revive", "start", "stop"]

LOCK_NAME = "postgresql.lock"
LOG_NAME = "postgresql.log"

_locks: dict[Path, int] = {}  # held by this process: folder of the cluster -> descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running embedded PostgreSQL. `dsn` is for asyncpg; `started`: by this process, rather than found running; `durable`: as
    it was asked for.
    """

    data: Path
    socket_dir: Path
    port: int
    dsn: str
    log: Path
    started: bool
    durable: bool = True


def start(folder: Path, *, durable: bool = True, bin_dirs: Iterable[Path] | None = None) -> Cluster:
    """Own the database of `folder`: make it where there is none, adopt it where it runs, start it where it doesn't.

    Blocks, about a second on an empty folder. `durable=False` gives up surviving a power cut for speed. `bin_dirs`:
    folders of PostgreSQL's programs to choose from, instead of looking for them. Raises EmbeddedError.
    """
    folder = _prepared(folder)
    try:
        home = home_for(folder)
        _take_lock(home)
    except OSError as error:
        raise from_os(error, folder) from error
    try:
        return _start_owned(folder, home, durable=durable, bin_dirs=bin_dirs)
    except OSError as error:
        _release_lock(home)
        raise from_os(error, home) from error
    except BaseException:
        _release_lock(home)
        raise


def find(folder: Path) -> Cluster | None:
    """The database of `folder` if it runs, without owning it: for commands beside a running server."""
    folder = Path(os.path.realpath(folder))
    if not folder.is_dir():
        return None
    try:
        data = known_home(folder) / DATA_NAME
        running = server.read(data)
    except OSError as error:
        raise from_os(error, folder) from error
    if running is None or running.status != "ready":
        return None
    return _cluster(folder, data, running, started=False)


def exists(folder: Path) -> bool:
    """Whether `folder` has a database, running or not: making one takes longer than starting it."""
    try:
        return (known_home(Path(os.path.realpath(folder))) / DATA_NAME).exists()
    except OSError as error:
        raise from_os(error, folder) from error


def stop(cluster: Cluster, *, mode: Literal["fast", "immediate"] = "fast") -> None:
    """End the database and give up the folder. `fast` writes everything out; `immediate` leaves that to the next start.

    Stopping what does not run is fine. Raises EmbeddedError if the server will not end.
    """
    running = server.read(cluster.data)
    if running:
        server.end(running, mode)
    remove_sockets(cluster.socket_dir)  # which a killed server leaves behind
    _release_lock(cluster.data.parent)


def revive(cluster: Cluster) -> bool:
    """Start the server of an owned cluster again where it ended by itself. False, and nothing done, while it lives.

    Raises EmbeddedError when it cannot be started, or not at the address that its users know.
    """
    if server.read(cluster.data) is not None:
        return False
    folder = cluster.log.parent
    if not cluster.data.exists():
        raise EmbeddedError(f"The database in '{cluster.data}' is gone. Restore a backup, then start again.")
    try:
        again = _start_owned(folder, cluster.data.parent, durable=cluster.durable, bin_dirs=None)
    except OSError as error:
        raise from_os(error, folder) from error
    if again.dsn != cluster.dsn:
        raise EmbeddedError(f"The database in '{cluster.data}' runs again, but at another address. Start again.")
    return True


def discard(cluster: Cluster) -> None:
    """End the database at once and remove it, wherever it lives; the rest of its folder is left alone."""
    stop(cluster, mode="immediate")
    shutil.rmtree(cluster.data, ignore_errors=True)
    folder, home = cluster.log.parent, cluster.data.parent
    if home != folder:
        shutil.rmtree(home, ignore_errors=True)
        (folder / POINTER_NAME).unlink(missing_ok=True)


def discard_abandoned(folder: Path) -> bool:
    """Remove the database of a folder whose owner was killed. False, and nothing done, while it has an owner."""
    folder = Path(os.path.realpath(folder))
    home = known_home(folder)
    try:
        _take_lock(home)
    except EmbeddedError:
        return False
    data = home / DATA_NAME
    try:
        running = server.read(data)
        if running:
            discard(_cluster(folder, data, running, started=False))
        shutil.rmtree(data, ignore_errors=True)
        if home != folder:
            shutil.rmtree(home, ignore_errors=True)
            (folder / POINTER_NAME).unlink(missing_ok=True)
    finally:
        _release_lock(home)
    return True


def _start_owned(folder: Path, home: Path, *, durable: bool, bin_dirs: Iterable[Path] | None) -> Cluster:
    data = home / DATA_NAME
    account = account_for(folder, data)
    adopted = _adopt(folder, data, durable=durable)
    if adopted:
        return adopted
    if not account.can_enter(home):
        raise EmbeddedError(
            f"PostgreSQL runs as '{account.name}', which can't reach '{home}'. Let all users pass through the folders "
            "above it (chmod o+x), or run Checkstand as the user that owns them."
        )
    server.clear_unfinished(home)
    binaries = choose(installed() if bin_dirs is None else bin_dirs, account, major=_major_of(data))
    if not data.exists():
        server.make(home, binaries, account, durable=durable)
    running = server.launch(data, binaries, account, log=folder / LOG_NAME, durable=durable)
    try:
        server.ask(running)
    except (server.NoAnswer, server.Unreachable, asyncpg.PostgresError) as error:
        server.end(running, "immediate")
        raise from_output("Starting the database", str(error), home, folder / LOG_NAME) from error
    except BaseException:  # an interrupt: nobody would know that it runs
        server.end(running, "immediate")
        raise
    return _cluster(folder, data, running, started=True, durable=durable)


def _adopt(folder: Path, data: Path, *, durable: bool) -> Cluster | None:
    """Take over the server that a killed owner left running. None where none runs, or none that can be kept."""
    found = server.read(data)
    if found is None:
        return None
    try:
        ready = server.await_ready(data, found.pid)
        if ready is None:
            return None
        where, is_durable = server.ask(ready)
    except server.Unreachable:  # its socket was swept out of the temporary folder
        server.end(found, "fast")
        return None
    except (server.NoAnswer, asyncpg.PostgresError):
        # Killed a moment ago, it hung up on us while it went; or it answers nobody, and has no owner that could mend that.
        if not server.has_ended(data, found.pid):
            server.end(found, "immediate")
        return None
    if where != data or (durable and not is_durable):  # its folder was moved, or it runs for speed
        server.end(ready, "fast")
        return None
    return _cluster(folder, data, ready, started=False, durable=durable)


def _cluster(folder: Path, data: Path, running: server.Postmaster, *, started: bool, durable: bool = True) -> Cluster:
    return Cluster(
        data=data,
        socket_dir=running.socket_dir,
        port=running.port,
        dsn=running.dsn,
        log=folder / LOG_NAME,
        started=started,
        durable=durable,
    )


def _prepared(folder: Path) -> Path:
    folder = Path(os.path.realpath(folder))
    if any(ord(character) < 32 for character in str(folder)):
        raise EmbeddedError(f"The data folder's name {str(folder)!r} has a line break or the like. Choose another one.")
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            # Where PostgreSQL runs as another user, it must pass through; what lies inside has modes of its own.
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise from_os(error, folder) from error
    return folder


def _major_of(data: Path) -> int | None:
    """The major version of PostgreSQL that made `data`; None where there is no data yet."""
    if not data.exists():
        return None
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise EmbeddedError(
            f"'{data}' is not a PostgreSQL database (no valid PG_VERSION in it). "
            "Move it away to begin with an empty one, or restore a backup."
        ) from error


def _take_lock(home: Path) -> None:
    descriptor = open_private(home / LOCK_NAME, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise EmbeddedError(
            f"Another Checkstand{f' (process {owner})' if owner else ''} uses the data folder '{home}'. "
            "Stop it, or give this one a data folder of its own."
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    _locks[home] = descriptor
    with contextlib.suppress(OSError):  # a full disk: the lock holds without saying whose it is
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _release_lock(home: Path) -> None:
    descriptor = _locks.pop(home, None)
    if descriptor is not None:
        os.close(descriptor)


def _forget_locks_after_fork() -> None:
    """A forked child must not hold its parent's lock beyond the parent's death. Closing a copy does not unlock."""
    while _locks:
        os.close(_locks.popitem()[1])


os.register_at_fork(after_in_child=_forget_locks_after_fork)
