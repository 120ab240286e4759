"""The embedded PostgreSQL starts fast, anywhere, as anyone; survives being killed; and has one owner at a time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from checkstand.embedded_postgres import cluster as embedded
from checkstand.embedded_postgres import user as embedded_user
from checkstand.embedded_postgres.binaries import choose, installed
from checkstand.embedded_postgres.cluster import Cluster, EmbeddedError, discard, find, start, stop
from checkstand.embedded_postgres.user import DATA_NAME, POINTER_NAME, account_for
from tests.store.embedded_place import (
    CAP_SETUID,
    NOBODY,
    ROOT,
    Owner,
    ask,
    copy_database,
    exists,
    postmaster,
    refused,
    remember,
    remembers,
)
from tests.waiting import eventually


def timed_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# ---------------------------------------------------------------- starting and stopping


def test_an_empty_folder_becomes_a_database_in_a_second_and_a_half(empty: Path) -> None:
    """On a busy or slow machine: in no more than twice what PostgreSQL's own initdb takes there at the same time."""
    account = account_for(empty, empty / DATA_NAME)
    initdb = choose(installed(), account).folder / "initdb"
    took: list[tuple[float, float]] = []
    while len(took) < 5 and not any(cold_s <= max(1.5, 2 * initdb_s) for cold_s, initdb_s in took):
        bare = empty / f"bare{len(took)}"
        bare.mkdir()
        account.give(bare)
        initdb_s = timed_s(lambda: account.run([initdb, "-D", bare, "--no-sync"], timeout_s=60))  # noqa: B023
        clusters: list[Cluster] = []
        cold_s = timed_s(lambda: clusters.append(start(empty / f"data{len(took)}")))  # noqa: B023
        took.append((cold_s, initdb_s))
        assert clusters[0].started
        assert ask(clusters[0].dsn, "SELECT current_database()") == "checkstand"
        discard(clusters[0])
    assert any(cold_s <= max(1.5, 2 * initdb_s) for cold_s, initdb_s in took), took


def test_a_warm_start_takes_half_a_second_and_an_immediate_stop_less(spot: Path) -> None:
    took: list[tuple[float, float]] = []
    while len(took) < 5 and not any(warm_s <= 0.6 and stop_s <= 0.3 for warm_s, stop_s in took):
        clusters: list[Cluster] = []
        warm_s = timed_s(lambda: clusters.append(start(spot)))  # noqa: B023
        took.append((warm_s, timed_s(lambda: stop(clusters[0], mode="immediate"))))  # noqa: B023
        stop(start(spot))  # so that the next one finds a clean shutdown again
    assert any(warm_s <= 0.6 and stop_s <= 0.3 for warm_s, stop_s in took), took


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_was_committed_is_there_after_a_stop(spot: Path, mode: str) -> None:
    cluster = start(spot)
    remember(cluster.dsn)
    stop(cluster, mode="fast" if mode == "fast" else "immediate")
    again = start(spot)
    assert remembers(again.dsn)
    stop(again)


def test_stop_leaves_no_process_no_socket_and_no_lock_and_may_be_repeated(spot: Path) -> None:
    cluster = start(spot)
    pid = postmaster(cluster.data)
    stop(cluster)
    stop(cluster)
    assert not exists(pid)
    assert not cluster.socket_dir.exists()
    stop(start(spot))


def test_a_server_that_dies_is_not_left_as_a_zombie(spot: Path) -> None:
    cluster = start(spot)
    pid = postmaster(cluster.data)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not exists(pid))
    stop(cluster)


def test_whether_a_folder_has_a_database_is_known_without_starting_it(spot: Path, empty: Path) -> None:
    assert embedded.exists(spot)
    assert not embedded.exists(empty)
    assert not embedded.exists(empty / "nowhere")


def test_discard_leaves_the_folder_without_a_database(spot: Path) -> None:
    (spot / "mine.txt").write_text("kept")
    cluster = start(spot, durable=False)
    discard(cluster)
    assert not cluster.data.exists()
    assert (spot / "mine.txt").read_text() == "kept"
    assert find(spot) is None


def test_durable_keeps_every_safeguard_and_ephemeral_drops_them(spot: Path) -> None:
    for durable, expected in ((True, "on"), (False, "off")):
        cluster = start(spot, durable=durable)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(cluster.dsn, f"SHOW {setting}") == expected
        stop(cluster)


def test_the_server_listens_on_a_private_socket_only(spot: Path) -> None:
    cluster = start(spot)
    assert ask(cluster.dsn, "SHOW listen_addresses") == ""
    assert cluster.socket_dir.stat().st_mode & 0o077 == 0
    assert cluster.data.stat().st_mode & 0o077 == 0
    assert cluster.log.stat().st_mode & 0o077 == 0
    stop(cluster)


