"""Files of merchants: what a file may be called, and those that a product is delivered with.

Rule: a name is a name and no path, so that it can stand in a header and be saved as it is; its end, which tells the kind, is kept.
A product's file may be anything, since nobody here opens it: it is bounded in size alone.

    >>> plain_name("C:\\\\shop\\\\Guide.pdf")
    'Guide.pdf'

Images, which are looked into, are in `image.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.errors import CheckstandError

LARGEST_BYTES = 25 * 1024 * 1024
# They are loaded with the product.
MOST_FILES = 50
LONGEST_NAME = 200
Reason = Literal["empty", "too_large"]
REASONS: dict[Reason, str] = {
    "empty": "The file is empty. Send the file's bytes.",
    "too_large": "The file is larger than 25 MiB. Send a smaller one, or give an external_url instead.",
}


class BadFile(CheckstandError):
    """A file that is not taken; the message says what to send instead."""

    code = "bad_file"

    def __init__(self, reason: Reason) -> None:
        super().__init__(REASONS[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A product's file, as its product knows it."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFile:
    """A stored file of a product. `checksum`: SHA-256 in hexadecimal; `size` in bytes."""

    id: UUID
    product_id: UUID
    name: str
    size: int
    checksum: str
    created_at: datetime


def plain_name(given: str) -> str:
    """The name without folders and without what cannot be printed; empty when nothing is left."""
    base = given.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable() and character != '"')
    return printable[-LONGEST_NAME:].strip()


def accept(content: bytes) -> None:
    """Whether the file may be stored. Raises BadFile."""
    if not content:
        raise BadFile("empty")
    if len(content) > LARGEST_BYTES:
        raise BadFile("too_large")
