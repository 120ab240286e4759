"""The template's HTML as a small tree: what a printer needs of it, and no more. It reads our own well-formed output alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "img", "hr"})


@dataclass(slots=True)
class Node:
    """An element with its text and the elements in it. `kind` is its first class, else its tag."""

    tag: str
    kind: str
    parts: list[Node | str] = field(default_factory=list)

    def children(self, *tags: str) -> list[Node]:
        """The elements directly inside, of these tags."""
        return [part for part in self.parts if isinstance(part, Node) and (not tags or part.tag in tags)]

    def all(self, tag: str) -> Iterator[Node]:
        """Every element of a tag, however deep, in order."""
        for part in self.children():
            if part.tag == tag:
                yield part
            yield from part.all(tag)

    @property
    def text(self) -> str:
        """All text inside, blanks as a browser shows them."""
        return " ".join("".join(part if isinstance(part, str) else part.text for part in self.parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", "root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = (dict(attrs).get("class") or "").split()
        node = Node(tag, names[0] if names else tag)
        self.open[-1].parts.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, "the template closes what it opens"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def article(html: str) -> Node:
    """The part of a page that is the document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return next(reader.root.all("article"))
