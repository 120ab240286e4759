"""Making, starting, asking and ending one embedded PostgreSQL server.

Rule: a cluster appears whole or not at all; a server is ready when it says so in `postmaster.pid` and has answered a
query; a pid counts only if that process really is the server of this data folder (pids are used again, folders are
copied). Every setting is given on the command line, so that a newer Checkstand brings newer ones to old data.

Who may call this, and when: `cluster.py`, holding the folder's lock.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from checkstand.embedded_postgres.binaries import Binaries
from checkstand.embedded_postgres.errors import EmbeddedError, from_output
from checkstand.embedded_postgres.user import DATA_NAME, PORT, Account, open_private, remove_sockets, socket_folder

NAME = "checkstand"  # of the database, and of the role that owns it

_INITDB_TIMEOUT_S = 120.0
_READY_TIMEOUT_S = 300.0  # after a crash: replaying max_wal_size on a slow disk
_GOING_TIMEOUT_S = 5.0
_ANSWER_TIMEOUT_S = 5.0
_PATIENCE_S = 8.0
_LEFTOVER_TIMEOUT_S = 90.0  # sessions of a killed server end with the statement they are in
_END_TIMEOUT_S = {signal.SIGINT: 60.0, signal.SIGQUIT: 10.0, signal.SIGKILL: 10.0}
_POLL_S = 0.01
_MAKING = f"{DATA_NAME}.new-"
_LOG_MAX_BYTES = 8 << 20

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "min_wal_size": "32MB",
    "max_wal_size": "512MB",
    "autovacuum": "on",
    "jit": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_duration_statement": "-1",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "cluster_name": NAME,
}
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")

_reapers: dict[int, threading.Thread] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """A living server process of one data folder, as its `postmaster.pid` describes it."""

    pid: int
    port: int
    socket_dir: Path
    status: str  # "starting", "ready", "stopping"; empty in its first milliseconds

    @property
    def dsn(self) -> str:
        return self._dsn(NAME)

    @property
    def maintenance_dsn(self) -> str:
        return self._dsn("postgres")

    def _dsn(self, database: str) -> str:
        # Named in full: asyncpg fills what is absent from PG* variables. The socket folder's name needs no quoting.
        return f"postgresql://{NAME}@/{database}?host={self.socket_dir}&port={self.port}&sslmode=disable"


class NoAnswer(Exception):
    """The server lives, and stays silent."""


class Unreachable(Exception):
    """The server lives, but not behind the socket that it names."""


def clear_unfinished(home: Path) -> None:
    """Remove what a killed `make` left behind."""
    for unfinished in home.glob(f"{_MAKING}*"):
        shutil.rmtree(unfinished, ignore_errors=True)  # its initdb may still run: then the next start removes the rest


def make(home: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """Create an empty cluster in `home`: beside its place, then moved there, so a crash never leaves half of one."""
    making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=home))
    try:
        account.give(making)
        options = [
            *("--username", NAME, "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"),
            *("--data-checksums", "--no-instructions", *_syncing(binaries.major, durable=durable)),
        ]
        initdb: list[str | Path] = [binaries.folder / "initdb", "-D", making, *options]
        locale, *plainer = _locales(binaries.major)
        code, printed = account.run([*initdb, *locale], timeout_s=_INITDB_TIMEOUT_S)
        if code != 0 and "locale name" in printed and plainer:
            code, printed = account.run([*initdb, *plainer[0]], timeout_s=_INITDB_TIMEOUT_S)
        if code != 0:
            raise from_output("Creating the database", printed, home)
        making.rename(home / DATA_NAME)
        if durable:
            _sync_folder(home)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError(
            f"Creating the database in '{home}' took over {_INITDB_TIMEOUT_S:.0f} s. "
            "Choose a data folder on a faster disk."
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _locales(major: int) -> list[list[str]]:
    """Sort by code point, fold case as Unicode does, the same on every machine; plain C where nothing else exists."""
    if major >= 17:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C", "--lc-ctype=C.UTF-8"], ["--locale=C"]]


def _syncing(major: int, *, durable: bool) -> list[str]:
    if not durable:
        return ["--no-sync"]
    return ["--sync-method=syncfs"] if major >= 17 and sys.platform == "linux" else []


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def launch(data: Path, binaries: Binaries, account: Account, *, log: Path, durable: bool) -> Postmaster:
    """Start a server on `data`, on which none runs, and wait until it is ready."""
    sockets = socket_folder(data, account)
    settings = {
        **_SETTINGS,
        **dict.fromkeys(_DURABILITY, "on" if durable else "off"),
        "unix_socket_directories": str(sockets),
    }
    argv: list[str | Path] = [binaries.folder / "postgres", "-D", data]
    argv += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    deadline = time.monotonic() + _LEFTOVER_TIMEOUT_S
    while True:
        # A pid file that names no server of ours would stop ours if that pid is in use again, or if it is empty.
        # PostgreSQL's guard against two servers on one folder is its shared memory, not this file.
        (data / "postmaster.pid").unlink(missing_ok=True)
        started = _try_launch(argv, data, account, log)
        if isinstance(started, Postmaster):
            return started
        if "pre-existing shared memory block" not in started or time.monotonic() > deadline:
            remove_sockets(sockets)
            raise from_output("Starting the database", started, data.parent, log)
        time.sleep(0.1)


def _try_launch(argv: list[str | Path], data: Path, account: Account, log: Path) -> Postmaster | str:
    """The ready server, or what the one that ended had to say."""
    if log.exists() and log.stat().st_size > _LOG_MAX_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    output = open_private(log, os.O_WRONLY | os.O_APPEND)
    try:
        said_before = os.fstat(output).st_size
        process = account.popen(argv, output=output)
    finally:
        os.close(output)
    deadline = time.monotonic() + _READY_TIMEOUT_S
    try:
        while process.poll() is None:
            running = read(data)
            if running and running.pid == process.pid and running.status == "ready":
                reaper = threading.Thread(target=process.wait, name=f"postgres-{process.pid}", daemon=True)
                _reapers[process.pid] = reaper
                reaper.start()
                return running
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL is still repairing '{data}' after {_READY_TIMEOUT_S:.0f} s, and goes on doing so. "
                    f"Start again in a few minutes; '{log}' tells how far it is."
                )
            time.sleep(_POLL_S)
    except EmbeddedError:
        raise
    except BaseException:  # an interrupt above all: what nobody waits for must not run on
        process.send_signal(signal.SIGQUIT)
        process.wait()
        raise
    with log.open("rb") as written:
        written.seek(said_before)
        return written.read().decode("utf-8", "replace") or f"exit code {process.returncode}"


def read(data: Path) -> Postmaster | None:
    """The living server of `data`, ready or not. None if there is none, whatever a stale file says."""
    try:
        lines = os.fsdecode((data / "postmaster.pid").read_bytes()).splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    values = [*(line.strip() for line in lines), *[""] * 8][:8]
    pid_text, recorded, _, port, socket_dir, _, _, status = values
    if not pid_text.isdecimal() or not _serves(int(pid_text), Path(recorded), data):
        return None
    return Postmaster(pid=int(pid_text), port=int(port or PORT), socket_dir=Path(socket_dir), status=status)


def _serves(pid: int, recorded: Path, data: Path) -> bool:
    """Whether `pid` is a server of `data` (`recorded`: the folder that the pid file names)."""
    if not alive(pid):
        return False
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except OSError:
        pass  # no /proc on macOS; in a container root may not look at another user's
    return b"postgres" in _command(pid) and (not recorded.exists() or recorded.samefile(data))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False).stdout


def alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's, but there
    try:
        state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return sys.platform != "linux"
    return state not in ("Z", "X")


def await_ready(data: Path, pid: int) -> Postmaster | None:
    """The server with this pid once it is ready; None if it ended instead. Raises NoAnswer."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        running = read(data)
        if running is None or running.pid != pid:
            return None
        if running.status == "ready":
            return running
        time.sleep(_POLL_S)
    raise NoAnswer


