"""A production install begins: an organization, its owner, a token, a product sold through the API."""

from __future__ import annotations

import re
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
    given = (*given, "--country", "de")
    made = at.run("organization", "create", *given, **settings(database_url))
    assert made.code == 0, made.err
    assert "--country" not in made.err, "it was said"
    seller = at.run("organization", "seller", "--org", slug, **settings(database_url))
    assert seller.out.split("\n")[:-1] == ["Acme Inc", "Germany"]
    assert len(made.out.strip()) >= 16
    assert slug in made.err
    token = at.run("token", "create", "--name", "app", "--org", slug, **settings(database_url))
    assert token.out.startswith("polar_oat_"), token.err
    again = at.run("organization", "create", *given, **settings(database_url))
    assert (again.code, again.out) == (1, "")
    assert "already" in again.err
    assert "Traceback" not in again.err


def test_somebody_with_an_account_keeps_their_password_and_is_told_so(at: Place, database_url: str) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    own = settings(database_url)
    first, second = (f"shop-{uuid4().hex[:8]}" for _ in range(2))
    made = at.run("organization", "create", "--name", "One", "--slug", first, "--email", email, **own)
    assert len(made.out.strip()) >= 16
    again = at.run("organization", "create", "--name", "Two", "--slug", second, "--email", email.upper(), **own)
    assert (again.code, again.out) == (0, "")
    assert "has a password already, which stays as it is" in again.err
    assert f"Organization '{second}' (test) is open" in again.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--email", "nobody", "e-mail"),
        ("--currency", "XXQ", "currency"),
        ("--slug", "No Spaces", "small letters"),
        ("--country", "Germany", "no country"),
    ],
)
def test_a_bad_value_is_named(at: Place, database_url: str, option: str, value: str, said: str) -> None:
    given = {"--name": "Acme", "--email": "a@example.com", "--slug": f"x-{uuid4().hex[:8]}", option: value}
    words = [word for pair in given.items() for word in pair]
    done = at.run("organization", "create", *words, **settings(database_url))
    assert done.code == 2
    assert said in done.err


def test_where_an_organization_collects_tax_is_shown_and_changed(at: Place, database_url: str) -> None:
    slug = f"tax-{uuid4().hex[:8]}"
    own = settings(database_url)
    given = ("--name", "Acme Inc", "--slug", slug, "--email", f"{slug}@example.com")
    assert at.run("organization", "create", *given, **own).code == 0
    nowhere = at.run("organization", "tax", "--org", slug, **own)
    assert (nowhere.code, nowhere.out) == (0, "")
    assert "nowhere" in nowhere.err
    some = at.run("organization", "tax", "--org", slug, "--register", "eu", "--register", "US-CA,CA-QC", **own)
    assert (some.code, some.out.split()) == (0, ["CA-QC", "EU", "US-CA"])
    fewer = at.run("organization", "tax", "--org", slug, "--register", "*", "--remove", "US-CA", **own)
    assert fewer.out.split() == ["*", "CA-QC", "EU"]
    assert at.run("organization", "tax", "--org", slug, **own).out == fewer.out
    gone = at.run("organization", "tax", "--org", slug, "--remove", "US-CA", **own)
    assert (gone.code, gone.out) == (1, "")
    assert "It has: *, CA-QC, EU." in gone.err


@pytest.mark.parametrize(
    ("code", "near"), [("UK", "GB"), ("Germany", "DE"), ("US-ZZ", "US"), ("CA-ON", "CA"), ("US-OR", "US"), ("#?", "EU")]
)
def test_an_unknown_tax_registration_is_refused_and_near_ones_are_named(
    at: Place, database_url: str, code: str, near: str
) -> None:
    done = at.run("organization", "tax", "--register", code, **settings(database_url))
    assert (done.code, done.out) == (2, "")
    assert re.search(rf"Near ones:.*\b{near}\b", " ".join(done.err.split()))
    assert "Traceback" not in done.err


def test_registering_and_removing_the_same_at_once_is_refused(at: Place, database_url: str) -> None:
    done = at.run("organization", "tax", "--register", "DE", "--remove", "de", **settings(database_url))
    assert done.code == 2
    assert "at once" in done.err


def test_where_links_may_lead_is_shown_and_changed(at: Place, database_url: str) -> None:
    slug = f"acme-{uuid4().hex[:8]}"
    given = ("--name", "Acme", "--slug", slug, "--email", f"{slug}@example.com")
    assert at.run("organization", "create", *given, **settings(database_url)).code == 0

    def checkout(*options: str) -> tuple[int, list[str], str]:
        said = at.run("organization", "checkout", "--org", slug, *options, **settings(database_url))
        return said.code, said.out.split(), said.err

    code, hosts, told = checkout()
    assert (code, hosts) == (0, [])
    assert "may start again" in told
    more = ("--allow-redirect", "https://Shop.Example/thanks", "--allow-redirect", "*.shop.example", "--no-start-again")
    code, hosts, told = checkout(*more)
    assert (code, hosts) == (0, ["shop.example", "*.shop.example"])
    assert "may not start again" in told
    assert checkout("--remove-redirect", "*.shop.example")[1] == ["shop.example"]
    code, hosts, told = checkout("--allow-redirect", "no host")
    assert (code, hosts) == (1, [])
    assert "'no host' is no host. Write it like shop.example." in told


def test_how_invoices_name_the_seller_is_shown_and_changed(at: Place, database_url: str) -> None:
    slug = f"acme-{uuid4().hex[:8]}"
    made = at.run(
        "organization",
        "create",
        "--name",
        "Acme",
        "--slug",
        slug,
        "--email",
        f"{slug}@example.com",
        **settings(database_url),
    )
    assert made.code == 0, made.err
    assert "say where it sells from" in made.err
    given = ("--legal-name", "Acme GmbH", "--tax-id", "DE136695976", "--line1", "Markt 4", "--city", "Jena")
    nowhere = at.run("organization", "seller", "--org", slug, *given, **settings(database_url))
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "--country" in nowhere.err
    given = (*given, "--country", "de")
    changed = at.run("organization", "seller", "--org", slug, *given, **settings(database_url))
    lines = ["Acme GmbH", "Acme", "Markt 4", "Jena", "Germany", "DE136695976"]
    assert (changed.code, changed.out.split("\n")[:-1]) == (0, lines), changed.err
    again = at.run("organization", "seller", "--org", slug, "--tax-id", "", **settings(database_url))
    assert again.out.split("\n")[:-1] == lines[:-1]
