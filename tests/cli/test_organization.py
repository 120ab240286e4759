"""A production install begins: an organization, its owner, a token, a product sold through the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.cli.running import Place

KEY = "forty characters or more, for tests alone"


def settings(database_url: str) -> dict[str, str]:
    return {
        "CHECKSTAND_DATABASE_URL": database_url,
        "CHECKSTAND_SECRET_KEY": KEY,
        "CHECKSTAND_PUBLIC_URL": "https://pay.example",
    }


def test_an_organization_is_opened_with_an_owner_and_a_token_can_be_made_for_it(at: Place, database_url: str) -> None:
    slug = f"acme-{uuid4().hex[:8]}"
    given = ("--name", "Acme Inc", "--slug", slug, "--email", f"{slug}@example.com", "--currency", "eur")
    made = at.run("organization", "create", *given, **settings(database_url))
    assert made.code == 0, made.err
    assert len(made.out.strip()) >= 16
    assert slug in made.err
    token = at.run("token", "create", "--name", "app", "--org", slug, **settings(database_url))
    assert token.out.startswith("polar_oat_"), token.err
    again = at.run("organization", "create", *given, **settings(database_url))
    assert (again.code, again.out) == (1, "")
    assert "already" in again.err
    assert "Traceback" not in again.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--email", "nobody", "e-mail"), ("--currency", "XXQ", "currency"), ("--slug", "No Spaces", "small letters")],
)
def test_a_bad_value_is_named(at: Place, database_url: str, option: str, value: str, said: str) -> None:
    given = {"--name": "Acme", "--email": "a@example.com", "--slug": f"x-{uuid4().hex[:8]}", option: value}
    words = [word for pair in given.items() for word in pair]
    done = at.run("organization", "create", *words, **settings(database_url))
    assert done.code == 2
    assert said in done.err
