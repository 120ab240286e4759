"""Whatever is killed, and whenever: the next start of the embedded PostgreSQL finds or repairs what was committed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import asyncpg
import pytest

from checkstand.embedded_postgres.cluster import EmbeddedError, discard_abandoned, revive, start, stop
from checkstand.embedded_postgres.server import NAME
from checkstand.embedded_postgres.user import DATA_NAME, account_for
from tests.store.embedded_place import (
    CAP_SYS_PTRACE,
    ROOT,
    Owner,
    ask,
    copy_database,
    exists,
    postmaster,
    remember,
    remembers,
)
from tests.waiting import eventually


def test_the_server_of_a_killed_owner_is_adopted(spot: Path) -> None:
    owner = Owner(spot)
    remember(owner.said["dsn"])
    pid = postmaster(Path(owner.said["data"]))
    owner.kill()
    cluster = start(spot)
    assert not cluster.started
    assert postmaster(cluster.data) == pid
    assert remembers(cluster.dsn)
    stop(cluster)
    assert eventually(lambda: not exists(pid))


def test_a_forked_child_does_not_hold_the_lock_of_its_killed_parent(spot: Path) -> None:
    owner = Owner(spot, "--fork")
    owner.kill()

    def free() -> bool:
        with contextlib.suppress(EmbeddedError):
            stop(start(spot))
            return True
        return False

    assert eventually(free, within_s=2)  # the child closes its copy when it first runs, and lives for five seconds


@pytest.mark.parametrize("delay_s", [0.3, 0.6, 0.9])
def test_an_owner_killed_while_it_creates_the_database_does_no_harm(empty: Path, delay_s: float) -> None:
    owner = Owner(empty, wait=False)
    time.sleep(delay_s)
    owner.kill()
    cluster = start(empty)
    remember(cluster.dsn)
    stop(cluster)
    cluster = start(empty)
    assert remembers(cluster.dsn)
    assert [path.name for path in empty.glob(f"{DATA_NAME}*") if path.is_dir()] == [DATA_NAME]
    stop(cluster)


def test_a_start_waits_for_a_killed_owner_that_was_creating_the_database(spot: Path) -> None:
    """Its session goes on creating it for a moment, and no other can meanwhile."""
    owner = Owner(spot)
    pid = postmaster(Path(owner.said["data"]))
    elsewhere = owner.said["dsn"].replace(f"/{NAME}?", "/postgres?")
    owner.kill()
    ask(elsewhere, f"DROP DATABASE {NAME}")
    template = threading.Thread(target=ask, args=(elsewhere.replace("/postgres?", "/template1?"), "SELECT pg_sleep(7)"))
    template.start()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'template1'"
    assert eventually(lambda: ask(elsewhere, busy) == 1)
    cluster = start(spot)
    assert postmaster(cluster.data) == pid, "it was waited for, not ended"
    remember(cluster.dsn)
    stop(cluster)
    template.join()


def test_a_server_that_is_killed_under_its_owner_is_started_again_at_the_same_address(spot: Path) -> None:
    cluster = start(spot)
    remember(cluster.dsn)
    assert not revive(cluster)
    os.kill(postmaster(cluster.data), signal.SIGKILL)
    assert eventually(lambda: revive(cluster))
    assert remembers(cluster.dsn)
    stop(cluster)


def test_a_killed_server_recovers_at_the_next_start(spot: Path) -> None:
    owner = Owner(spot)
    remember(owner.said["dsn"])
    data, sockets = Path(owner.said["data"]), Path(owner.said["socket_dir"])
    os.kill(postmaster(data), signal.SIGKILL)
    owner.kill()
    assert (data / "postmaster.pid").exists()
    assert list(sockets.iterdir()), "the killed server left its socket"
    cluster = start(spot)
    assert cluster.started
    assert remembers(cluster.dsn)
    stop(cluster)


def test_a_session_that_outlives_its_killed_server_is_waited_for(spot: Path) -> None:
    owner = Owner(spot)

    def busy() -> None:
        with contextlib.suppress(OSError, asyncpg.PostgresError):  # it may still get its answer
            ask(owner.said["dsn"], "SELECT count(*) FROM generate_series(1, 12000000)")

    session = threading.Thread(target=busy)
    session.start()
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%'"
    assert eventually(lambda: ask(owner.said["dsn"], running) == 2)  # that session, and the one that asks
    os.kill(postmaster(Path(owner.said["data"])), signal.SIGKILL)
    owner.kill()
    cluster = start(spot)
    assert ask(cluster.dsn, running) == 1
    stop(cluster)
    session.join()


@pytest.mark.parametrize("content", ["", "{pid}\n", "{pid}\n{data}\n1700000000\n5432\n/tmp/x\n\n  1 2\nready   \n"])
def test_a_pid_file_that_names_a_stranger_is_stale(spot: Path, content: str) -> None:
    cluster = start(spot)
    stop(cluster)
    account = account_for(spot, cluster.data)
    stranger = account.popen(["/bin/sleep", "30"], output=subprocess.DEVNULL)
    try:
        pid_file = cluster.data / "postmaster.pid"
        pid_file.write_text(content.format(pid=stranger.pid, data=cluster.data))
        account.give(pid_file)
        again = start(spot)
        assert again.started
        assert stranger.poll() is None
        stop(again)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_copy_of_a_running_folder_is_a_database_of_its_own(template: Path, empty: Path) -> None:
    original = start(copy_database(template, empty / "one"))
    remember(original.dsn)
    ask(original.dsn, "CHECKPOINT")
    subprocess.run(["cp", "-a", empty / "one", empty / "two"], check=True)
    copy = start(empty / "two")
    assert copy.started
    assert copy.socket_dir != original.socket_dir
    assert remembers(copy.dsn)
    assert remembers(original.dsn)
    stop(copy)
    stop(original)


def test_a_folder_that_was_moved_under_a_running_server_is_found(template: Path, empty: Path) -> None:
    owner = Owner(copy_database(template, empty / "one"))
    remember(owner.said["dsn"])
    owner.kill()
    (empty / "one").rename(empty / "two")
    cluster = start(empty / "two")
    assert remembers(cluster.dsn)
    assert ask(cluster.dsn, "SHOW data_directory") == str(cluster.data)
    stop(cluster)


def test_an_orphan_whose_socket_was_swept_away_is_started_anew(spot: Path) -> None:
    owner = Owner(spot)
    remember(owner.said["dsn"])
    owner.kill()
    shutil.rmtree(owner.said["socket_dir"])
    cluster = start(spot)
    assert cluster.started
    assert remembers(cluster.dsn)
    stop(cluster)


def test_an_orphan_that_runs_for_speed_is_not_trusted_with_durable_data(spot: Path) -> None:
    owner = Owner(spot, "--ephemeral")
    owner.kill()
    cluster = start(spot)
    assert cluster.started
    assert ask(cluster.dsn, "SHOW fsync") == "on"
    stop(cluster)


def test_a_server_is_adopted_where_its_process_may_not_be_inspected(spot: Path) -> None:
    options = ["--without", str(CAP_SYS_PTRACE)] if ROOT and sys.platform == "linux" else []
    owner = Owner(spot, *options)
    pid = postmaster(Path(owner.said["data"]))
    owner.kill()
    with Owner(spot, *options) as second:
        assert second.said["started"] is False
        assert postmaster(Path(second.said["data"])) == pid


def test_an_abandoned_database_can_be_removed_an_owned_one_can_not(spot: Path) -> None:
    owner = Owner(spot, "--ephemeral")
    pid, data = postmaster(Path(owner.said["data"])), Path(owner.said["data"])
    assert not discard_abandoned(spot)
    assert ask(owner.said["dsn"], "SELECT 1") == 1
    owner.kill()
    assert discard_abandoned(spot)
    assert eventually(lambda: not exists(pid))
    assert not data.exists()
    assert not Path(owner.said["socket_dir"]).exists()
