r"""Merchants' own texts about products, written in Markdown (CommonMark): as HTML for a page, as one line for a card.

    >>> print(prose("**Fast** and [documented](https://example.com).\n\n* one\n* two"))
    <p><strong>Fast</strong> and <a href="https://example.com" target="_blank" rel="noopener noreferrer nofollow">documented</a>.</p>
    <ul>
    <li>one</li>
    <li>two</li>
    </ul>
    <BLANKLINE>
    >>> print(prose("<b>x</b> [y](javascript:alert(1)) ![z](https://example.com/z.png)"))
    <p>&lt;b&gt;x&lt;/b&gt; [y](javascript:alert(1)) z</p>
    <BLANKLINE>
    >>> prose_line("# Pro\n\n* **all** of [it](https://example.com)\n* more\n\nNow")
    Markup('Pro <strong>all</strong> of it · more · Now')

HTML in a text is shown, not run; only web and mail addresses become links; an image is its description, since pages load nothing from
elsewhere; a heading is a bold line, because the page has its own headings.

Reading Markdown takes time for each mark, so a text with more of them than anybody writes, or one that is very long, is shown
as it was typed: a page must not wait for a text.

    >>> print(prose("One\n\nTwo " + "![" * 600)[:30])
    <p>One<br><br>Two ![![![![![![
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_ADDRESS = re.compile(r"(https?://|mailto:)[^\s]+", re.IGNORECASE)
_LINK = ' target="_blank" rel="noopener noreferrer nofollow"'
LONG = 320
LONGEST = 20_000
MOST_MARKS = 600
LONGEST_LINE, MOST_MARKS_OF_LINE = 4_000, 120
"""Characters that are read as Markdown, and marks in them; then of a text beside a choice, of which a page may have many.
Measured: the worst text within them takes 30 ms, and 8 ms."""
_MARKS = re.compile(r"[][*_`!<>#&\\~=+|:$%@^{}\n\r\t]|(?<!\w)-|(?<=\d)[.)]")
_MANY_BREAKS = re.compile(r"\n\s*\n")
_BLANK = frozenset({"softbreak", "hardbreak"})
_KEPT = {"strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>"}


@cache
def _reader() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False})
    made.validateLink = lambda url: bool(_ADDRESS.fullmatch(url))  # type: ignore[method-assign]
    made.add_render_rule("link_open", _open_link)
    made.add_render_rule("image", _as_words)
    made.add_render_rule("heading_open", lambda *_: "<p><strong>")
    made.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
    return made


def _open_link(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    return f'<a href="{escape(tokens[at].attrGet("href") or "")}"{_LINK}>'


def _as_words(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    return str(escape(tokens[at].content))


@lru_cache(maxsize=256)
def prose(text: str) -> Markup:
    """A text as paragraphs and lists; as it was typed, with its line breaks, where it has too much of anything."""
    if _is_too_much(text, LONGEST, MOST_MARKS):
        lines = _MANY_BREAKS.sub("\n\n", text.replace("\r\n", "\n").strip())
        return Markup("<p>{}</p>\n").format(escape(lines).replace("\n", Markup("<br>")))
    return Markup(_reader().render(text))  # noqa: S704  (the renderer escapes all but its own elements)


@lru_cache(maxsize=256)
def prose_line(text: str) -> Markup:
    """A text as one line with its bold and italic words: for a label, which may hold neither paragraphs nor links."""
    if _is_too_much(text, LONGEST_LINE, MOST_MARKS_OF_LINE):
        return escape(" ".join(text.split()))
    line, between = Markup(""), Markup("")
    for block in _reader().parse(text):
        if block.type in ("bullet_list_open", "ordered_list_open"):
            between = Markup(" ") if line else between
        elif block.type == "list_item_close":
            between = Markup(" · ")
        elif block.type == "inline":
            line += between + Markup("").join(_words(block.children or ()))
            between = Markup(" ")
    return line


def _is_too_much(text: str, longest: int, most_marks: int) -> bool:
    """Whether reading a text as Markdown could take long."""
    return len(text) > longest or sum(1 for _ in islice(_MARKS.finditer(text), most_marks + 1)) > most_marks


def _words(tokens: Sequence[Token]) -> Iterator[Markup]:
    for token in tokens:
        if token.type in _KEPT:
            yield Markup(_KEPT[token.type])  # noqa: S704  (one of four)
        elif token.type in _BLANK:
            yield Markup(" ")
        elif token.type in ("text", "code_inline", "image"):
            yield escape(token.content)
