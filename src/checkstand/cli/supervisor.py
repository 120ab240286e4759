"""Several web processes on one port, with CHECKSTAND_WORKERS above 1: started here, replaced when one ends.

Each is `checkstand serve` itself with the bound socket handed down; the kernel shares connections out among them. Only the children
listen, from when they are ready until they end: what the parent has of the socket would take callers that nobody answers. The parent
owns an embedded database, so the children name it as an ordinary one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import structlog

from checkstand.cli.database import OwnedDatabase
from checkstand.cli.listening import let_nobody_new_in
from checkstand.cli.terminal import Failure

_POLL_S = 0.2
_END_WITHIN_S = 5.0
_HEALTHY_AFTER_S = 10.0
_EARLY_ENDS_MAX = 5

log = structlog.get_logger("checkstand")


@dataclass(frozen=True, slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    started: float


def supervise(processes: int, bound: socket.socket, database: OwnedDatabase, *, drain_s: float) -> None:
    """Keep `processes` web processes running until interrupted, and their database. `drain_s`: how long each may take to end.

    Raises Failure when they end as soon as they start, EmbeddedError when the database cannot be started again.
    """
    children = [_start(bound, database.dsn) for _ in range(processes)]
    early_ends = 0
    try:
        while True:
            for place, child in enumerate(children):
                code = child.process.poll()
                if code is None:
                    continue
                early_ends = early_ends + 1 if time.monotonic() - child.started < _HEALTHY_AFTER_S else 0
                if early_ends > _EARLY_ENDS_MAX:
                    raise Failure("The web processes end as soon as they start. The lines above say why.")
                log.warning("web process ended, starting another", pid=child.process.pid, exit_code=code)
                children[place] = _start(bound, database.dsn)
            database.revive()
            time.sleep(_POLL_S)
    finally:
        let_nobody_new_in(bound)
        bound.close()
        _end([child.process for child in children], within_s=drain_s + _END_WITHIN_S)


def _start(bound: socket.socket, dsn: str) -> _Child:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "checkstand", "serve"),
            *("--socket-fd", str(bound.fileno()), "--parent-pid", str(os.getpid())),
        ],
        env={**os.environ, "CHECKSTAND_DATABASE_URL": dsn, "CHECKSTAND_WORKERS": "1"},
        pass_fds=[bound.fileno()],
    )
    return _Child(process, time.monotonic())


def _end(processes: list[subprocess.Popen[bytes]], *, within_s: float) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + within_s
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
            continue
        process.kill()
        process.wait()