def test_text_is_unicode_and_sorted_alike_on_every_machine(spot: Path) -> None:
    cluster = start(spot)
    assert ask(cluster.dsn, "SELECT lower('ÉCLAIR') || current_setting('server_encoding')") == "éclairUTF8"
    assert ask(cluster.dsn, "SELECT 'Z' < 'a' AND 'z' < 'é'")
    assert ask(cluster.dsn, "SHOW timezone") == "UTC"
    stop(cluster)


def test_it_can_be_started_from_a_running_event_loop(spot: Path) -> None:
    async def from_a_loop() -> None:
        cluster = await asyncio.to_thread(start, spot)
        connection = await asyncpg.connect(cluster.dsn)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        await asyncio.to_thread(stop, cluster)
        stop(start(spot))  # blocks the loop, but works

    asyncio.run(from_a_loop())


def test_the_terminal_s_interrupt_does_not_reach_the_server(spot: Path) -> None:
    cluster = start(spot)
    assert os.getsid(postmaster(cluster.data)) != os.getsid(0)
    stop(cluster)


# ---------------------------------------------------------------- one owner


def test_a_second_owner_is_refused_while_the_first_lives(spot: Path) -> None:
    with Owner(spot) as first:
        with pytest.raises(
            EmbeddedError, match=rf"Another Checkstand \(process {first.process.pid}\) uses .* Stop it, or"
        ):
            start(spot)
        assert ask(first.said["dsn"], "SELECT 1") == 1
    stop(start(spot))


def test_the_same_folder_under_another_name_is_the_same_folder(spot: Path) -> None:
    (spot / "link").symlink_to(spot)
    cluster = start(spot)
    with pytest.raises(EmbeddedError, match="Another Checkstand"):
        start(spot / "link")
    stop(cluster)


def test_of_two_that_start_at_once_one_owns_and_one_is_refused(empty: Path) -> None:
    outcomes: list[Cluster | EmbeddedError] = []

    def attempt() -> None:
        try:
            outcomes.append(start(empty))
        except EmbeddedError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (owned,) = [outcome for outcome in outcomes if isinstance(outcome, Cluster)]
    (error,) = [outcome for outcome in outcomes if isinstance(outcome, EmbeddedError)]
    assert "Another Checkstand" in str(error)
    stop(owned)


def test_other_commands_find_the_running_database_without_owning_it(spot: Path) -> None:
    assert find(spot) is None
    assert find(spot / "nowhere") is None
    with Owner(spot) as owner:
        found = find(spot)
        assert found is not None
        assert found.dsn == owner.said["dsn"]
        assert ask(found.dsn, "SELECT 1") == 1
    assert find(spot) is None


# ---------------------------------------------------------------- places and users


@pytest.mark.parametrize(
    "name",
    [
        "with a space",
        'quote\'s "double" `back` $HOME',
        "naïve café ✓",
        "comma,semi;percent%40&x=y#z",
        "long/" + "x" * 120,
    ],
)
def test_any_path_will_do(template: Path, empty: Path, name: str) -> None:
    cluster = start(copy_database(template, empty / name))
    assert len(os.fsencode(cluster.socket_dir)) < 80
    remember(cluster.dsn)
    stop(cluster)
    again = start(empty / name)
    assert remembers(again.dsn)
    stop(again)


def test_a_database_can_be_created_at_any_path(empty: Path) -> None:
    cluster = start(empty / 'it\'s "odd" `here` $HOME, naïve; 100% ✓' / ("x" * 120))
    remember(cluster.dsn)
    stop(cluster)


@pytest.mark.parametrize("trap", ["open to all", "a link", "somebody else's"])
def test_a_socket_folder_that_somebody_prepared_is_not_used(spot: Path, trap: str) -> None:
    cluster = start(spot)
    stop(cluster)
    usual = cluster.socket_dir
    if trap == "a link":
        (spot / "elsewhere").mkdir()
        usual.symlink_to(spot / "elsewhere")
    else:
        usual.mkdir()
        usual.chmod(0o777)
        if trap == "somebody else's" and ROOT:
            os.chown(usual, 54321, 54321)
            usual.chmod(0o700)
    try:
        again = start(spot)
        assert again.socket_dir != usual
        assert not list(usual.iterdir())
        assert ask(again.dsn, "SELECT 1") == 1
        stop(again)
    finally:
        usual.unlink() if usual.is_symlink() else usual.rmdir()


