"""docs/testing.md says what the test bank does, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from checkstand.gateways.testbank.cards import CARDS, TOKENS
from checkstand.gateways.testbank.methods import ACCOUNTS
from checkstand.testing import controls

GUIDE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")


def test_every_card_is_listed_with_what_it_does() -> None:
    listed = re.findall(r"^\| `(\d{12,19})` \| (.+) \|$", GUIDE, re.MULTILINE)
    assert listed == [(card.number, card.label) for card in CARDS]


def test_every_account_and_token_is_listed() -> None:
    accounts = {account for listed in ACCOUNTS.values() for account in listed}
    assert {name for name in (*accounts, *TOKENS) if f"`{name}`" not in GUIDE} == set()


def test_every_control_is_listed() -> None:
    paths = {re.sub(r"\{\w+\}", "{id}", route.path) for route in controls.routes.all}
    assert {path for path in paths if f"{path}`" not in GUIDE} == set()
