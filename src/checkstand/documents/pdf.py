"""The template as a PDF file: A4, selectable text, fonts embedded. Each block of the page is laid out by its class.

fpdf2 and its fonts are loaded by the first print, not by a start; a print is half a page of Python work and runs in a thread.
Latin, Greek and Cyrillic letters are in the fonts; a character of another script is printed as its code, `[U+65E5]`, never as a box.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from checkstand.documents.tree import Node, article

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(__file__).parent / "fonts"
_FAMILY = "document"
_WIDTH, _MARGIN = 210.0, 20.0
_INNER = _WIDTH - 2 * _MARGIN
_INK, _SOFT, _LINE, _EDGE = (20, 23, 28), (84, 93, 107), (223, 227, 232), (133, 141, 154)
_TINT, _TINT_INK = (255, 244, 214), (92, 67, 0)
_SIZE, _SMALL, _ROW = 9.5, 8.5, 5.0
_KEPT_FILES = 32


@cache
def _printer() -> ThreadPoolExecutor:
    """One at a time: prints wait for each other, not requests for prints."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="print")


async def print_pdf(html: str, *, title: str, dated: datetime) -> bytes:
    """The page as a PDF file; the same page gives the same bytes, and is printed once while it is asked for again and again."""
    work = partial(_print, html, title=title, dated=dated)
    return await asyncio.get_running_loop().run_in_executor(_printer(), work)


# Runs on the one thread of prints, so that whoever waited there for a page finds it printed.
@lru_cache(maxsize=_KEPT_FILES)
def _print(html: str, *, title: str, dated: datetime) -> bytes:
    paper = _paper(title, dated)
    known = frozenset(paper.fonts[_FAMILY].cmap)  # type: ignore[union-attr]
    for block in article(html).children():
        _legible(block, known)
        _BLOCKS[block.kind](paper, block)
    return bytes(paper.output())


def _legible(node: Node, known: frozenset[int]) -> None:
    """Letters with their marks in one, and what no font has by its code."""
    for place, part in enumerate(node.parts):
        if isinstance(part, Node):
            _legible(part, known)
            continue
        text = unicodedata.normalize("NFC", part)
        node.parts[place] = "".join(_shown(letter, known) for letter in text)


def _shown(letter: str, known: frozenset[int]) -> str:
    if ord(letter) in known or letter.isspace():
        return letter
    if letter == "\N{MINUS SIGN}":
        return "-"  # of an amount that was taken off
    # Marks of direction and of joining print nothing of their own.
    return "" if unicodedata.category(letter) in ("Cf", "Cc") else f"[U+{ord(letter):04X}]"


def _paper(title: str, dated: datetime) -> FPDF:
    from fpdf import FPDF  # loaded by the first print

    class Paper(FPDF):
        foot = ""

        def footer(self) -> None:
            self.set_y(-15)
            _pen(self, _SMALL, ink=_SOFT)
            self.cell(_INNER - 30, 5, self.foot)
            self.cell(30, 5, f"{self.page_no()} / {{nb}}", align="R")

    paper = Paper(format="A4")
    paper.add_font(_FAMILY, "", FONTS / "NotoSans-Regular.ttf")
    paper.add_font(_FAMILY, "B", FONTS / "NotoSans-Bold.ttf")
    paper.set_margins(_MARGIN, _MARGIN, _MARGIN)
    paper.c_margin = 0
    paper.set_auto_page_break(True, margin=25)
    paper.set_title(title)
    paper.set_lang("en")
    paper.set_creation_date(dated)
    paper.foot = title
    paper.add_page()
    return paper


def _pen(paper: FPDF, size: float = _SIZE, *, bold: bool = False, ink: tuple[int, int, int] = _INK) -> None:
    paper.set_font(_FAMILY, "B" if bold else "", size)
    paper.set_text_color(*ink)


def _lines(paper: FPDF, width: float, text: str) -> int:
    """How many lines a text takes at this width."""
    lines = paper.multi_cell(width, _ROW, text, dry_run=True, output="LINES")
    assert isinstance(lines, list), "asked for lines"
    return max(1, len(lines))


def _masthead(paper: FPDF, block: Node) -> None:
    heading, seller = block.children()
    _pen(paper, 20, bold=True)
    paper.cell(_INNER / 2, 10, heading.text)
    _pen(paper, 12, bold=True)
    paper.multi_cell(_INNER / 2, 6, seller.text, align="R", new_x="LMARGIN", new_y="NEXT")
    paper.set_y(max(paper.get_y(), _MARGIN + 12))


def _banner(paper: FPDF, block: Node) -> None:
    _pen(paper, _SMALL, ink=_TINT_INK)
    paper.set_fill_color(*_TINT)
    paper.multi_cell(_INNER, 5, block.text, fill=True, padding=(2, 3), new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)