def test_a_temporary_folder_with_a_long_or_odd_name_is_passed_over(spot: Path) -> None:
    for name in ("x" * 90, "it's odd"):
        odd = spot / name
        odd.mkdir()
        with Owner(spot, environment={"TMPDIR": str(odd)}) as owner:
            assert ask(owner.said["dsn"], "SELECT 1") == 1
            assert not owner.said["socket_dir"].startswith(str(odd))


def test_the_user_s_environment_changes_nothing(spot: Path) -> None:
    misleading = {"PGPORT": "1", "PGHOST": "nowhere.invalid", "PGUSER": "x", "PGDATA": "/nowhere", "PGDATABASE": "x"}
    misleading |= {"PGSSLMODE": "require", "PGOPTIONS": "--bogus", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}
    with Owner(spot, environment=misleading) as owner:
        assert ask(owner.said["dsn"], "SHOW timezone") == "UTC"
        assert ask(owner.said["dsn"], "SHOW port") == "5432"


def test_postgresql_s_programs_see_neither_our_secrets_nor_the_user_s_settings(
    spot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHECKSTAND_SECRET_KEY", "PGPORT", "LC_MESSAGES"):
        monkeypatch.setenv(name, "from the user")
    code, printed = account_for(spot, spot / DATA_NAME).run(["/usr/bin/env"], timeout_s=10)
    assert code == 0
    assert "LC_ALL=C\n" in printed
    assert "from the user" not in printed


def test_an_ordinary_user_runs_it_as_itself(empty: Path) -> None:
    folder = empty / "data"
    folder.mkdir(mode=0o700)
    if ROOT:
        os.chown(folder, NOBODY, -1)
    with Owner(folder, *(["--uid", str(NOBODY)] if ROOT else [])) as owner:
        if (
            "error" in owner.said
        ):  # an interpreter below root's home: nobody can reach its wheel, nor another PostgreSQL
            assert "No usable PostgreSQL" in owner.said["error"]
        else:
            assert Path(owner.said["data"]).stat().st_uid == (NOBODY if ROOT else os.geteuid())
            assert ask(owner.said["dsn"], "SELECT 1") == 1
    if ROOT and "error" not in owner.said:
        cluster = start(folder)  # root takes over, as that user
        assert cluster.data.stat().st_uid == NOBODY
        stop(cluster)
        with Owner(folder, "--uid", str(NOBODY)) as owner:
            assert "error" not in owner.said


def test_root_runs_it_as_an_unprivileged_user_and_anyone_else_as_itself(empty: Path) -> None:
    users_before = Path("/etc/passwd").read_text()
    cluster = start(empty)
    assert cluster.data.parent == empty
    assert (cluster.data.stat().st_uid != os.geteuid()) is ROOT
    assert cluster.data.stat().st_uid != 0
    assert Path("/etc/passwd").read_text() == users_before
    stop(cluster)


def test_a_private_folder_that_is_empty_is_used_as_it_is(empty: Path) -> None:
    folder = empty / "data"
    folder.mkdir(mode=0o700)
    cluster = start(folder)
    assert cluster.data == folder / DATA_NAME
    assert folder.stat().st_mode & 0o066 == 0  # to pass through, not to look around
    stop(cluster)


def test_below_a_private_parent_root_s_database_lives_elsewhere_and_is_found_again(empty: Path) -> None:
    private = empty / "home"
    private.mkdir(mode=0o700)
    folder = private / "data"
    cluster = start(folder)
    if not ROOT:
        assert cluster.data == folder / DATA_NAME  # our own home is no obstacle to ourselves
        stop(cluster)
        return
    assert cluster.data.parent.parent == embedded_user.SHARED_PLACE
    assert (folder / POINTER_NAME).read_text().strip() == str(cluster.data.parent)
    assert cluster.log.parent == folder
    remember(cluster.dsn)
    with pytest.raises(EmbeddedError, match="Another Checkstand"):
        start(folder)
    stop(cluster)
    folder.rename(private / "moved")  # the pointer goes along, so the data is not lost
    moved = start(private / "moved")
    assert moved.data == cluster.data
    assert remembers(moved.dsn)
    discard(moved)
    assert not cluster.data.parent.exists()
    stop(start(private / "moved"))


def test_root_that_may_not_become_another_user_is_told_what_to_do(empty: Path) -> None:
    if ROOT and sys.platform == "linux":
        assert "does not let root become 'postgres'" in refused(empty, "--without", str(CAP_SETUID)).replace(
            "nobody", "postgres"
        )
    else:
        assert not account_for(empty, empty / DATA_NAME).switch  # nobody else needs to become anyone
