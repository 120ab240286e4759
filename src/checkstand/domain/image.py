"""Images of products, add-ons and brands: what is known of one, and which files are accepted as one.

Rule: what a file is, its own bytes say, never its name and only then its declared type. PNG, JPEG, WebP and GIF are known, whole ones
alone: a file that ends early is refused while its sender can still send it again. SVG is a document that may hold scripts, so it is
none. Nothing is decoded here; width and height are read from the header.

    >>> sniff(b"GIF89a" + bytes([2, 0, 1, 0, 0, 0, 0]) + b",\\x00\\x00\\x00\\x00\\x02\\x00\\x01\\x00\\x00\\x02\\x01\\x00\\x00;")
    ImageKind(content_type='image/gif', width=2, height=1)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.errors import CheckstandError

ContentType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
Reason = Literal["empty", "too_large", "unknown", "svg", "damaged", "differs", "too_wide"]
LARGEST_BYTES = 5 * 1024 * 1024
# A small file can unfold to more pixels than a buyer's phone has memory for.
LONGEST_SIDE_PX = 10_000
SUFFIXES: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
_SAME_TYPE = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
# What clients send when nobody told them a type.
_NO_TYPE = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"})
REASONS: Mapping[Reason, str] = {
    "empty": "The file is empty. Send the image's bytes.",
    "too_large": "The image is larger than 5 MiB. Send a smaller one.",
    "unknown": "The file is no image of a known kind. Send a PNG, JPEG, WebP or GIF.",
    "svg": "SVG images are not accepted, since they can hold scripts. Send a PNG, JPEG, WebP or GIF.",
    "damaged": "The image is damaged or incomplete. Send the whole file again.",
    "differs": "The file is not of the type that was declared. Send it with the content type of its own bytes.",
    "too_wide": "The image is wider or higher than 10,000 pixels. Send a smaller one.",
}


class BadImage(CheckstandError):
    """A file that is not taken as an image; the message says what to send instead."""

    code = "bad_image"

    def __init__(self, reason: Reason) -> None:
        super().__init__(REASONS[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKind:
    """What a file's bytes say; sides in pixels."""

    content_type: ContentType
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """A stored image. `checksum`: SHA-256 in hexadecimal; `size` in bytes."""

    id: UUID
    name: str
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None
    checksum: str
    created_at: datetime


def image_path(organization_id: UUID, image: ImageRef) -> str:
    """The public path of the image on this server. An id never gets other content, so the answer may be kept for ever."""
    return f"/images/{organization_id}/{image.id}.{SUFFIXES[image.content_type]}"


def accept(content: bytes, *, declared: str) -> ImageKind:
    """What the file is, if it may be stored. `declared`: the Content-Type it came with. Raises BadImage."""
    if not content:
        raise BadImage("empty")
    if len(content) > LARGEST_BYTES:
        raise BadImage("too_large")
    given = declared.partition(";")[0].strip().lower()
    given = _SAME_TYPE.get(given, given)
    if given == "image/svg+xml" or _looks_like_svg(content):
        raise BadImage("svg")
    kind = sniff(content)
    if kind is None:
        raise BadImage("damaged" if _family(content) else "unknown")
    if given not in _NO_TYPE and given != kind.content_type:
        raise BadImage("differs")
    if max(kind.width, kind.height) > LONGEST_SIDE_PX:
        raise BadImage("too_wide")
    return kind


def sniff(content: bytes) -> ImageKind | None:
    """Type and size of an image that is whole, read from its bytes; None for anything else."""
    family = _family(content)
    if family is None:
        return None
    try:
        sides = _READERS[family](content)
    except (struct.error, IndexError):
        return None
    if sides is None or min(sides) < 1:
        return None
    return ImageKind(content_type=family, width=sides[0], height=sides[1])


def _family(content: bytes) -> ContentType | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def _looks_like_svg(content: bytes) -> bool:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!")) and b"<svg" in start)


def _png(content: bytes) -> tuple[int, int] | None:
    """Chunks from IHDR to IEND, each with its CRC, pixels among them."""
    position, sides, has_pixels = 8, None, False
    while True:
        length, kind = struct.unpack_from(">I4s", content, position)
        (crc,) = struct.unpack_from(">I", content, position + 8 + length)
        if zlib.crc32(memoryview(content)[position + 4 : position + 8 + length]) != crc:
            return None
        if position == 8:
            if kind != b"IHDR" or length != 13:
                return None
            sides = struct.unpack_from(">II", content, position + 8)
        if kind == b"IEND":
            return sides if has_pixels else None
        has_pixels = has_pixels or kind == b"IDAT"
        position += 12 + length


# Markers that begin a frame and carry its size; C4, C8 and CC are tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Segments up to the first scan, then an end of image somewhere behind it: what follows a scan has no length."""
    position, sides = 2, None
    while True:
        if content[position] != 0xFF:
            return None
        marker = content[position + 1]
        position += 1 if marker == 0xFF else 2
        if marker == 0xFF or marker in _BARE_MARKERS:
            continue
        if marker == _END_OF_IMAGE:
            return None
        (length,) = struct.unpack_from(">H", content, position)
        if length < 2:
            return None
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 3)
            sides = (width, height)
        if marker == _START_OF_SCAN:
            return sides if content.rfind(b"\xff\xd9") >= position + length else None
        position += length


def _gif(content: bytes) -> tuple[int, int] | None:
    """The screen's size, then blocks up to the trailer, a picture among them."""
    sides = struct.unpack_from("<HH", content, 6)
    position, has_picture = 13 + _table_bytes(content[10]), False
    while content[position] != 0x3B:
        if content[position] == 0x21:
            position += 2
        elif content[position] == 0x2C:
            position += 11 + _table_bytes(content[position + 9])
            has_picture = True
        else:
            return None
        while content[position]:
            position += 1 + content[position]
        position += 1
    return sides if has_picture else None


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(content: bytes) -> tuple[int, int] | None:
    """As long as it says; the size is in the canvas (VP8X), or in the one picture, lossy (VP8) or lossless (VP8L)."""
    (length,) = struct.unpack_from("<I", content, 4)
    first, first_length = struct.unpack_from("<4sI", content, 12)
    if length + 8 > len(content) or first_length + 12 > length:
        return None
    if first == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if first == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if first == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_READERS: Mapping[ContentType, Callable[[bytes], tuple[int, int] | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}
