"""Amounts as people read them: the rows of the payment page, the cells and sentences of a served document, the text of a file."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import UUID

from pypdf import PdfReader

from checkstand.domain.document import DocumentKind
from checkstand.flows.orders.document_address import document_url
from tests.server import RunningServer

_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?")


class _Cells(HTMLParser):
    """The texts of all table cells and headings of rows, row by row, and of everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def rows_of(html: str) -> list[tuple[str, str]]:
    """(first cell, amount in the last) of each row of a table."""
    cells = _Cells()
    cells.feed(html)
    found = []
    for row in cells.rows:
        amounts = _AMOUNT.findall(row[-1]) if row else []
        if amounts:
            found.append((row[0].strip(), amounts[-1]))
    return found


def units_of(html: str) -> list[tuple[str, int, Fraction, Fraction, Fraction]]:
    """(name, how many, the price of one, the rate of the tax in the amount, the amount) of each line of an invoice."""
    cells = _Cells()
    cells.feed(html)
    names, found = cells.rows[0], []
    for row in cells.rows[1:]:
        if len(row) == len(names):
            told = dict(zip(names, row, strict=True))
            rates = re.findall(r"([\d.]+)%", told.get("Tax", "")) if "Amount with tax" in told else []
            unit, amount = (Fraction(_AMOUNT.findall(told[key])[-1].replace(",", "")) for key in (names[2], names[-1]))
            found.append(
                (told["Description"], int(told["Qty"]), unit, sum(map(Fraction, rates), Fraction()) / 100, amount)
            )
    return found


def numbers_of(html: str) -> set[str]:
    """Every number that can be read."""
    cells = _Cells()
    cells.feed(html)
    return set(_AMOUNT.findall(" ".join(cells.words)))


def numbers_in(file: bytes) -> set[str]:
    """Every number in the text of a PDF file."""
    return set(_AMOUNT.findall("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)))


class Papers:
    """The documents of an organization as the server serves them, to a reader who comes from another address each time."""

    def __init__(self, server: RunningServer, organization_id: UUID) -> None:
        self.server, self.organization_id = server, organization_id
        self._read = 0

    def page(self, kind: DocumentKind, subject_id: UUID) -> str:
        """The HTML page."""
        return self._get(self._path(kind, subject_id)).decode()

    def file(self, kind: DocumentKind, subject_id: UUID) -> bytes:
        """The PDF file."""
        return self._get(f"{self._path(kind, subject_id)}.pdf")

    def _path(self, kind: DocumentKind, subject_id: UUID) -> str:
        services = self.server.services
        key = services.settings.secret_key.encode()
        return urlsplit(document_url(services.ports, self.organization_id, kind, subject_id, key)).path

    def _get(self, path: str) -> bytes:
        self._read += 1  # one reader may open thirty documents a minute
        here = urlsplit(self.server.url)
        source = (f"127.{self._read // 60_000 + 1}.{self._read // 250 % 250}.{self._read % 250 + 1}", 0)
        connection = HTTPConnection(here.hostname or "", here.port, timeout=60, source_address=source)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, body[:200]
        return body
