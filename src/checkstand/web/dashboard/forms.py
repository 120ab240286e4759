"""What a browser's form sent: read once, bounded, decoded strictly. What a field means is its page's business.

>>> Form([("name", " Pro "), ("scopes", "a"), ("scopes", "b")]).text("name")
'Pro'
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from checkstand.http import BadBody, read_body
from checkstand.ops.bounds import LARGEST_BODY, LARGEST_FORM, MOST_FORM_FIELDS, MOST_FORM_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file as a browser sent it: name and type are what it claims."""

    name: str
    content_type: str
    content: bytes


class Form:
    """Fields by name; a name may come several times."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), files: Mapping[str, SentFile] | None = None) -> None:
        self._values: dict[str, list[str]] = {}
        self._files = files or {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def file(self, name: str) -> SentFile | None:
        """The file that was chosen; None when the field was left empty."""
        return self._files.get(name)

    def text(self, name: str) -> str:
        """The first value without blanks around it; empty when the field is absent."""
        return self._values.get(name, [""])[0].strip()

    def raw(self, name: str) -> str:
        """The first value exactly as it was typed: passwords keep their blanks."""
        return self._values.get(name, [""])[0]

    def every(self, name: str) -> list[str]:
        """All values of a name, in order, without blanks around them."""
        return [value.strip() for value in self._values.get(name, [])]

    def has(self, name: str) -> bool:
        """Whether the field was sent at all, as a button's is only when it was pressed."""
        return name in self._values


async def read_form(request: Request, *, most: int = LARGEST_BODY) -> Form:
    """The form in a request's body. Raises BadBody when it is too large, no form, or holds text that cannot be stored."""
    body = await read_body(request, most=most)
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        pairs, files = await _parts(request, body)
    elif body and not kind.startswith("application/x-www-form-urlencoded"):
        raise BadBody("not_a_form")
    else:
        pairs, files = _fields(body), {}
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise BadBody("bad_text")
    return Form([(name, value.replace("\r\n", "\n")) for name, value in pairs], files)


def _fields(body: bytes) -> list[tuple[str, str]]:
    if len(body) > LARGEST_FORM:
        raise BadBody("too_large", limit=LARGEST_FORM)
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, errors="strict")
    except ValueError as error:
        raise BadBody("not_a_form") from error


async def _parts(request: Request, body: bytes) -> tuple[list[tuple[str, str]], dict[str, SentFile]]:
    """A form with files in it. The body is bounded already; a field left without a file is none."""

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, whole(), max_files=MOST_FORM_FILES, max_fields=MOST_FORM_FIELDS)
    try:
        data = await parser.parse()
    except MultiPartException as error:
        raise BadBody("not_a_form") from error
    pairs: list[tuple[str, str]] = []
    files: dict[str, SentFile] = {}
    try:
        for name, value in data.multi_items():
            if not isinstance(value, UploadFile):
                pairs.append((name, value))
            elif value.filename:
                files[name] = SentFile(
                    name=value.filename, content_type=value.content_type or "", content=await value.read()
                )
    finally:
        await data.close()
    return pairs, files
