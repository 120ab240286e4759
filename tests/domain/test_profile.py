"""What the APIs want differently is asked as a capability: outside of a dialect's folder nothing compares a dialect's name."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import checkstand
from checkstand.domain import profile, retries
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.profile import DODO, POLAR, Profile, names_where, profile_of, register

SOURCE = Path(checkstand.__file__).parent
NAMES = {POLAR.name, DODO.name}
OWN_FOLDERS = tuple(f"checkstand.dialects.{name}" for name in NAMES)
SHORT = {str(prefix) for prefix in DodoPrefix}
FOLDERS = tuple(SOURCE / "dialects" / name for name in NAMES)
IN_SQL = re.compile(r"dialect\s*(=|<>|!=|(NOT\s+)?IN\s*\()\s*'", re.IGNORECASE)
_QUOTED = rf"[\"']({'|'.join(NAMES)})\b[^\"']*[\"']"
IN_TEMPLATE = re.compile(rf"[=!]=\s*{_QUOTED}|{_QUOTED}\s*[=!]=", re.IGNORECASE)


def _is_a_name(node: ast.expr) -> bool:
    """'polar', ('polar', ...), POLAR, POLAR.name"""
    match node:
        case ast.Constant(value=value):
            return value in NAMES
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return any(map(_is_a_name, parts))
        case ast.Attribute(value=ast.Name(id=name), attr="name") | ast.Name(id=name):
            return name in ("POLAR", "DODO")
    return False


# What an API spells in its own way: the beginnings of its keys, secrets and ids.
SECRETS = re.compile(r"(polar_[a-z]{1,4}|dodo_key)_")
IDS = {f"{prefix}_" for prefix in DodoPrefix}
ID_READERS = {"short_id", "parse_short_id", "either_id", "path_id", "secret", "is_well_formed_secret"}
OWN_NAMES = {"POLAR", "DODO", "POLAR_CURRENCIES", "DODO_CURRENCIES"}
# Where the APIs are named because they are what it is about: their profiles and ids, the one place that plugs
# them in, and the demo shop's keys.
ABOUT_THEM = (
    "app.py",
    "domain/ids.py",
    "domain/profile.py",
    "testing/demo.py",
)


def _documentation(tree: ast.AST) -> set[int]:
    """The docstrings, by identity: they may tell of the APIs."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }


def spellings(source: str) -> Iterator[int]:
    """The lines on which Python code knows an API's own names, currencies, keys, secrets or ids."""
    tree = ast.parse(source)
    told = _documentation(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in told and (SECRETS.match(text) or text in IDS):
                yield node.lineno
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in ID_READERS:
                yield from (each.lineno for each in arguments if isinstance(each, ast.Constant) and each.value in SHORT)
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("checkstand."):
                if (
                    OWN_NAMES & {each.name for each in names}
                    or module.startswith(OWN_FOLDERS)
                    or (module == "checkstand.dialects" and NAMES & {each.name for each in names})
                ):
                    yield node.lineno


def comparisons(source: str) -> Iterator[int]:
    """The lines on which Python code asks which API something is of."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=others) if any(map(_is_a_name, (left, *others))):
                yield node.lineno
            case ast.MatchValue(value=value) if _is_a_name(value):
                yield value.lineno
            case ast.Constant(value=str(text)) if IN_SQL.search(text):
                yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        'if checkout.dialect == "dodo": pass',
        'found = "polar" != endpoint.dialect',
        'found = dialect in ("polar", "other")',
        "found = checkout.dialect == POLAR.name",
        "found = checkout.profile is DODO",
        'match dialect:\n    case "polar": pass',
        "db.fetch(\"SELECT 1 WHERE checkouts.dialect = 'polar'\")",
        "db.fetch(\"SELECT 1 WHERE dialect IN ('polar', 'dodo')\")",
    ],
)
def test_a_comparison_with_an_apis_name_is_seen(code: str) -> None:
    assert len(list(comparisons(code))) == 1


def test_outside_of_a_dialects_folder_no_code_compares_a_dialects_name() -> None:
    files = [file for file in SOURCE.rglob("*.py") if not any(file.is_relative_to(folder) for folder in FOLDERS)]
    assert len(files) > 300
    found = [f"{file.relative_to(SOURCE)}:{line}" for file in files for line in comparisons(file.read_text())]
    assert found == [], "ask a capability of the profile (domain/profile.py)"


def test_what_an_api_spells_in_its_own_way_is_seen() -> None:
    """A name, a currency, a key, a secret or an id of one API's; not what a docstring tells, nor what all APIs share."""
    seen = {
        'made = ids.secret("polar_c_", random_bytes=draw)': 1,
        'if name.startswith("cks_"): pass': 1,
        'if name.startswith(("polar_cl_", "pdt_")): pass': 2,
        'found = visit.path_id("product_id", "pdt")': 1,
        "from checkstand.domain.currency import DODO_CURRENCIES": 1,
        "from checkstand.domain.profile import POLAR, Dialect": 1,
        "from checkstand.dialects.dodo.checkout import static_links": 1,
        "from checkstand.dialects import polar": 1,
        "from checkstand.dialects import api": 0,
        "from checkstand.domain.profile import DEFAULT_API": 0,
        'def read(key: str) -> None:\n    """polar_c_... names a page."""': 0,
    }
    assert {code: len(list(spellings(code))) for code in seen} == seen


def test_outside_of_a_dialects_folder_no_code_knows_what_an_api_spells_in_its_own_way() -> None:
    """A third API costs a folder and a profile: what the two spell differently is asked of their profiles and parts."""
    outside = {
        file.relative_to(SOURCE).as_posix(): file.read_text()
        for file in SOURCE.rglob("*.py")
        if not any(file.is_relative_to(folder) for folder in FOLDERS)
    }
    found = [f"{name}:{line}" for name, text in outside.items() if name not in ABOUT_THEM for line in spellings(text)]
    assert found == [], "ask the profile (domain/profile.py) or the dialect's parts"
    assert set(ABOUT_THEM) == {name for name in ABOUT_THEM if any(spellings(outside[name]))}, "what is no exception"


def test_no_template_compares_a_dialects_name() -> None:
    assert IN_TEMPLATE.search('{% if checkout.dialect == "dodo" %}')
    assert IN_TEMPLATE.search('{{ "token" if row.kind == "Polar API" else "key" }}')
    templates = list(SOURCE.rglob("*.html"))
    assert len(templates) > 30
    assert [file.name for file in templates if IN_TEMPLATE.search(file.read_text())] == []


def test_the_examples_hold() -> None:
    assert doctest.testmod(profile).failed == 0
    assert doctest.testmod(retries).failed == 0


def test_each_capability_tells_the_two_apis_apart() -> None:
    """One that both have, or neither, is no question."""
    switches = [field.name for field in dataclasses.fields(Profile) if field.type == "bool"]
    assert len(switches) > 10
    assert [name for name in switches if getattr(POLAR, name) == getattr(DODO, name)] == []


def test_a_profile_is_found_by_its_name_and_by_what_holds_for_it() -> None:
    assert profile_of("polar") is POLAR
    assert "dodo" in names_where(lambda one: one.converts_currency)
    assert "polar" not in names_where(lambda one: one.converts_currency)
    with pytest.raises(KeyError):
        profile_of("nobody's")


def test_two_apis_cannot_have_one_name() -> None:
    assert register(POLAR) is POLAR
    with pytest.raises(AssertionError, match="two APIs are named polar"):
        register(dataclasses.replace(DODO, name="polar"))
    assert profile_of("polar") is POLAR
