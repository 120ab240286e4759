"""What can go wrong with the embedded PostgreSQL, said so that a person can act on it.

Rule: whatever fails below (the operating system, initdb, the server's log), the caller sees one `EmbeddedError` of one
or two sentences: what is wrong, and what to do. PostgreSQL's own words are kept only where no better sentence is known.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

OWN_DATABASE = "or name a PostgreSQL of your own in CHECKSTAND_DATABASE_URL"

# A server that finds less than this can't even write the log line that says so.
_NO_ROOM_BYTES = 1 << 20

_FULL = "The disk that holds '{place}' is full. Free at least 200 MB there, or choose a data folder on another disk."
_TOO_LARGE = "A limit on file sizes stops the database in '{place}'. Raise it (`ulimit -f unlimited`) and start again."
_UNWRITABLE = (
    "The database can't write to '{place}'. Give the user that runs Checkstand the right to write there, "
    "or choose another data folder."
)
_MEMORY = "There is too little memory to start PostgreSQL. Free about 200 MB (or raise the container's limit)."
_DAMAGED = (
    "The database in '{place}' is damaged: PostgreSQL can't start from it. Restore a backup into a new data folder; "
    "keep this one until that worked."
)
_FOREIGN = (
    "The database in '{place}' was made by another PostgreSQL, or on another kind of machine. Start it with the "
    "PostgreSQL that made it, or restore a backup into a new data folder."
)

_LEFTOVERS = (
    "Processes of a killed PostgreSQL still use '{place}'. End them (`ps -ef | grep postgres` lists them) "
    "and start again."
)

_SIGNS: tuple[tuple[str, str], ...] = (
    ("No space left on device", _FULL),
    ("Check free disk space", _FULL),
    ("Disk quota exceeded", _FULL),
    ("File too large", _TOO_LARGE),
    ("File size limit exceeded", _TOO_LARGE),
    ("pre-existing shared memory block", _LEFTOVERS),
    ("Cannot allocate memory", _MEMORY),
    ("could not map anonymous shared memory", _MEMORY),
    ("could not create shared memory segment", _MEMORY),
    ("checkpoint record", _DAMAGED),
    ("invalid data in file", _DAMAGED),
    ('could not read file "global/pg_control"', _DAMAGED),
    ("could not find the database system", _DAMAGED),
    ("files are incompatible with server", _FOREIGN),
    ("Read-only file system", _UNWRITABLE),
    ("Permission denied", _UNWRITABLE),
)

_ERRNO_SIGNS: dict[int, str] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _TOO_LARGE,
    errno.EACCES: _UNWRITABLE,
    errno.EPERM: _UNWRITABLE,
    errno.EROFS: _UNWRITABLE,
    errno.ENOTDIR: "'{place}' can't be a data folder: a part of its path is a file. Choose another data folder.",
    errno.EEXIST: "'{place}' can't be a data folder: a file of that name exists. Choose another data folder.",
    errno.ENAMETOOLONG: "The path of the data folder '{place}' is too long for this system. Choose a shorter one.",
    errno.ENOMEM: _MEMORY,
}


class EmbeddedError(Exception):
    """The embedded database can't be used as asked; the message says what to do, in one or two sentences."""


def from_os(error: OSError, place: Path) -> EmbeddedError:
    """The sentence for a failed call of the operating system on `place`."""
    known = _ERRNO_SIGNS.get(error.errno or 0)
    if known:
        return EmbeddedError(known.format(place=place))
    return EmbeddedError(f"The data folder '{place}' can't be used: {error.strerror or error}. Choose another one.")


def from_output(what: str, output: str, place: Path, log: Path | None = None) -> EmbeddedError:
    """The sentence for a program that failed; `output` is what it printed or logged, `what` names it."""
    for sign, sentence in _SIGNS:
        if sign in output:
            return EmbeddedError(sentence.format(place=place))
    if _no_room(place):
        return EmbeddedError(_FULL.format(place=place))
    where = f" The whole story is in '{log}'." if log else ""
    reason = _last_complaint(output).rstrip(".")
    said = f": {reason}." if reason else " and gave no reason."
    return EmbeddedError(f"{what} failed on '{place}'{said}{where or f' Correct that, {OWN_DATABASE}.'}")


def _last_complaint(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("PANIC:", "FATAL:", "error:", "ERROR:"):
        found = [line.split(mark, 1)[1].strip() for line in lines if mark in line]
        if found:
            return found[-1]
    return lines[-1] if lines else ""


def _no_room(place: Path) -> bool:
    try:
        disk = os.statvfs(place)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _NO_ROOM_BYTES
