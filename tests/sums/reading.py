"""Amounts as people read them: the rows of the payment page, the cells and sentences of a document."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from checkstand.domain.document import Document
from checkstand.web.documents.words import printed
from checkstand.web.templating import render

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


def numbers_of(html: str) -> set[str]:
    """Every number that can be read."""
    cells = _Cells()
    cells.feed(html)
    return set(_AMOUNT.findall(" ".join(cells.words)))


def page_of(document: Document) -> str:
    """An invoice or a credit note as its page has it."""
    return render("documents/document.html", it=printed(document), pdf_url="")
