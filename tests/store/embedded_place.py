"""Places and owners for the tests of the embedded PostgreSQL.

A place is a temporary folder that every user can pass through; whatever still runs in it at the end is ended. An owner
is a process of its own that starts the database of a folder, so that tests can kill it, run it as another user, or take
rights away from it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import asyncpg

from checkstand.embedded_postgres import cluster as embedded
from checkstand.embedded_postgres import server as embedded_server
from checkstand.embedded_postgres.user import DATA_NAME, POINTER_NAME, remove_sockets

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid

CAP_SETUID, CAP_SYS_PTRACE = 7, 19  # linux/capability.h
_PR_CAPBSET_DROP = 24  # linux/prctl.h


@contextlib.contextmanager
def place() -> Iterator[Path]:
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="embedded-")))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        homes = [Path(pointer.read_text().strip()) for pointer in folder.rglob(POINTER_NAME)]
        for data in (
            *(found.parent for found in folder.rglob("postmaster.pid")),
            *(home / DATA_NAME for home in homes),
        ):
            running = embedded_server.read(data)
            if running:
                os.kill(running.pid, signal.SIGCONT)
                embedded_server.end(running, "immediate")
                remove_sockets(running.socket_dir)
        for home in homes:
            shutil.rmtree(home)
        shutil.rmtree(folder)


def copy_database(source: Path, target: Path) -> Path:
    """Put the stopped database of one folder into another; creating one takes a second, and few tests are about it."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", source / DATA_NAME, target / DATA_NAME], check=True)
    return target


class Owner:
    """A process that owns the database of a folder. `said`: its cluster's fields, or `error`."""

    def __init__(
        self, folder: Path, *options: str, environment: dict[str, str] | None = None, wait: bool = True
    ) -> None:
        inherited = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(folder), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**inherited, **(environment or {})},
        )
        self.said: dict[str, Any] = {}
        if wait:
            assert self.process.stdout is not None
            self.said = json.loads(self.process.stdout.readline() or "{}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let it stop its database and end by itself."""
        self.process.communicate()


def refused(folder: Path, *options: str) -> str:
    """The sentence with which an owner that should not succeed ended."""
    with Owner(folder, *options) as owner:
        assert list(owner.said) == ["error"], owner.said
    return str(owner.said["error"])


def ask(dsn: str, query: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


def remember(dsn: str) -> None:
    ask(dsn, "CREATE TABLE remembered AS SELECT 'an order' AS what")


def remembers(dsn: str) -> bool:
    return bool(ask(dsn, "SELECT what FROM remembered") == "an order")


def postmaster(data: Path) -> int:
    running = embedded_server.read(data)
    assert running is not None, f"nothing runs on {data}"
    return running.pid


def exists(pid: int) -> bool:
    """Whether the process is in the system's list, if only as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--file-size-max", type=int)
    parser.add_argument("--without", type=int, action="append", default=[], metavar="CAPABILITY")
    parser.add_argument("--ephemeral", action="store_true")
    parser.add_argument("--fork", action="store_true")
    chosen = parser.parse_args()
    if chosen.without:  # root as it is in a container; what is dropped is gone from the next program on
        for capability in chosen.without:
            assert ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0
        os.execv(sys.executable, [sys.executable, __file__, str(chosen.folder)])
    if chosen.file_size_max:
        resource.setrlimit(resource.RLIMIT_FSIZE, (chosen.file_size_max, chosen.file_size_max))
    if chosen.uid is not None:
        os.setgroups([])
        os.setgid(chosen.uid)
        os.setuid(chosen.uid)
    try:
        cluster = embedded.start(chosen.folder, durable=not chosen.ephemeral)
    except embedded.EmbeddedError as error:
        print(json.dumps({"error": str(error)}))
        return
    if chosen.fork and os.fork() == 0:
        os.close(0)
        os.close(1)
        time.sleep(5)
        os._exit(0)
    print(json.dumps(asdict(cluster), default=str), flush=True)
    sys.stdin.read()
    embedded.stop(cluster)


if __name__ == "__main__":
    main()
