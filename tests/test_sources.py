"""Every citation leads to something that is in the repository: a document, and a heading in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXTS = ("src", "tests", "docs", "*.md")
DOCUMENT = re.compile(r"(?<![\w/.:*-])((?:\.{1,2}/)*(?:[\w-]+/)*[\w-]+\.md)(?:#([\w-]+))?")
# A section or a row of a table by its number, in a document or by the name of one. Documents here have names for headings, no numbers.
NUMBERED = re.compile(
    r"\b[\w-]+\.md(?:'s)?,? \d+(?:\.\d+)*\b|\b(?:polar|dodo|hosted-page|dashboard) \d+\.\d+|(?<=\w )\(\d{1,2}\.\d{1,2}\)"
    r"|\"\"\"Rows? \d+|\btest_rows?_\d+"
)
BEHAVIOUR = ROOT / "docs" / "behaviour"


def heading_anchors(document: Path) -> set[str]:
    """The anchors that a Markdown viewer gives to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_references(name: str, text: str) -> list[str]:
    """What a text cites that is not there: `file:line what`. A path counts from the root or from the text's own folder."""
    dead = []
    for number, line in enumerate(text.splitlines(), 1):
        dead += [f"{name}:{number} {found[0]}" for found in NUMBERED.finditer(line)]
        for found in DOCUMENT.finditer(line):
            path, anchor = found.groups()
            places = [place for base in (ROOT, (ROOT / name).parent, ROOT / "docs") if (place := base / path).is_file()]
            if not places or (anchor and anchor not in heading_anchors(places[0])):
                dead.append(f"{name}:{number} {found[0]}")
    return dead


def test_every_document_and_heading_that_is_cited_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", *TEXTS], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [
        name for name in listed.stdout.split("\0") if name.endswith((".py", ".md", ".sql", ".js", ".html", ".css"))
    ]
    this = str(Path(__file__).relative_to(ROOT))
    dead = [each for name in names if name != this for each in dead_references(name, (ROOT / name).read_text("utf-8"))]
    assert len(names) > 100
    assert dead == []


# A file as prose names it. Those of the guide's made-up examples are not there.
NAMED_FILE = re.compile(r"`([\w/.-]+\.(?:py|js|css|html|sql))`")
MADE_UP = re.compile(r"gift_card|NNNN_")


def missing_files(name: str, text: str, known: frozenset[str]) -> list[str]:
    """What a text names as a file of the project that is none: a path, or its end."""
    named = [(number, each) for number, line in enumerate(text.splitlines(), 1) for each in NAMED_FILE.findall(line)]
    return [
        f"{name}:{number} {each}"
        for number, each in named
        if not MADE_UP.search(each) and not any(path == each or path.endswith(f"/{each}") for path in known)
    ]


def test_every_file_that_is_named_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    known, this = frozenset(listed.stdout.split("\0")), str(Path(__file__).relative_to(ROOT))
    texts = [name for name in known if name.endswith((".py", ".md", ".toml", ".sql", ".js", ".html", ".css"))]
    missing = [
        each
        for name in sorted(texts)
        if name not in ("CHANGELOG.md", this)  # which tell of what was, and of what is not
        for each in missing_files(name, (ROOT / name).read_text("utf-8"), known)
    ]
    assert len(texts) > 100
    assert missing == []
    assert missing_files("x.md", "see `flows/checkout/no_such_flow.py`", known) == [
        "x.md:1 flows/checkout/no_such_flow.py"
    ]


def test_a_missing_document_a_missing_heading_and_a_numbered_section_are_found() -> None:
    text = (
        "docs/behaviour/polar.md#no-such-rule\nno-such-file.md\npolar.md 5.6\ndocs/behaviour/polar.md#checkout-links\n"
        "as the original has it (5.6)\n"
    )
    dead = dead_references("src/example.py", text)
    assert [each.split(" ", 1)[0] for each in dead] == [
        "src/example.py:1",
        "src/example.py:2",
        "src/example.py:3",
        "src/example.py:3",
        "src/example.py:5",
    ]


def rules_of(text: str) -> dict[str, str]:
    """The rules of a document on behaviour: what stands below each heading of the third level, by the heading."""
    parts = re.split(r"^### (.+)$", re.sub(r"^## .+$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def unsourced(text: str) -> list[str]:
    """The rules that do not say in one paragraph where they come from."""
    return [name for name, rule in rules_of(text).items() if len(re.findall(r"^Source: \S", rule, re.MULTILINE)) != 1]


def test_every_rule_of_behaviour_names_its_source() -> None:
    documents = sorted(BEHAVIOUR.glob("*.md"))
    missing = {document.name: names for document in documents if (names := unsourced(document.read_text("utf-8")))}
    assert [document.name for document in documents] == ["checkout-page.md", "dodo.md", "polar.md"]
    assert sum(len(rules_of(document.read_text("utf-8"))) for document in documents) > 60
    assert missing == {}
    assert unsourced("### Told\n\nA rule.\n\nSource: ours.\n\n### Untold\n\nA rule.\n\n## Group\n") == ["Untold"]


def test_every_rule_of_behaviour_is_listed_at_the_top_and_cited_by_the_code() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    for document in BEHAVIOUR.glob("*.md"):
        text = document.read_text("utf-8")
        anchors = heading_anchors(document) & {
            re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in rules_of(text)
        }
        cited = set(re.findall(rf"behaviour/{re.escape(document.name)}#([\w-]+)", code))
        assert (document.name, sorted(anchors - cited)) == (document.name, [])
        assert (document.name, sorted(anchors - set(re.findall(r"\(#([\w-]+)\)", text)))) == (document.name, [])
