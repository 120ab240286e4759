"""The real PgBouncer in transaction mode before a database of a test's own: each transaction may meet another session."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.waiting import eventually

_SETTINGS = """
[databases]
{name} = host={host} port={port} dbname={name} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
{authentication}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@contextlib.contextmanager
def pgbouncer(database_url: str, *, password: str | None = None) -> Iterator[str]:
    """The database's address behind a pooler that gives two sessions to all of its users, until the block ends.

    With a password the pooler asks for it, and the address has it.
    """
    parts = urlsplit(database_url)
    query = parse_qs(parts.query)
    sockets, name, user = query["host"][0], parts.path.strip("/"), parts.username or ""
    owner = os.stat(sockets)
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = probe.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    users = folder / "users.txt"
    users.write_text(f'"{user}" "{password or ""}"\n')
    settings.write_text(
        _SETTINGS.format(
            name=name,
            host=sockets,
            port=query["port"][0],
            user=user,
            listen=listen,
            folder=folder,
            authentication=f"auth_type = md5\nauth_file = {users}" if password else "auth_type = any",
        )
    )
    is_root = os.geteuid() == 0  # as whom it refuses to run
    if is_root:
        for path in (folder, settings, users):
            os.chown(path, owner.st_uid, owner.st_gid)
    program = shutil.which("pgbouncer", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    assert program is not None, "scripts/test-tools.sh pgbouncer installs it"
    process = subprocess.Popen(
        [program, "-q", str(settings)],
        cwd="/",
        user=owner.st_uid if is_root else None,
        group=owner.st_gid if is_root else None,
        extra_groups=[] if is_root else None,
    )
    try:
        assert eventually(lambda: _listens(listen)), (folder / "pgbouncer.log").read_text()
        account = f"{user}:{password}" if password else user
        yield f"postgresql://{account}@127.0.0.1:{listen}/{name}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
