"""The data folder: where it is, the secret key in it, and the note by which commands find a running `dev` server.

Rule: the secret key is made once and only its owner may read it (0600); the note is the server's while it runs. Neither
is written before the embedded database owns the folder, which keeps two servers apart.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from checkstand.cli.terminal import Failure

NOTE_NAME = "dev.json"
KEY_NAME = "secret.key"
_KEY_CHARACTERS_MIN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a running `dev` server tells the commands beside it."""

    url: str
    pid: int
    access_token: str


def default_folder() -> Path:
    """The user's data folder for Checkstand: below XDG_DATA_HOME, else ~/.local/share. Nothing is made here."""
    base = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "checkstand"
    try:
        return Path.home() / ".local" / "share" / "checkstand"
    except RuntimeError as error:
        raise Failure("There is no home folder to keep data in. Name a folder: --data DIR.") from error


def chosen_folder(given: str | None, data_dir: str) -> Path:
    """The folder that was named on the command line, else in the settings, else the user's."""
    named = given or data_dir
    return Path(named).expanduser() if named else default_folder()


def secret_key(folder: Path) -> str:
    """The folder's secret key, made on first use."""
    path = folder / KEY_NAME
    key = known_secret_key(folder)
    if key is not None:
        return key
    _write_private(path, secrets.token_urlsafe(48) + "\n", replace=False)
    return known_secret_key(folder) or _damaged(path)


def known_secret_key(folder: Path) -> str | None:
    """The folder's secret key; None where none was made yet."""
    path = folder / KEY_NAME
    try:
        key = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"The secret key in '{path}' cannot be read: {error}.") from error
    return key if len(key) >= _KEY_CHARACTERS_MIN else _damaged(path)


def _damaged(path: Path) -> str:
    raise Failure(
        f"The secret key in '{path}' is damaged. Restore the file, or begin with an empty data folder (--data DIR): "
        "tokens that were hashed with the lost key cannot be used any more."
    )


def write_note(folder: Path, note: Note) -> None:
    """Tell the commands beside this server where it is."""
    _write_private(folder / NOTE_NAME, json.dumps(asdict(note)) + "\n", replace=True)


def remove_note(folder: Path) -> None:
    """The server ends."""
    with contextlib.suppress(OSError):
        (folder / NOTE_NAME).unlink()


def read_note(folder: Path) -> Note | None:
    """The running server's note; None where none runs. One that a killed server left behind does not count."""
    try:
        note = Note(**json.loads((folder / NOTE_NAME).read_text("utf-8")))
        os.kill(note.pid, 0)
    except PermissionError:
        return None  # another user's server
    except (OSError, ValueError, TypeError):
        return None
    return note


def _write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that only its owner reads: whole or not at all. With `replace=False` the first writer wins."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(temporary, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
    except OSError as error:
        raise Failure(f"'{path}' cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