def _facts(paper: FPDF, block: Node) -> None:
    for row in block.children("div"):
        label, value = row.children("dt", "dd")
        _pen(paper, ink=_SOFT)
        paper.cell(38, _ROW, label.text)
        _pen(paper)
        paper.multi_cell(_INNER - 38, _ROW, value.text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(7)


def _parties(paper: FPDF, block: Node) -> None:
    top, bottom, width = paper.get_y(), paper.get_y(), _INNER / 2
    for place, party in enumerate(block.children("section")):
        left = _MARGIN + place * width
        paper.set_y(top)
        for part in party.children("h2", "p"):
            is_heading = part.tag == "h2"
            is_name = part is next(party.all("p"), None)
            _pen(paper, _SMALL if is_heading else _SIZE, bold=is_name, ink=_SOFT if is_heading else _INK)
            paper.set_x(left)
            paper.multi_cell(width - 6, _ROW, part.text, align="L", new_x="LMARGIN", new_y="NEXT")
        bottom = max(bottom, paper.get_y())
    paper.set_y(bottom + 9)


def _headline(paper: FPDF, block: Node) -> None:
    _pen(paper, 13, bold=True)
    paper.multi_cell(_INNER, 7, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(5)


def _bar(paper: FPDF, ink: tuple[int, int, int], *, left: float = _MARGIN) -> None:
    paper.set_draw_color(*ink)
    paper.set_line_width(0.25)
    paper.line(left, paper.get_y(), _MARGIN + _INNER, paper.get_y())


def _table(paper: FPDF, block: Node) -> None:
    head, *rows = list(block.all("tr"))
    # The first column takes what the numbers leave; each of those is as wide as the widest thing in it.
    _pen(paper)
    cells = [[cell.text for cell in row.children("th", "td")] for row in (head, *rows)]
    numbers = [
        max(paper.get_string_width(text) for text in column) + 7 for column in list(zip(*cells, strict=True))[1:]
    ]
    widths = [_INNER - sum(numbers), *numbers]
    _row(paper, cells[0], widths, is_head=True)
    for row in cells[1:]:
        _pen(paper)
        height = _lines(paper, widths[0], row[0]) * _ROW + 3
        if paper.will_page_break(height):
            paper.add_page()
            _row(paper, cells[0], widths, is_head=True)
        _row(paper, row, widths, is_head=False)
    paper.ln(3)


def _row(paper: FPDF, texts: list[str], widths: list[float], *, is_head: bool) -> None:
    _pen(paper, _SMALL if is_head else _SIZE, ink=_SOFT if is_head else _INK)
    top = paper.get_y() + 1.5
    bottom = _left_to_right(paper, top, texts[0], widths[0], list(zip(texts[1:], widths[1:], strict=True)))
    paper.set_y(bottom + 1.5)
    _bar(paper, _EDGE if is_head else _LINE)


def _left_to_right(
    paper: FPDF, top: float, text: str, width: float, numbers: list[tuple[str, float]], *, left: float = _MARGIN
) -> float:
    """A text and the numbers beside it, written in the order in which they are read: so text that is copied or spoken keeps it.

    The text may take several lines; answers where they end.
    """
    paper.set_xy(left, top)
    paper.multi_cell(width, _ROW, text, align="L", new_x="LMARGIN", new_y="NEXT")
    bottom, right = paper.get_y(), left + width
    for number, its_width in numbers:
        paper.set_xy(right, top)
        paper.cell(its_width, _ROW, number, align="R")
        right += its_width
    return bottom


def _sums(paper: FPDF, block: Node) -> None:
    rows = list(block.all("tr"))
    _pen(paper, 11, bold=True)
    amount_width = max(paper.get_string_width(row.children("td")[0].text) for row in rows) + 8
    width = min(_INNER, 72 + amount_width)
    left = _MARGIN + _INNER - width
    for row in rows:
        label, amount = row.children("th")[0].text, row.children("td")[0].text
        is_total = row.kind == "total"
        _pen(paper, 11 if is_total else _SIZE, bold=is_total)
        height = _lines(paper, width - amount_width, label) * _ROW + 5
        if paper.will_page_break(height):
            paper.add_page()
        if is_total:
            paper.ln(1.5)
            _bar(paper, _EDGE, left=left)
            paper.ln(2)
        top = paper.get_y()
        bottom = _left_to_right(paper, top, label, width - amount_width, [(amount, amount_width)], left=left)
        paper.set_y(bottom + 1)
    paper.ln(6)


def _note(paper: FPDF, block: Node) -> None:
    _pen(paper)
    paper.multi_cell(_INNER, _ROW, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(2)


def _foot(paper: FPDF, block: Node) -> None:
    paper.foot = block.text  # type: ignore[attr-defined]


_BLOCKS: dict[str, Callable[[FPDF, Node], None]] = {
    "masthead": _masthead,
    "banner": _banner,
    "facts": _facts,
    "parties": _parties,
    "headline": _headline,
    "lines": _table,
    "sums": _sums,
    "note": _note,
    "foot": _foot,
}