def has_ended(data: Path, pid: int) -> bool:
    """Whether the server with this pid is gone, or goes within a moment."""
    deadline = time.monotonic() + _GOING_TIMEOUT_S
    while (running := read(data)) is not None and running.pid == pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def ask(running: Postmaster) -> tuple[Path, bool]:
    """Its data folder and whether it is durable, after making sure that our database is there.

    Raises NoAnswer, Unreachable, asyncpg.PostgresError.
    """
    with ThreadPoolExecutor(1) as elsewhere:  # the caller's thread may have an event loop of its own
        return elsewhere.submit(asyncio.run, _ask(running)).result()


async def _ask(running: Postmaster) -> tuple[Path, bool]:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return await _asked(running)
        except asyncpg.InvalidCatalogNameError:
            await _create_database(running)
        except TimeoutError as error:  # a busy machine is slow as well
            if time.monotonic() > deadline:
                raise NoAnswer from error
        except OSError as error:
            raise Unreachable from error


async def _asked(running: Postmaster) -> tuple[Path, bool]:
    connection = await _connect(running.dsn)
    try:
        row = await connection.fetchrow(
            """
            SELECT current_setting('data_directory') AS data,
                   current_setting('fsync')::boolean AS durable
            """,
            timeout=_ANSWER_TIMEOUT_S,
        )
    finally:
        await connection.close(timeout=_ANSWER_TIMEOUT_S)
    assert row is not None
    return Path(row["data"]), bool(row["durable"])


async def _create_database(running: Postmaster) -> None:
    """Create our database, once. A killed owner's session may be at it still, and ends with its statement: that is waited for."""
    deadline = time.monotonic() + _LEFTOVER_TIMEOUT_S
    connection = await _connect(running.maintenance_dsn)
    try:
        while True:
            try:
                await connection.execute(f"CREATE DATABASE {NAME}", timeout=_LEFTOVER_TIMEOUT_S)
                return
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                return
            except asyncpg.ObjectInUseError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)
    finally:
        await connection.close(timeout=_ANSWER_TIMEOUT_S)


async def _connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=_ANSWER_TIMEOUT_S)
        except asyncpg.CannotConnectNowError:  # it recovers from the crash of one session, or is about to end
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_POLL_S)


def end(running: Postmaster, mode: Literal["fast", "immediate"]) -> None:
    """Stop the server and wait until it is gone; a fast stop that takes too long becomes an immediate one, and that a kill."""
    for sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)[mode == "immediate" :]:
        try:
            os.kill(running.pid, sent)
            os.kill(running.pid, signal.SIGCONT)  # a frozen one would not hear it
        except ProcessLookupError:
            pass  # ended by itself
        except PermissionError as error:
            raise EmbeddedError(
                f"PostgreSQL (process {running.pid}) belongs to another user. "
                f"Stop it as that user: kill -INT {running.pid}."
            ) from error
        deadline = time.monotonic() + _END_TIMEOUT_S[sent]
        while time.monotonic() < deadline:
            if not alive(running.pid):
                reaper = _reapers.pop(running.pid, None)
                if reaper:
                    reaper.join(timeout=1)
                remove_sockets(running.socket_dir)
                return
            time.sleep(_POLL_S / 2)
    raise EmbeddedError(
        f"PostgreSQL (process {running.pid}) does not end, not even by `kill -9`: its disk may hang. Look at that; "
        "nothing that was confirmed is lost."
    )
