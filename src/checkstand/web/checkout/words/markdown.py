"""The little Markdown that merchants' labels and help texts may have: bold, italic, links. All else is text.

    >>> str(marked("I agree to the [terms](https://example.com/?a=1&b=2) <now>"))
    'I agree to the <a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">terms</a> &lt;now&gt;'
    >>> plain("I **agree** to the [terms](https://example.com/)"), plain("[x](javascript:alert(1))")
    ('I agree to the terms', '[x](javascript:alert(1))')

Links open beside the checkout, so that nothing typed is lost; only web addresses become links. What comes after the first 3,000
characters is shown as it was typed: a page has many labels, and none may keep it waiting.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

LONGEST = 3_000
_PIECE = re.compile(
    r"\[(?P<text>[^\[\]]{1,300})\]\((?P<url>https?://[^\s()<>\"]{1,2000})\)"
    r"|\*\*(?P<bold>[^*\n]{1,500})\*\*"
    r"|(?<![\w*])\*(?P<italic>[^*\s][^*\n]{0,500}?)\*(?![\w*])"
    r"|(?<!\w)_(?P<also>[^_\s][^_\n]{0,500}?)_(?!\w)"
)


def marked(text: str) -> Markup:
    """The text as HTML, everything in it escaped."""
    done, at = Markup(""), 0
    for match in _PIECE.finditer(text, 0, LONGEST):
        done += escape(text[at : match.start()]) + _element(match)
        at = match.end()
    return done + escape(text[at:])


def plain(text: str) -> str:
    """The text without its marks, for sentences and attributes."""
    bare = _PIECE.sub(lambda match: match["text"] or match["bold"] or match["italic"] or match["also"], text[:LONGEST])
    return bare + text[LONGEST:]


def _element(match: re.Match[str]) -> Markup:
    if match["url"]:
        link = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
        return link.format(match["url"], match["text"])
    if match["bold"]:
        return Markup("<strong>{}</strong>").format(match["bold"])
    return Markup("<em>{}</em>").format(match["italic"] or match["also"])
